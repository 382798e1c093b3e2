"""Memory cgroups as far as slab objects are charged to them (mm/memcontrol.c, mm/page_counter.c)."""
