"""Whether the parts of a machine file fit together."""
