"""CPUs and memory that come and go (mm/slab.c: slab_prepare_cpu, slab_dead_cpu, slab_memory_callback).

All run in process context with interrupts on, on a CPU that stays, and wait for those who hold hotplug off.
The CPU that goes must be outside the allocator.
"""

from __future__ import annotations

from bisect import insort

from simslab.kernel.errno import EBUSY
from simslab.kernel.locking.mutex import holding
from simslab.kernel.mm import gfp
from simslab.machine.core.cpu import Cpu
from simslab.slab.core import SlabCore
from simslab.slab.creation import cpucache, cpuup
from simslab.slab.creation.node_setup import NodeSetup


def cpu_up(core: SlabCore, cpu: Cpu, coming: int) -> int:
    """Prepare all caches for CPU `coming`, then let it take part and reap; 0 or -ENOMEM (slab_prepare_cpu)."""
    with core.kernel.hotplug.cpu_hotplug(cpu):
        core.kernel.check_hotplug(coming, online=False)
        with holding(core.slab_mutex, cpu):
            err = cpuup.cpuup_prepare(core, cpu, coming)
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
        core.kernel.check_hotplug(going, online=True)
        core.reaper.slab_offline_cpu(core.kernel.machine.cpus[going])
        core.kernel.cpu_down(cpu, going)
        # Under the mutex, so that no tuning is under way, which would forget the array of a CPU just gone.
        # Not modelled: the time in the kernel between a CPU's going and slab_dead_cpu.
        with holding(core.slab_mutex, cpu):
            core.online_cpus.remove(going)
            cpucache.leave_node(core, going)
            cpuup.cpuup_canceled(core, cpu, going)
        core.kernel.page_alloc_cpu_dead(cpu, going)
        if core.memcg is not None:
            core.memcg.charging.memcg_hotplug_cpu_dead(cpu, going)


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
            core.drain.drain_freelist(cpu, cache, n, cpuup.EVERYTHING)
            if n.total_slabs:
                return -EBUSY
    return 0
