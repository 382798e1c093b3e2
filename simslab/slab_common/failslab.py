"""Fault injection into allocation (mm/failslab.c, lib/fault-inject.c), from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from simslab.allocator.cache import Cache
from simslab.base.seeds import stream_seed
from simslab.kernel.mm import gfp
from simslab.slab_common.flags import SLAB_FAILSLAB


@dataclass
class FailSlab:
    """Given to `Allocator.set_failslab`; `should_failslab` says which allocations fail.

    `probability` in percent, of every `interval`th allocation, at most `times` of them (-1: no bound), after `space`
    bytes were allocated. As in the kernel, requests that may reclaim are spared unless `ignore_gfp_reclaim` is false.
    With `cache_filter` only caches with the flag SLAB_FAILSLAB fail, and those named in `caches`.
    """

    probability: float
    seed: int = 0
    interval: int = 1
    times: int = -1
    space: int = 0
    ignore_gfp_reclaim: bool = True
    cache_filter: bool = False
    caches: frozenset[str] = frozenset()  # by name; the flag itself is set by SLUB's `slub_debug` alone

    def __post_init__(self) -> None:
        self.chance = random.Random(stream_seed(self.seed, "failslab"))
        self.count = 0

    def should_failslab(self, cache: Cache, flags: int) -> bool:
        """Whether this allocation fails (mm/failslab.c: __should_failslab)."""
        if cache.name == "kmem_cache" or flags & gfp.NOFAIL:
            return False
        if self.ignore_gfp_reclaim and flags & gfp.DIRECT_RECLAIM:
            return False
        return self.passes_filter(cache) and self.should_fail(cache.object_size)

    def passes_filter(self, cache: Cache) -> bool:
        """Whether faults are injected into a cache (mm/failslab.c: cache_filter)."""
        return not self.cache_filter or cache.name in self.caches or bool(cache.flags & SLAB_FAILSLAB)

    def should_fail(self, size: int) -> bool:
        """Whether this event of `size` bytes fails (lib/fault-inject.c: should_fail)."""
        if self.probability == 0 or self.times == 0:
            return False
        if self.space > size:
            self.space -= size
            return False
        if self.interval > 1:
            self.count += 1
            if self.count % self.interval:
                return False
        if self.probability <= self.chance.random() * 100:
            return False
        if self.times > 0:
            self.times -= 1
        return True
