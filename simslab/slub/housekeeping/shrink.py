"""Flushing all CPUs, shrinking, emptying: what makes slabs go (mm/slub.c). Process context, interrupts on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simslab.kernel.bug import KernelBugError
from simslab.machine.accounting import callsites
from simslab.machine.core.cpu import Cpu
from simslab.slub import layout, paths
from simslab.slub.kmem_cache import KmemCache, KmemCacheNode

if TYPE_CHECKING:
    from simslab.slub.core import SlubCore

SHRINK_PROMOTE_MAX: Final = 32
INSNS_HAS_CPU_SLAB: Final = 7  # by CPU
INSNS_SMP_CALL: Final = 830  # on_each_cpu_cond without an engine: masks, queues, IPI
INSNS_SHRINK: Final = 60  # estimate: __kmem_cache_shrink by node
INSNS_SHRINK_SLAB: Final = 20  # estimate
INSNS_LIST_OBJECT: Final = 10  # estimate: an object in list_slab_objects

SITE_SHRINK: Final = callsites.site("__kmem_cache_shrink")
SITE_FREE_PARTIAL: Final = callsites.site("free_partial")
SITE_SERIAL_CALL: Final = callsites.site("on_each_cpu_cond")


def cpus_to_flush(allocator: SlubCore, cpu: Cpu, cache: KmemCache) -> list[int]:
    """Return the online CPUs that have a slab of `cache` (mm/slub.c: has_cpu_slab)."""
    found = []
    for cpu_id in allocator.online_cpus:
        c = cache.cpu_slab[cpu_id]
        cpu.insn(INSNS_HAS_CPU_SLAB)
        cpu.read(c.addr + layout.CPU_PAGE)
        if c.page >= 0 or c.partial >= 0:
            found.append(cpu_id)
    return found


def flush_all(allocator: SlubCore, cpu: Cpu, cache: KmemCache) -> None:
    """Take from every CPU what it has of a cache, by interrupts (mm/slub.c: flush_all). Interrupts on.

    The other CPUs answer first, by number, unless `flush_order` says otherwise.
    """
    told = allocator.flush_order
    places = {cpu_id: place for place, cpu_id in enumerate(told)}
    found = cpus_to_flush(allocator, cpu, cache)
    flush_cpus(allocator, cpu, cache, sorted(found, key=lambda i: (places.get(i, len(told)), i == cpu.id)))


def flush_cpus(allocator: SlubCore, cpu: Cpu, cache: KmemCache, order: list[int]) -> None:
    """Run flush_cpu_slab on the CPUs of `order` and wait for them (kernel/smp.c: on_each_cpu_mask)."""
    kernel = allocator.kernel
    if kernel.machine.engine.running:
        kernel.smp.on_each_cpu(cpu, order, lambda target: allocator.slabs.flush_cpu_slab(target, cache, target.id))
        return
    cpu.insn(INSNS_SMP_CALL)
    for target in (kernel.machine.cpus[cpu_id] for cpu_id in order):
        flags = target.irq_save(SITE_SERIAL_CALL)
        allocator.slabs.flush_cpu_slab(target, cache, target.id)
        target.irq_restore(flags)


def kmem_cache_shrink(allocator: SlubCore, cpu: Cpu, cache: KmemCache) -> int:
    """Give empty slabs back and sort the others, fullest first; 1 when slabs are left (__kmem_cache_shrink).

    Without CONFIG_SLUB_DEBUG nobody knows of those that are, so that 0 is returned (slabs_node).
    """
    flush_all(allocator, cpu, cache)
    left = 0
    for n in cache.nodes():
        for pfn in sort_partial(allocator, cpu, cache, n):
            allocator.pages.discard_slab(cpu, cache, pfn)
        left |= n.nr_slabs if allocator.pages.counted else 0
    cpu.path = paths.SHRINK
    return int(left != 0)


def sort_partial(allocator: SlubCore, cpu: Cpu, cache: KmemCache, n: KmemCacheNode) -> list[int]:
    """Take empty slabs off a node's list and promote those with few free objects; the empty ones, last first."""
    pages, mem_map = allocator.pages, allocator.pages.mem_map
    flags = cpu.irq_save(SITE_SHRINK)
    n.list_lock.lock(cpu, SITE_SHRINK)
    cpu.insn(INSNS_SHRINK)
    discard: list[int] = []
    promote: list[list[int]] = [[] for _ in range(SHRINK_PROMOTE_MAX)]
    rest: list[int] = []
    for pfn in allocator.lists.list_pfns(n, layout.PARTIAL):
        objects = pages.objects(pfn)
        free = objects - pages.inuse(pfn)
        cpu.insn(INSNS_SHRINK_SLAB)
        cpu.read(mem_map.page_addr(pfn) + layout.PAGE_COUNTERS)
        if free <= 0:
            raise KernelBugError(f"full slab {pfn} on the partial list of {cache.name}")
        if free == objects:
            discard.insert(0, pfn)
            n.nr_partial -= 1
            cpu.update(n.addr + layout.NODE_NR_PARTIAL)
        elif free <= SHRINK_PROMOTE_MAX:
            promote[free - 1].insert(0, pfn)
        else:
            rest.append(pfn)
            continue
        cpu.write(mem_map.page_addr(pfn) + layout.PAGE_SLAB_LIST)
    relink(allocator, n, [pfn for group in promote for pfn in group] + rest)
    cpu.write(n.addr + layout.NODE_PARTIAL)
    n.list_lock.unlock(cpu)
    cpu.irq_restore(flags)
    return discard


