"""Bringing SLUB up: DOWN, PARTIAL, UP, FULL (mm/slub.c: kmem_cache_init and what follows).

The first two caches describe each other: their structures lie in kernel data until both work, then move into objects
of their own.
"""

from __future__ import annotations

from typing import Final

from simslab.kernel.mm import gfp
from simslab.machine.core.cpu import Cpu
from simslab.slab.cflgs import CFLGS_NAMES
from simslab.slab_common.alignment import BYTES_PER_WORD
from simslab.slab_common.creation import CacheRequest
from simslab.slab_common.flags import SLAB_HWCACHE_ALIGN
from simslab.slab_common.kmalloc import KMALLOC_DMA
from simslab.slab_common.slab_state import DOWN, FULL, PARTIAL, UP, KernelPanicError
from simslab.slab_common.standing import StandingCache, read_standing_caches
from simslab.slub import layout
from simslab.slub.creation import kmalloc
from simslab.slub.creation.set_up import SlubCreation, init_cache_random_seq
from simslab.slub.kmem_cache import KmemCache

STANDING_CACHES: Final = "standing_caches.csv"
BUILT_WITH_MORE: Final = ("simslab.slab.creation", "standing_caches.csv")
SITE_BOOTSTRAP: Final = 0


def standing_caches() -> list[StandingCache]:
    """Return the standing caches beyond those of boot and kmalloc, in order of creation."""
    return read_standing_caches("simslab.slub.creation", STANDING_CACHES)


def boot(creation: SlubCreation, standing: bool = True) -> None:
    """Bring the allocator from nothing to FULL on CPU 0, then the other CPUs online, and make the standing caches.

    `standing` False leaves out all caches but those of boot and kmalloc's. Not modelled: which standing caches were
    made before the other CPUs came, which changes only where their structures lie.
    """
    core = creation.core
    cpu = core.kernel.machine.cpus[0]
    core.online_cpus = [0]
    kmem_cache_init(creation, cpu)
    core.online_cpus = list(range(core.kernel.nr_cpu_ids))
    core.slab_state = FULL  # slab_sysfs_init
    if standing:
        for description in standing_caches():
            creation.create_standing(cpu, description)


def make_standing(creation: SlubCreation, name: str) -> KmemCache | None:
    """Make the cache `name` as the recorded kernel with SLAB, which was built with more, has it; None if it has none.

    It may share an older cache, as any request.
    """
    for standing in read_standing_caches(*BUILT_WITH_MORE, CFLGS_NAMES):
        if standing.name == name:
            request = CacheRequest(
                name, standing.object_size, standing.align, standing.flags, standing.ctor, 0, standing.usersize
            )
            return creation.kmem_cache_create_usercopy(creation.core.kernel.machine.cpus[0], request)
    return None


def kmem_cache_init(creation: SlubCreation, cpu: Cpu) -> None:
    """Make the caches of caches and of node structures, then the kmalloc caches (mm/slub.c: kmem_cache_init)."""
    core = creation.core
    core.slab_state = DOWN
    first, size = core.boot_data, layout.KMEM_CACHE_NODE + BYTES_PER_WORD * core.kernel.nr_node_ids
    node_cache = creation.new_kmem_cache(first + max(size, layout.KMEM_CACHE_BYTES), "kmem_cache_node")
    core.kmem_cache_node = node_cache
    creation.create_boot_cache(cpu, node_cache, layout.NODE_BYTES, SLAB_HWCACHE_ALIGN, 0)
    core.slab_state = PARTIAL
    cache = creation.new_kmem_cache(first, "kmem_cache")
    core.kmem_cache = cache
    creation.create_boot_cache(cpu, cache, size, SLAB_HWCACHE_ALIGN, 0)
    bootstrap(creation, cpu, cache)
    bootstrap(creation, cpu, node_cache)
    for description in kmalloc.SIZES.creation_order():
        if description.type == KMALLOC_DMA:
            core.slab_state = UP  # the kmalloc array is usable; the DMA caches are already made in that state
        creation.create_kmalloc_cache(cpu, description)
    for made in core.caches[::-1]:  # init_freelist_randomization: those that have none yet, newest first
        init_cache_random_seq(core, cpu, made)


def bootstrap(creation: SlubCreation, cpu: Cpu, cache: KmemCache) -> None:
    """Move a cache's structure from kernel data into an object, and flush its CPU slab (mm/slub.c: bootstrap)."""
    core = creation.core
    addr = core.kmem_cache_alloc(cpu, creation.cache_of_caches(), gfp.GFP_NOWAIT | gfp.ZERO)
    if not addr:
        raise KernelPanicError(f"no memory for the structure of {cache.name}")
    cache.addr = addr
    saved = cpu.irq_save(SITE_BOOTSTRAP)
    core.slabs.flush_cpu_slab(cpu, cache, cpu.id)
    cpu.irq_restore(saved)
    core.caches.append(cache)
