"""Physical parameters of a machine file adjusted to a table of measurements: one step of it a file."""
