"""SLUB against records of a real kernel."""
