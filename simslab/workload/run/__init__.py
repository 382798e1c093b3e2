"""A booted system, and the threads and devices that run streams on it."""
