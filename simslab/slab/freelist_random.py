"""The order in which a new slab's objects are handed out, made hard to guess (CONFIG_SLAB_FREELIST_RANDOM)."""

from __future__ import annotations

import random

from simslab.base.seeds import stream_seed
from simslab.kernel.mm.page import MemMap
from simslab.slab import flags as fl
from simslab.slab.kmem_cache import KmemCache


class FreelistRandom:
    """Draws the sequences from a seed, a stream for each cache."""

    def __init__(self, mem_map: MemMap, seed: int) -> None:
        self.mem_map = mem_map
        self.seed = seed
        self.streams: dict[str, random.Random] = {}

    def stream(self, cache: KmemCache) -> random.Random:
        """Return the random numbers of a cache."""
        if cache.name not in self.streams:
            self.streams[cache.name] = random.Random(stream_seed(self.seed, "freelist", cache.name))
        return self.streams[cache.name]

    def cache_random_seq_create(self, cache: KmemCache) -> None:
        """Draw the permutation that a cache's slabs begin somewhere in (mm/slab_common.c: cache_random_seq_create)."""
        if cache.num >= 2 and cache.random_seq is None:
            cache.random_seq = list(range(cache.num))
            self.stream(cache).shuffle(cache.random_seq)

    def shuffle_freelist(self, cache: KmemCache, pfn: int) -> None:
        """Order the free indices of a new slab; an index array in an object goes last (mm/slab.c: shuffle_freelist)."""
        count = cache.num
        if count < 2:
            return
        order = self.order(cache)
        if cache.flags & fl.CFLGS_OBJFREELIST_SLAB:
            # The object that holds the array is the first of a sequence made ahead, and is handed out last.
            holder = order[0] if cache.random_seq is not None else count - 1
            order = [index for index in order if index != holder] + [holder]
            address = self.mem_map.get("s_mem", pfn) + holder * cache.size + cache.obj_offset
            self.mem_map.set("freelist", pfn, address)
        for position, index in enumerate(order):
            self.mem_map.freelist_set(pfn, position, index)

    def order(self, cache: KmemCache) -> list[int]:
        """Return the permutation from a random position on, or a new one before the cache has any (early boot)."""
        chance = self.stream(cache)
        if cache.random_seq is None:
            order = list(range(cache.num))
            chance.shuffle(order)
            return order
        start = chance.randrange(cache.num)
        return cache.random_seq[start:] + cache.random_seq[:start]
