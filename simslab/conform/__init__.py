"""Comparison with data recorded from a real 5.10 kernel, file by file."""
