"""The interface between a slab allocator and those who use it: workloads, audits, reports."""
