"""CPUs and memory that come and go (mm/slab.c: slab_prepare_cpu, slab_dead_cpu, slab_memory_callback).

All run in process context with interrupts on, on a CPU that stays, and wait for those who hold hotplug off.
The CPU that goes must be outside the allocator.
"""

from __future__ import annotations

from bisect import insort
from typing import Final

from simslab.kernel.errno import EBUSY
from simslab.kernel.locking.mutex import holding
from simslab.kernel.mm import gfp
from simslab.machine.accounting import callsites
from simslab.machine.core.cpu import Cpu
from simslab.slab.core import SlabCore
from simslab.slab.creation import boot, cpucache, node_setup
from simslab.slab.creation.node_setup import NodeSetup
from simslab.slab.kmem_cache import AlienTable, KmemCache, KmemCacheNode

EVERYTHING: Final = 1 << 30  # INT_MAX slabs
SITE_CANCELED: Final = callsites.site("cpuup_canceled")


def cpu_up(core: SlabCore, cpu: Cpu, coming: int) -> int:
    """Prepare all caches for CPU `coming`, then let it take part and reap; 0 or -ENOMEM (slab_prepare_cpu)."""
    with core.kernel.hotplug.cpu_hotplug(cpu):
        with holding(core.slab_mutex, cpu):
            err = boot.cpuup_prepare(core, cpu, coming)
        if err:
            return err
        core.kernel.cpu_up(coming)
        insort(core.online_cpus, coming)
        cpucache.enter_node(core, coming)
        core.reaper.start_cpu_timer(core.kernel.machine.cpus[coming])
    return 0


def cpu_down(core: SlabCore, cpu: Cpu, going: int) -> None:
    """Stop CPU `going`'s reaper and give back all that only it used (slab_offline_cpu, slab_dead_cpu)."""
    with core.kernel.hotplug.cpu_hotplug(cpu):
        core.reaper.slab_offline_cpu(core.kernel.machine.cpus[going])
        core.kernel.cpu_down(cpu, going)
        # Under the mutex, so that no tuning is under way, which would forget the array of a CPU just gone.
        # Not modelled: the time in the kernel between a CPU's going and slab_dead_cpu.
        with holding(core.slab_mutex, cpu):
            core.online_cpus.remove(going)
            cpucache.leave_node(core, going)
            cpuup_canceled(core, cpu, going)
        core.kernel.page_alloc_cpu_dead(cpu, going)


def cpuup_canceled(core: SlabCore, cpu: Cpu, going: int) -> None:
    """Empty a dead CPU's arrays, and its node's when it was the last there (mm/slab.c: cpuup_canceled)."""
    node = core.kernel.cpu_to_mem[going]
    last = all(core.kernel.cpu_to_mem[other] != node for other in core.online_cpus)
    for cache in core.caches[::-1]:
        n = cache.node[node]
        if n is not None:
            retire_cpu(core, cpu, cache, n, going, last)
    for cache in core.caches[::-1]:
        n = cache.node[node]
        if n is not None:
            core.drain.drain_freelist(cpu, cache, n, EVERYTHING)


def retire_cpu(core: SlabCore, cpu: Cpu, cache: KmemCache, n: KmemCacheNode, going: int, last: bool) -> None:
    """Body of cpuup_canceled's first loop: one cache; `last` when the node has no CPU left."""
    freeing, pages = core.freeing, core.pages
    cpu.irq_disable(SITE_CANCELED)
    n.list_lock.lock(cpu, SITE_CANCELED)
    n.free_limit -= cache.batchcount
    ac = cache.cpu_cache[going]
    surplus = [freeing.blocks.free_block(cpu, cache, ac, ac.avail, n.node)]
    ac.avail = 0
    shared, alien, alien_addr = n.shared, n.alien, n.alien_addr
    if last:
        if shared is not None:
            surplus.append(freeing.blocks.free_block(cpu, cache, shared, shared.avail, n.node))
        n.shared = n.alien = None
        n.alien_addr = 0
    n.list_lock.unlock(cpu)
    cpu.irq_enable()
    if last:
        if shared is not None:
            core.kfree(cpu, shared.addr)
        send_home(core, cpu, cache, alien)
        node_setup.free_alien_cache(core, cpu, alien, alien_addr)
    for chain in surplus:
        pages.slabs_destroy(cpu, cache, chain)


def send_home(core: SlabCore, cpu: Cpu, cache: KmemCache, aliens: AlienTable | None) -> None:
    """Drain alien arrays that no node refers to any more (mm/slab.c: drain_alien_cache)."""
    for nid, alien in enumerate(aliens or ()):
        if alien is None:
            continue
        flags = cpu.irq_save(SITE_CANCELED)
        alien.lock.lock(cpu, SITE_CANCELED)
        surplus = core.freeing.drain_alien_array(cpu, cache, alien.ac, nid)
        alien.lock.unlock(cpu)
        cpu.irq_restore(flags)
        core.pages.slabs_destroy(cpu, cache, surplus)


def memory_going_online(core: SlabCore, cpu: Cpu, nid: int) -> int:
    """Give every cache a structure for a node whose memory comes; 0 or -ENOMEM (slab_memory_callback).

    Not modelled: nodes that were not there at boot; the structures of those that were are kept up to date.
    """
    with core.kernel.hotplug.mem_hotplug(cpu), holding(core.slab_mutex, cpu, charged=False):
        setup = NodeSetup(core, cpu, gfp.GFP_KERNEL)
        for cache in core.caches[::-1]:
            err: int = setup.init_cache_node(cache, nid)
            if err:
                return err
    return 0


def memory_going_offline(core: SlabCore, cpu: Cpu, nid: int) -> int:
    """Destroy a node's free slabs; -EBUSY when slabs with objects are left (drain_cache_node_node)."""
    with core.kernel.hotplug.mem_hotplug(cpu), holding(core.slab_mutex, cpu, charged=False):
        for cache in core.caches[::-1]:
            n = cache.node[nid]
            if n is None:
                continue
            core.drain.drain_freelist(cpu, cache, n, EVERYTHING)
            if n.total_slabs:
                return -EBUSY
    return 0
