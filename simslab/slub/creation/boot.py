"""Bringing SLUB up: DOWN, PARTIAL, UP, FULL (mm/slub.c: kmem_cache_init and what follows).

The first two caches describe each other: their structures lie in kernel data until both work, then move into objects
of their own.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Final

from simslab.kernel.mm import gfp
from simslab.machine.core.cpu import Cpu
from simslab.slab_common import flags as slab_flags
from simslab.slab_common.alignment import BYTES_PER_WORD, align_up, calculate_alignment
from simslab.slab_common.kmalloc import KmallocCache
from simslab.slab_common.slab_state import DOWN, FULL, PARTIAL, UP, KernelPanicError
from simslab.slub import flags as fl
from simslab.slub import layout
from simslab.slub.creation import kmalloc, slab_common
from simslab.slub.kmem_cache import KmemCache

if TYPE_CHECKING:
    from simslab.slub.core import SlubCore

STANDING_CACHES: Final = "standing_caches.csv"
SLAB_HWCACHE_ALIGN: Final = slab_flags.SLAB_HWCACHE_ALIGN
SITE_BOOTSTRAP: Final = 0


@dataclass(frozen=True)
class StandingCache:
    """One cache that an idle 5.10 kernel with SLUB has after boot, with its aliases already counted.

    `object_size` is that of the request that made it, `raised_size` what aliases made of it.
    """

    name: str
    object_size: int
    raised_size: int
    align: int
    flags: int
    ctor: int
    useroffset: int
    usersize: int
    refcount: int


def standing_caches() -> list[StandingCache]:
    """Return the standing caches beyond those of boot and kmalloc, in order of creation."""
    text = resources.files("simslab.slub.creation").joinpath(STANDING_CACHES).read_text(encoding="ascii")
    return [
        StandingCache(
            row["name"],
            int(row["object_size"]),
            int(row["raised_size"]),
            int(row["align"]),
            slab_flags.parse_flags(row["flags"]),
            int(row["ctor"]),
            int(row["useroffset"]),
            int(row["usersize"]),
            int(row["refcount"]),
        )
        for row in csv.DictReader(text.splitlines())
    ]


def boot(allocator: SlubCore, standing: bool = True) -> None:
    """Bring the allocator from nothing to FULL on CPU 0, then the other CPUs online, and make the standing caches.

    `standing` False leaves out all caches but those of boot and kmalloc's. Not modelled: which standing caches were
    made before the other CPUs came, which changes only where their structures lie.
    """
    cpu = allocator.kernel.machine.cpus[0]
    allocator.online_cpus = [0]
    kmem_cache_init(allocator, cpu)
    allocator.online_cpus = list(range(allocator.kernel.nr_cpu_ids))
    allocator.slab_state = FULL  # slab_sysfs_init
    if standing:
        for description in standing_caches():
            create_standing(allocator, cpu, description)


def kmem_cache_init(allocator: SlubCore, cpu: Cpu) -> None:
    """Make the caches of caches and of node structures, then the kmalloc caches (mm/slub.c: kmem_cache_init)."""
    allocator.slab_state = DOWN
    first = allocator.boot_data
    node_cache = slab_common.new_kmem_cache(allocator, first + layout.KMEM_CACHE_BYTES, "kmem_cache_node")
    allocator.kmem_cache_node = node_cache
    slab_common.create_boot_cache(allocator, cpu, node_cache, layout.NODE_BYTES, SLAB_HWCACHE_ALIGN, 0)
    allocator.slab_state = PARTIAL
    cache = slab_common.new_kmem_cache(allocator, first, "kmem_cache")
    allocator.kmem_cache = cache
    size = layout.KMEM_CACHE_NODE + BYTES_PER_WORD * allocator.kernel.nr_node_ids
    slab_common.create_boot_cache(allocator, cpu, cache, size, SLAB_HWCACHE_ALIGN, 0)
    bootstrap(allocator, cpu, cache)
    bootstrap(allocator, cpu, node_cache)
    for description in kmalloc.creation_order():
        if description.type == kmalloc.KMALLOC_DMA:
            allocator.slab_state = UP  # the kmalloc array is usable; the DMA caches are already made in that state
        create_kmalloc_cache(allocator, cpu, description)


def bootstrap(allocator: SlubCore, cpu: Cpu, cache: KmemCache) -> None:
    """Move a cache's structure from kernel data into an object, and flush its CPU slab (mm/slub.c: bootstrap)."""
    addr = allocator.kmem_cache_alloc(cpu, allocator.cache_of_caches(), gfp.GFP_NOWAIT | gfp.ZERO)
    if not addr:
        raise KernelPanicError(f"no memory for the structure of {cache.name}")
    cache.addr = addr
    saved = cpu.irq_save(SITE_BOOTSTRAP)
    allocator.slabs.flush_cpu_slab(cpu, cache, cpu.id)
    cpu.irq_restore(saved)
    allocator.caches.append(cache)


def create_kmalloc_cache(allocator: SlubCore, cpu: Cpu, description: KmallocCache) -> None:
    """Make one kmalloc cache; user space may copy all of its objects (mm/slab_common.c: create_kmalloc_cache)."""
    addr = allocator.kmem_cache_alloc(cpu, allocator.cache_of_caches(), gfp.GFP_NOWAIT | gfp.ZERO)
    if not addr:
        raise KernelPanicError("Out of memory when creating slab " + description.name)
    cache = slab_common.new_kmem_cache(allocator, addr, description.name)
    slab_common.create_boot_cache(allocator, cpu, cache, description.size, description.flags, description.size)
    allocator.caches.append(cache)
    cache.refcount = 1
    allocator.kmalloc_caches[description.type][description.index] = cache


def create_standing(allocator: SlubCore, cpu: Cpu, standing: StandingCache) -> None:
    """Make a standing cache as one of its own, with the references and sizes that its aliases left."""
    flags = standing.flags & fl.CACHE_CREATE_MASK
    align = calculate_alignment(flags, standing.align, standing.object_size)
    cache, err = slab_common.create_cache(
        allocator,
        cpu,
        standing.name,
        standing.object_size,
        align,
        flags,
        standing.useroffset,
        standing.usersize,
        standing.ctor,
    )
    if cache is None:
        slab_common.creation_failed(allocator, cpu, standing.name, flags, err)
        return
    cache.refcount = standing.refcount
    cache.object_size = max(cache.object_size, standing.raised_size)
    cache.inuse = max(cache.inuse, align_up(standing.raised_size, BYTES_PER_WORD))
