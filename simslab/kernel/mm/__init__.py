"""Pages: memory map, zones, buddy lists, per-CPU lists, policies."""
