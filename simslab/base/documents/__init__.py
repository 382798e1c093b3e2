"""YAML documents: read with positions, extended, overridden, checked against a model."""