def relink(allocator: SlubCore, n: KmemCacheNode, order: list[int]) -> None:
    """Make `order` the partial list of a node (list_move, list_splice), at no charge of its own."""
    mem_map = allocator.pages.mem_map
    for before, pfn, after in zip([-1, *order], order, [*order[1:], -1], strict=False):
        mem_map.set("prev", pfn, before)
        mem_map.set("next", pfn, after)
    n.lists_owner[2 * layout.PARTIAL] = order[0] if order else -1
    n.lists_owner[2 * layout.PARTIAL + 1] = order[-1] if order else -1


def free_partial(allocator: SlubCore, cpu: Cpu, cache: KmemCache, n: KmemCacheNode) -> None:
    """Discard the empty slabs of a node; the live objects of others are told (mm/slub.c: free_partial)."""
    discard: list[int] = []
    cpu.irq_disable(SITE_FREE_PARTIAL)
    n.list_lock.lock(cpu, SITE_FREE_PARTIAL)
    for pfn in allocator.lists.list_pfns(n, layout.PARTIAL):
        if allocator.pages.inuse(pfn) == 0:
            allocator.lists.remove_partial(cpu, cache, n, pfn)
            discard.insert(0, pfn)
        elif allocator.pages.counted:
            list_slab_objects(allocator, cpu, cache, pfn)
    n.list_lock.unlock(cpu)
    cpu.irq_enable()
    for pfn in discard:
        allocator.pages.discard_slab(cpu, cache, pfn)


def list_slab_objects(allocator: SlubCore, cpu: Cpu, cache: KmemCache, pfn: int) -> None:
    """Tell which objects of a slab are left when their cache is to go (mm/slub.c: list_slab_objects).

    Its list_lock is held. Kernels without CONFIG_SLUB_DEBUG tell nothing, others do without `slub_debug`, too. Not
    modelled: the lock of the map of free objects (object_map_lock).
    """
    pages, reports = allocator.pages, allocator.reports
    reports.slab_err(cpu, cache, pfn, f"Objects remaining in {cache.name} on __kmem_cache_shutdown()")
    cpu.atomic(pages.mem_map.page_addr(pfn) + layout.PAGE_FLAGS)  # slab_lock
    free = pages.freelists.objects(cache, pages.mem_map.get("freelist", pfn))
    for objp in free:
        cpu.read(objp + cache.offset)
    start = pfn << layout.PAGE_SHIFT
    for objp in range(start + cache.left, start + cache.left + pages.objects(pfn) * cache.size, cache.size):
        cpu.insn(INSNS_LIST_OBJECT)
        if objp not in free:
            reports.live_object(cpu, cache, objp, objp - start)


def kmem_cache_shutdown(allocator: SlubCore, cpu: Cpu, cache: KmemCache) -> int:
    """Give all slabs back; 1 when some have live objects (mm/slub.c: __kmem_cache_shutdown).

    Without CONFIG_SLUB_DEBUG nobody knows of slabs without free objects (slabs_node): a cache that has no others goes,
    and what is left in them is lost.
    """
    flush_all(allocator, cpu, cache)
    for n in cache.nodes():
        free_partial(allocator, cpu, cache, n)
        if n.nr_partial or (allocator.pages.counted and n.nr_slabs):
            return 1
    return 0
