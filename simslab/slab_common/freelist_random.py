"""Random sequences for the freelists of new slabs (CONFIG_SLAB_FREELIST_RANDOM; mm/slab_common.c)."""

from __future__ import annotations

import random

from simslab.allocator.cache import Cache
from simslab.base.seeds import stream_seed


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

    def cache_random_seq_create(self, cache: Cache, count: int) -> None:
        """Draw the permutation of `count` objects that a cache's slabs begin somewhere in (cache_random_seq_create)."""
        if count >= 2 and cache.random_seq is None:
            cache.random_seq = list(range(count))
            self.stream(cache).shuffle(cache.random_seq)

    def order(self, cache: Cache, count: int) -> list[int]:
        """Return the permutation from a random position on, or a new one before the cache has any (early boot)."""
        chance = self.stream(cache)
        if cache.random_seq is None:
            order = list(range(count))
            chance.shuffle(order)
            return order
        start = chance.randrange(count)
        return cache.random_seq[start:] + cache.random_seq[:start]
