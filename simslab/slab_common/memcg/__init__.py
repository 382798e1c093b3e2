"""Memory cgroups in the slab allocators: which objects are charged, and where that is written down (mm/slab.h)."""
