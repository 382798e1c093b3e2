"""Recorded kmem traces: read, paired, made into streams."""
