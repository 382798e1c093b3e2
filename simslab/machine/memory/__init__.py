"""Caches, coherence, interconnect: where a line is, who may hold it, when it arrives."""
