"""Functions of the leaves in which no Python object may be handled, by module; `Class.method` or `function`."""

HOT = {
    "simslab.base.histogram": ["Histogram.add"],
}
