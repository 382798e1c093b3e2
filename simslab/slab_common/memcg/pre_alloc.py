"""What decides before an allocation whether it is made, alike for all allocators (mm/slab.h: slab_pre_alloc_hook)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simslab.slab_common.memcg import verdicts

if TYPE_CHECKING:
    from simslab.allocator.allocator import Faults
    from simslab.allocator.cache import Cache
    from simslab.machine.core.cpu import Cpu
    from simslab.slab_common.memcg.hooks import MemcgHooks


def slab_pre_alloc_hook(
    failslab: Faults | None, memcg: MemcgHooks | None, cpu: Cpu, cache: Cache, flags: int, size: int
) -> int:
    """Whether `size` objects are refused or charged: one of `verdicts`.

    A fault may be injected (mm/failslab.c: __should_failslab), and a task's cgroup may have reached its limit.
    """
    if failslab is not None and failslab.should_failslab(cache, flags):
        return verdicts.REFUSED
    return verdicts.UNCHARGED if memcg is None else memcg.pre_alloc_hook(cpu, cache, flags, size)
