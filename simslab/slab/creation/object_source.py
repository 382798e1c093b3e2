"""Where the slab layer gets objects for itself: index arrays of off-slab caches come from other caches."""

from __future__ import annotations

from simslab.machine.core.cpu import Cpu
from simslab.slab.kmem_cache import KmemCache


class ObjectSource:
    """What growth and destruction of slabs ask of the whole allocator; it breaks the cycle alloc -> grow -> alloc."""

    def kmem_cache_alloc_node(self, cpu: Cpu, cache: KmemCache, flags: int, nodeid: int) -> int:
        """Return the address of an object of `cache`, preferably of node `nodeid`; 0 when there is none."""
        raise NotImplementedError

    def kmem_cache_free(self, cpu: Cpu, cache: KmemCache, objp: int) -> int:
        """Give `objp` back to `cache`; returns 0."""
        raise NotImplementedError
