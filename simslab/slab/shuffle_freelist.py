"""The order in which a new slab's objects are handed out, made hard to guess (mm/slab.c: shuffle_freelist)."""

from __future__ import annotations

from simslab.kernel.mm.page import MemMap
from simslab.slab import cflgs
from simslab.slab.kmem_cache import KmemCache
from simslab.slab_common.freelist_random import FreelistRandom


class FreelistShuffle:
    """Lays the free indices of new slabs out as `random` says."""

    def __init__(self, mem_map: MemMap, random: FreelistRandom) -> None:
        self.mem_map = mem_map
        self.random = random

    def shuffle_freelist(self, cache: KmemCache, pfn: int) -> None:
        """Order the free indices of a new slab; an index array in an object goes last (mm/slab.c: shuffle_freelist)."""
        count = cache.num
        if count < 2:
            return
        order = self.random.order(cache, count)
        if cache.flags & cflgs.CFLGS_OBJFREELIST_SLAB:
            # The object that holds the array is the first of a sequence made ahead, and is handed out last.
            holder = order[0] if cache.random_seq is not None else count - 1
            order = [index for index in order if index != holder] + [holder]
            address = self.mem_map.get("s_mem", pfn) + holder * cache.size + cache.obj_offset
            self.mem_map.set("freelist", pfn, address)
        for position, index in enumerate(order):
            self.mem_map.freelist_set(pfn, position, index)
