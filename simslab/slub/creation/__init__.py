"""Creating, sizing and destroying SLUB's caches, their attributes, and boot."""
