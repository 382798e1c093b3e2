"""Checking every slab of a cache on demand: /sys/kernel/slab/<cache>/validate (mm/slub.c). Process context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simslab.machine.accounting import callsites
from simslab.machine.core.cpu import Cpu
from simslab.slub.debug.checks import INSNS_CHECK
from simslab.slub.debug.contents import RED_ACTIVE, RED_INACTIVE
from simslab.slub.housekeeping.shrink import flush_all
from simslab.slub.kmem_cache import KmemCache, KmemCacheNode
from simslab.slub.layout import FULL, PAGE_SHIFT, PARTIAL

if TYPE_CHECKING:
    from simslab.slub.core import SlubCore

SITE_VALIDATE: Final = callsites.site("validate_slab_node")


def validate_slab_cache(core: SlubCore, cpu: Cpu, cache: KmemCache) -> None:
    """Flush all CPUs, then check the slabs of all lists; what is found is told (mm/slub.c: validate_slab_cache).

    Not modelled: caches without debugging, whose objects have no contents here and whose lists are sound; lists of
    another length than their counters say.
    """
    flush_all(core, cpu, cache)
    if cache.debug:
        for n in cache.nodes():
            validate_slab_node(core, cpu, cache, n)


def validate_slab_node(core: SlubCore, cpu: Cpu, cache: KmemCache, n: KmemCacheNode) -> None:
    """Check the slabs of one node, its lock held (mm/slub.c: validate_slab_node)."""
    saved = cpu.irq_save(SITE_VALIDATE)
    n.list_lock.lock(cpu, SITE_VALIDATE)
    try:
        for pfn in core.lists.list_pfns(n, PARTIAL) + core.lists.list_pfns(n, FULL):
            validate_slab(core, cpu, cache, pfn)
    finally:
        n.list_lock.unlock(cpu)
        cpu.irq_restore(saved)


def validate_slab(core: SlubCore, cpu: Cpu, cache: KmemCache, pfn: int) -> None:
    """Check a slab's padding, freelist and objects, these up to the first that is not sound (mm/slub.c)."""
    debug, objects = core.pages.debug, core.pages.objects(pfn)
    start = (pfn << PAGE_SHIFT) + cache.left
    cpu.insn_cold(INSNS_CHECK * objects)
    cpu.read_span(start, objects * cache.size)
    debug.slab_pad_check(cpu, cache, pfn)
    if not debug.on_freelist(cpu, cache, pfn, 0):
        return
    free = set(core.pages.freelists.objects(cache, core.pages.mem_map.get("freelist", pfn)))
    for objp in range(start, start + objects * cache.size, cache.size):
        if not debug.check_object(cpu, cache, pfn, objp, RED_INACTIVE if objp in free else RED_ACTIVE):
            break
