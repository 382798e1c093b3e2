"""CPUs and memory that come and go (mm/slub.c: slub_cpu_dead, slab_memory_callback).

All run in process context with interrupts on, on a CPU that stays. The CPU that goes must be outside the core.
Not modelled: the cycles of the locks when nobody has them; that a node whose memory is gone loses its structures
(slab_mem_offline_callback) and is no node with memory any longer.
"""

from __future__ import annotations

from bisect import insort
from typing import Final

from simslab.kernel.errno import EBUSY, ENOMEM
from simslab.kernel.locking.mutex import holding
from simslab.kernel.mm import gfp
from simslab.machine.accounting import callsites
from simslab.machine.core.cpu import Cpu
from simslab.slub.core import SlubCore
from simslab.slub.creation.set_up import new_node
from simslab.slub.housekeeping import shrink

SITE_DEAD: Final = callsites.site("slub_cpu_dead")


def cpu_up(core: SlubCore, cpu: Cpu, coming: int) -> int:
    """Let CPU `coming` take part: its structures are there, as those of every possible CPU; 0."""
    with core.kernel.hotplug.cpu_hotplug(cpu):
        core.kernel.check_hotplug(coming, online=False)
        core.kernel.cpu_up(coming)
        insort(core.online_cpus, coming)
    return 0


def cpu_down(core: SlubCore, cpu: Cpu, going: int) -> None:
    """Give the slabs of CPU `going` back to the nodes (mm/slub.c: slub_cpu_dead)."""
    with core.kernel.hotplug.cpu_hotplug(cpu):
        core.kernel.check_hotplug(going, online=True)
        core.kernel.cpu_down(cpu, going)
        core.online_cpus.remove(going)
        core.kernel.page_alloc_cpu_dead(cpu, going)  # before slub_cpu_dead (include/linux/cpuhotplug.h)
        if core.memcg is not None:
            core.memcg.charging.memcg_hotplug_cpu_dead(cpu, going)
        with holding(core.slab_mutex, cpu, charged=False):
            for cache in core.caches[::-1]:
                flags = cpu.irq_save(SITE_DEAD)
                core.slabs.flush_cpu_slab(cpu, cache, going)
                cpu.irq_restore(flags)


def memory_going_online(core: SlubCore, cpu: Cpu, nid: int) -> int:
    """Give every cache a structure for a node whose memory comes; 0 or -ENOMEM (slab_mem_going_online_callback)."""
    assert core.kmem_cache_node is not None
    with core.kernel.hotplug.mem_hotplug(cpu), holding(core.slab_mutex, cpu, charged=False):
        for cache in core.caches[::-1]:
            if cache.node[nid] is not None:
                continue
            addr = core.kmem_cache_alloc(cpu, core.kmem_cache_node, gfp.GFP_KERNEL)
            if not addr:
                return -ENOMEM
            cache.node[nid] = new_node(core, cache, addr, nid)
    return 0


def memory_going_offline(core: SlubCore, cpu: Cpu, nid: int) -> int:
    """Shrink all caches (slab_mem_going_offline_callback); -EBUSY when the node keeps slabs of any."""
    with core.kernel.hotplug.mem_hotplug(cpu), holding(core.slab_mutex, cpu, charged=False):
        for cache in core.caches[::-1]:
            shrink.kmem_cache_shrink(core, cpu, cache)
    left = [n.nr_slabs for cache in core.caches if (n := cache.node[nid]) is not None]
    return -EBUSY if any(left) else 0
