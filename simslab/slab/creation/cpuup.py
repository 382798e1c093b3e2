"""What the caches have for a CPU that comes: making it, and taking it away again (mm/slab.c: cpuup_prepare).

Runs in process context under slab_mutex with interrupts on, on a CPU that stays.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from simslab.kernel.errno import ENOMEM
from simslab.kernel.mm import gfp
from simslab.machine.accounting import callsites
from simslab.machine.core.cpu import Cpu
from simslab.slab.core import SlabCore
from simslab.slab.creation import node_setup
from simslab.slab.creation.node_setup import NodeSetup
from simslab.slab.kmem_cache import KmemCache, KmemCacheNode

EVERYTHING: Final = 1 << 30  # INT_MAX slabs
SITE_CANCELED: Final = callsites.site("cpuup_canceled")


def cpuup_prepare(core: SlabCore, cpu: Cpu, coming: int) -> int:
    """Prepare all caches, newest first, for CPU `coming`, not counted as online yet (mm/slab.c: cpuup_prepare).

    0, or -ENOMEM with what was made undone as if the CPU had gone, which leaves its node's free_limit smaller.
    Recomputing free_limit (init_cache_node_node) before the CPU counts is why caches older than SMP bring-up end one
    batchcount short.
    """
    nid = core.kernel.cpu_to_mem[coming]
    caches = core.caches[::-1]
    setup = NodeSetup(core, cpu, gfp.GFP_KERNEL)
    for step in (setup.init_cache_node, partial(setup.setup_kmem_cache_node, force_change=0)):
        for cache in caches:
            if step(cache, nid):
                cpuup_canceled(core, cpu, coming)
                return -ENOMEM
    return 0


def cpuup_canceled(core: SlabCore, cpu: Cpu, going: int) -> None:
    """Empty the arrays of a CPU that is gone or could not come, and its node's if that has no CPU (cpuup_canceled).

    Its node is that of its memory, and has no CPU when none of its own is online (cpumask_of_node), whoever else has
    the node's objects in arrays.
    """
    node = core.kernel.cpu_to_mem[going]
    last = not core.cpus_in_node[node]
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
        core.drain.drain_alien_cache(cpu, cache, alien, alien_addr)
        node_setup.free_alien_cache(core, cpu, alien, alien_addr)
    for chain in surplus:
        pages.slabs_destroy(cpu, cache, chain)
