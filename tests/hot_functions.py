"""Functions of the leaves in which no Python object may be handled, by module; `Class.method` or `function`."""

HOT: dict[str, list[str]] = {
    "simslab.base.histogram": ["Histogram.add"],
}
