"""The order in which a new slab's objects are handed out, made hard to guess (mm/slub.c: shuffle_freelist)."""

from __future__ import annotations

from simslab.slab_common.freelist_random import FreelistRandom
from simslab.slub.kmem_cache import KmemCache


class FreelistShuffle:
    """Chains the objects of new slabs as `random` says."""

    def __init__(self, random: FreelistRandom) -> None:
        self.random = random

    def shuffle_freelist(self, cache: KmemCache, objects: int) -> list[int]:
        """The order of a new slab's `objects`; empty when they stay in theirs (mm/slub.c: shuffle_freelist).

        It begins anywhere in the cache's sequence; a slab of a smaller order passes over the objects that it lacks.
        """
        if objects < 2 or cache.random_seq is None:
            return []
        return [index for index in self.random.order(cache, cache.oo_objects) if index < objects]
