"""Creating, sizing and destroying caches, and boot."""
