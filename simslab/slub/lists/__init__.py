"""Freelists, and the lists of slabs of a CPU and of a node."""
