"""Random sequences for the freelists of new slabs (CONFIG_SLAB_FREELIST_RANDOM; mm/slab_common.c)."""

from __future__ import annotations

import random
from typing import Final

from simslab.allocator.allocator import Allocator
from simslab.allocator.cache import Cache
from simslab.base.seeds import stream_seed
from simslab.kernel.errno import ENOMEM
from simslab.kernel.mm import gfp
from simslab.machine.core.cpu import Cpu

ENTRY_BYTES: Final = 4  # sizeof(unsigned int)


class FreelistRandom:
    """Draws the sequences from a seed, a stream for each cache."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.streams: dict[str, random.Random] = {}

    def stream(self, cache: Cache) -> random.Random:
        """Return the random numbers of a cache."""
        if cache.name not in self.streams:
            self.streams[cache.name] = random.Random(stream_seed(self.seed, "freelist", cache.name))
        return self.streams[cache.name]

    def cache_random_seq_create(self, slab: Allocator, cpu: Cpu, cache: Cache, count: int, flags: int) -> int:
        """Draw the permutation of `count` objects that a cache's slabs begin somewhere in, once; 0 or -ENOMEM.

        It is kept in memory from kmalloc, which `flags` are for. Source: cache_random_seq_create. Not modelled: the
        time that drawing takes.
        """
        if count < 2 or cache.random_seq is not None:
            return 0
        cache.random_seq_addr = slab.kmalloc(cpu, count * ENTRY_BYTES, flags | gfp.ZERO)
        if not cache.random_seq_addr:
            return -ENOMEM
        cache.random_seq = list(range(count))
        self.stream(cache).shuffle(cache.random_seq)
        return 0

    def order(self, cache: Cache, count: int) -> list[int]:
        """Return the permutation from a random position on, or a new one before the cache has any (early boot)."""
        chance = self.stream(cache)
        if cache.random_seq is None:
            order = list(range(count))
            chance.shuffle(order)
            return order
        start = chance.randrange(count)
        return cache.random_seq[start:] + cache.random_seq[:start]


def cache_random_seq_destroy(slab: Allocator, cpu: Cpu, cache: Cache) -> None:
    """Give back the memory of a cache's permutation, if it has one (mm/slab_common.c: cache_random_seq_destroy)."""
    addr, cache.random_seq_addr = cache.random_seq_addr, 0
    cache.random_seq = None
    if addr:
        slab.kfree(cpu, addr)
