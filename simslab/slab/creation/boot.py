"""Bringing the allocator up: DOWN, PARTIAL, PARTIAL_NODE, UP, FULL (mm/slab.c: kmem_cache_init and what follows).

The allocator needs its own memory to describe itself, so the first two caches begin with node structures from kernel
data, and every cache with per-CPU arrays of one entry, until kmalloc works and all of it is replaced.
"""

from __future__ import annotations

from typing import Final

from simslab.kernel import layout
from simslab.kernel.mm import gfp
from simslab.machine.core.cpu import Cpu
from simslab.slab import cflgs
from simslab.slab.core import SlabCore
from simslab.slab.creation import cpucache, cpuup, kmalloc, node_setup
from simslab.slab.creation.set_up import SlabCreation
from simslab.slab.kmem_cache import KmemCache, KmemCacheNode
from simslab.slab_common import flags as fl
from simslab.slab_common.kmalloc import KMALLOC_DMA, KMALLOC_NORMAL
from simslab.slab_common.slab_state import DOWN, FULL, PARTIAL, PARTIAL_NODE, UP, KernelPanicError
from simslab.slab_common.standing import StandingCache, read_standing_caches

STANDING_CACHES: Final = "standing_caches.csv"
STANDING_CACHES_DEBUG: Final = "standing_caches_debug.csv"  # debug flags prevent sharing, so there are more
KMEM_CACHE_NODE_DEBUG: Final = 240  # offset of node[] behind the counters that DEBUG_SLAB adds


def standing_caches(debug_slab: bool = False) -> list[StandingCache]:
    """Return the standing caches beyond kmem_cache and kmalloc, in order of creation."""
    name = STANDING_CACHES_DEBUG if debug_slab else STANDING_CACHES
    return read_standing_caches("simslab.slab.creation", name, cflgs.CFLGS_NAMES)


def boot(creation: SlabCreation, standing: bool = True) -> None:
    """Bring the allocator from nothing to FULL on CPU 0, bring the other CPUs online, make the standing caches.

    `standing` False leaves out all caches but kmem_cache and kmalloc's, for tests that want a small list. Even CPU 0
    enters its node's CPU mask only after the caches of the first two phases exist (identify_boot_cpu).
    """
    core = creation.core
    cpu = core.kernel.machine.cpus[0]
    caches = standing_caches(core.options.debug_slab) if standing else []
    core.online_cpus = [0]
    core.cpus_in_node = [0] * core.kernel.nr_node_ids
    kmem_cache_init(creation, cpu)
    create_standing(creation, cpu, caches, "early")
    kmem_cache_init_late(core, cpu)
    create_standing(creation, cpu, caches, "up")
    cpucache.enter_node(core, 0)
    for other in range(1, core.kernel.nr_cpu_ids):
        if cpuup.cpuup_prepare(core, cpu, other):  # Not modelled: 5.10 boots on without that CPU
            raise KernelPanicError(f"no memory for what CPU {other} needs of the caches")
        core.online_cpus.append(other)
        cpucache.enter_node(core, other)
    create_standing(creation, cpu, caches, "smp")


def kmem_cache_init(creation: SlabCreation, cpu: Cpu) -> None:
    """Make the cache of caches and the kmalloc caches (mm/slab.c: kmem_cache_init)."""
    core = creation.core
    kernel = core.kernel
    core.use_alien_caches = kernel.nr_node_ids > 1 and not core.options.noaliencache
    core.slab_max_order = core.options.effective_max_order(kernel.memory_bytes)
    core.slab_state = DOWN
    create_kmem_cache(creation, cpu)
    core.slab_state = PARTIAL
    order = kmalloc.creation_order(node_setup.node_bytes(core))
    creation.create_kmalloc_cache(cpu, next(order))
    core.slab_state = PARTIAL_NODE
    replace_boot_nodes(creation, cpu)
    for description in order:
        if description.type == KMALLOC_DMA:
            core.slab_state = UP  # the kmalloc array is usable; the DMA caches are already made in that state
        creation.create_kmalloc_cache(cpu, description)


def create_kmem_cache(creation: SlabCreation, cpu: Cpu) -> None:
    """Make the cache of struct kmem_cache, which lies in kernel data and is never an alias (refcount -1)."""
    core = creation.core
    cache = creation.new_kmem_cache(core.boot_data, "kmem_cache")
    core.kmem_cache = cache
    node_table = KMEM_CACHE_NODE_DEBUG if core.options.debug_slab else layout.KMEM_CACHE_NODE
    size = node_table + layout.POINTER_BYTES * core.kernel.nr_node_ids
    creation.create_boot_cache(cpu, cache, size, fl.SLAB_HWCACHE_ALIGN, 0)
    core.caches.append(cache)


def replace_boot_nodes(creation: SlabCreation, cpu: Cpu) -> None:
    """Move the node structures of the first two caches into kmalloc memory (kmem_cache_init, step 5)."""
    core = creation.core
    node_cache = core.kmalloc_caches.rows[KMALLOC_NORMAL][kmalloc.SIZES.kmalloc_index(node_setup.node_bytes(core))]
    assert isinstance(node_cache, KmemCache)
    for nid in core.kernel.online_nodes:
        for cache in (creation.cache_of_caches(), node_cache):
            init_list(core, cpu, cache, nid)


def init_list(core: SlabCore, cpu: Cpu, cache: KmemCache, nid: int) -> None:
    """Copy one node structure to memory of its node (mm/slab.c: init_list).

    The copy takes place after the allocation, so it includes what the allocation changed.
    """
    addr = core.kmalloc_node(cpu, node_setup.node_bytes(core), gfp.GFP_NOWAIT, nid)
    if not addr:
        raise KernelPanicError(f"no memory for the node structure of {cache.name}")
    old = cache.node[nid]
    assert old is not None
    new = node_setup.new_node(core, cache, addr, nid, node_setup.lists_apart(core))
    copy_node(old, new)
    cache.node[nid] = new


def copy_node(old: KmemCacheNode, new: KmemCacheNode) -> None:
    """Take over lists and counters."""
    new.lists_owner[:] = old.lists_owner
    new.total_slabs, new.free_slabs, new.free_objects = old.total_slabs, old.free_slabs, old.free_objects
    new.free_limit, new.colour_next = old.free_limit, old.colour_next
    new.shared, new.alien, new.alien_addr = old.shared, old.alien, old.alien_addr
    new.next_reap, new.free_touched = old.next_reap, old.free_touched


def kmem_cache_init_late(core: SlabCore, cpu: Cpu) -> None:
    """Give all caches made so far their final arrays, newest first (mm/slab.c: kmem_cache_init_late)."""
    core.slab_state = UP
    for cache in reversed(core.caches):
        if cpucache.enable_cpucache(core, cpu, cache, gfp.GFP_NOWAIT):
            raise KernelPanicError(f"no memory for the arrays of {cache.name}")
    core.slab_state = FULL


def create_standing(creation: SlabCreation, cpu: Cpu, caches: list[StandingCache], phase: str) -> None:
    """Make the standing caches of a phase."""
    for standing in caches:
        if standing.phase == phase:
            creation.create_standing(cpu, standing)
