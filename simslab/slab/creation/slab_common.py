"""Creating and sharing caches, and giving back what one consists of (mm/slab_common.c and mm/slab.c; see destroy.py).

Everything here runs in process context under slab_mutex. Not modelled: the mutex itself, and the CPU and memory hotplug
locks around it, since caches are made before the measured part of a run and one at a time.
"""

from __future__ import annotations

from collections.abc import Iterable

from simslab.kernel.mm import gfp
from simslab.machine.core.cpu import Cpu
from simslab.slab import flags as fl
from simslab.slab.core import SlabCore
from simslab.slab.creation import boot_arrays, cpucache, kmalloc
from simslab.slab.creation.geometry import (
    BYTES_PER_WORD,
    FreelistCache,
    Geometry,
    Rules,
    align_up,
    cache_geometry,
    calculate_alignment,
    reciprocal_value,
)
from simslab.slab.creation.slab_state import UP, KernelPanicError
from simslab.slab.errno import EINVAL, ENOMEM
from simslab.slab.kmem_cache import KmemCache


def slab_unmergeable(cache: KmemCache) -> bool:
    """Whether no other cache may share `cache` (mm/slab_common.c: slab_unmergeable)."""
    return bool(cache.flags & fl.SLAB_NEVER_MERGE or cache.ctor or cache.usersize or cache.refcount < 0)


def find_mergeable(caches: Iterable[KmemCache], size: int, align: int, flags: int, rules: Rules) -> KmemCache | None:
    """Return the oldest of `caches` (given in order of creation) that can serve a request without a constructor.

    Origin: mm/slab_common.c: find_mergeable; the caller has checked slab_nomerge and the constructor.
    """
    size = align_up(size, BYTES_PER_WORD)
    align = calculate_alignment(flags, align, size, rules.cache_line_size)
    size = align_up(size, align)
    if flags & fl.SLAB_NEVER_MERGE:
        return None
    for cache in caches:
        if not slab_unmergeable(cache) and fits_into(cache, size, align, flags):
            return cache
    return None


def fits_into(cache: KmemCache, size: int, align: int, flags: int) -> bool:
    """Whether objects of `size` bytes, already aligned, can live in `cache` without waste of a word or more."""
    return (
        size <= cache.size
        and (flags & fl.SLAB_MERGE_SAME) == (cache.flags & fl.SLAB_MERGE_SAME)
        and cache.size & (align - 1) == 0
        and cache.size - size < BYTES_PER_WORD
        and align <= cache.align
        and cache.align % align == 0
    )


def kmem_cache_alias(core: SlabCore, size: int, align: int, flags: int, ctor: int) -> KmemCache | None:
    """Return an existing cache to be shared, its refcount and object_size raised (mm/slab.c: __kmem_cache_alias).

    The raised object_size stays when the alias goes away again, as in the kernel.
    """
    if core.options.slab_nomerge or ctor:
        return None
    cache = find_mergeable(core.caches, size, align, flags, rules_of(core))
    if cache is not None:
        cache.refcount += 1
        cache.object_size = max(cache.object_size, size)
    return cache


def kmem_cache_create(
    core: SlabCore, name: str, size: int, align: int = 0, flags: int = 0, ctor: int = 0
) -> KmemCache | None:
    """Create or share a cache (mm/slab_common.c: kmem_cache_create)."""
    return kmem_cache_create_usercopy(core, name, size, align, flags, ctor)


def kmem_cache_create_usercopy(
    core: SlabCore,
    name: str,
    size: int,
    align: int = 0,
    flags: int = 0,
    ctor: int = 0,
    useroffset: int = 0,
    usersize: int = 0,
    cpu: Cpu | None = None,
) -> KmemCache | None:
    """Create or share a cache of objects of `size` bytes (mm/slab_common.c: kmem_cache_create_usercopy).

    Runs on `cpu`, CPU 0 by default. Returns None after a warning when creation fails; raises KernelPanicError instead
    for a SLAB_PANIC cache, and EndlessAlignmentError for the one request at which the real kernel hangs.
    """
    cpu = cpu or core.kernel.machine.cpus[0]
    err = kmem_cache_sanity_check(size, flags)
    cache: KmemCache | None = None
    if not err:
        flags &= fl.cache_create_mask(core.options.debug_slab)
        if not usercopy_window_is_valid(size, useroffset, usersize):
            told = f"usercopy window {useroffset}+{usersize} does not lie in an object of {size} bytes"
            core.kernel.log.pr_warn(cpu, told)
            useroffset = usersize = 0
        if not usersize:
            cache = kmem_cache_alias(core, size, align, flags, ctor)
    if not err and cache is None:
        # Not modelled: kstrdup_const of the name; most callers pass a constant that is not copied.
        align = calculate_alignment(flags, align, size, core.options.cache_line_size)
        cache, err = create_cache(core, cpu, name, size, align, flags, useroffset, usersize, ctor)
    if err:
        creation_failed(core, cpu, name, flags, err)
    return cache


def kmem_cache_sanity_check(size: int, flags: int) -> int:
    """Return 0 or -EINVAL for flags that no caller may pass.

    Not modelled: the size checks of kmem_cache_sanity_check, which only DEBUG_VM builds have.
    """
    return -EINVAL if flags & ~fl.SLAB_FLAGS_PERMITTED or size < 0 else 0


def usercopy_window_is_valid(size: int, useroffset: int, usersize: int) -> bool:
    """Whether the part of an object that user space may copy lies inside it."""
    return not (usersize == 0 and useroffset) and usersize <= size and useroffset <= size - usersize


def creation_failed(core: SlabCore, cpu: Cpu, name: str, flags: int, err: int) -> None:
    """Warn, or panic if the cache was asked for with SLAB_PANIC."""
    if flags & fl.SLAB_PANIC:
        raise KernelPanicError(f"kmem_cache_create: Failed to create slab '{name}'. Error {err}")
    core.kernel.log.pr_warn(cpu, f"kmem_cache_create({name}) failed with error {err}")
    core.kernel.log.dump_stack(cpu)


def create_cache(
    core: SlabCore,
    cpu: Cpu,
    name: str,
    object_size: int,
    align: int,
    flags: int,
    useroffset: int,
    usersize: int,
    ctor: int,
) -> tuple[KmemCache | None, int]:
    """Make a new cache whose struct comes from the cache of caches; (cache, 0) or (None, errno) (create_cache)."""
    kmem_cache = cache_of_caches(core)
    addr = core.kmem_cache_alloc(cpu, kmem_cache, gfp.GFP_KERNEL | gfp.ZERO)
    if not addr:
        return None, -ENOMEM
    cache = new_kmem_cache(core, addr, name)
    cache.size = cache.object_size = object_size
    cache.align, cache.ctor = align, ctor
    cache.useroffset, cache.usersize = useroffset, usersize
    err = set_up_cache(core, cpu, cache, flags)
    if err:
        core.by_index.pop()
        core.kmem_cache_free(cpu, kmem_cache, addr)
        return None, err
    cache.refcount = 1
    core.caches.append(cache)
    return cache, 0


def cache_of_caches(core: SlabCore) -> KmemCache:
    """Return the cache that struct kmem_cache comes from, which boot makes first."""
    kmem_cache = core.kmem_cache
    assert kmem_cache is not None
    return kmem_cache


def new_kmem_cache(core: SlabCore, addr: int, name: str) -> KmemCache:
    """Return an empty struct kmem_cache at `addr`, entered in `by_index` but not yet in `caches`."""
    kernel = core.kernel
    cache = KmemCache(len(core.by_index), addr, name, kernel.nr_node_ids)
    core.by_index.append(cache)
    return cache


def create_boot_cache(core: SlabCore, cpu: Cpu, cache: KmemCache, size: int, flags: int, usersize: int) -> None:
    """Fill a cache made at boot, whose struct exists already (mm/slab_common.c: create_boot_cache)."""
    cache.size = cache.object_size = size
    cache.align = kmalloc.boot_alignment(size, flags)
    cache.useroffset, cache.usersize = 0, usersize
    err = set_up_cache(core, cpu, cache, flags)
    if err:
        raise KernelPanicError(f"Creation of kmalloc slab {cache.name} size={size} failed. Reason {err}")
    cache.refcount = -1  # exempt from merging for now


def set_up_cache(core: SlabCore, cpu: Cpu, cache: KmemCache, flags: int) -> int:
    """Size a cache and give it its arrays; 0 or a negative errno with everything released (__kmem_cache_create)."""
    geometry = cache_geometry(cache.object_size, cache.align, flags, bool(cache.ctor), rules_of(core))
    if geometry.err:
        return geometry.err
    apply_geometry(core, cache, geometry)
    request = gfp.GFP_KERNEL if core.slab_state >= UP else gfp.GFP_NOWAIT
    err = boot_arrays.setup_cpu_cache(core, cpu, cache, request)
    if err:
        kmem_cache_release(core, cpu, cache)
    return err


def apply_geometry(core: SlabCore, cache: KmemCache, geometry: Geometry) -> None:
    """Store what sizing decided."""
    cache.align, cache.flags, cache.size = geometry.align, geometry.flags, geometry.size
    cache.num, cache.gfporder = geometry.num, geometry.gfporder
    cache.colour, cache.colour_off = geometry.colour, geometry.colour_off
    cache.freelist_size, cache.allocflags = geometry.freelist_size, geometry.allocflags
    cache.obj_offset = geometry.obj_offset
    cache.reciprocal_m, cache.reciprocal_sh1, cache.reciprocal_sh2 = reciprocal_value(geometry.size)
    if geometry.flags & fl.CFLGS_OFF_SLAB:
        cache.freelist_cache = core.kmalloc_slab(geometry.freelist_size, 0)


def rules_of(core: SlabCore) -> Rules:
    """Return the sizing rules of an allocator, with the kmalloc caches that it has by now."""

    def freelist_cache(size: int) -> FreelistCache | None:
        cache = core.kmalloc_slab(size, 0)
        if cache is None:
            return None
        return FreelistCache(cache.name, cache.size, bool(cache.flags & fl.CFLGS_OFF_SLAB))

    options = core.options
    return Rules(
        slab_max_order=core.slab_max_order,
        debug_slab=options.debug_slab,
        debug_pagealloc=options.debug_pagealloc,
        init_on_free=options.init_on_free,
        cache_line_size=options.cache_line_size,
        kmalloc_slab=freelist_cache,
    )


def kmem_cache_release(core: SlabCore, cpu: Cpu, cache: KmemCache) -> None:
    """Free the arrays and node structures of a cache without objects (mm/slab.c: __kmem_cache_release)."""
    if cache.cpu_cache:
        core.kernel.percpu.free_percpu(cache.cpu_cache_offset)
        cache.cpu_cache = []
    for nid, node in enumerate(cache.node):
        if node is None:
            continue
        if node.shared is not None:
            core.kfree(cpu, node.shared.addr)
        cpucache.free_alien_cache(core, cpu, node.alien, node.alien_addr)
        core.kfree(cpu, node.addr)
        cache.node[nid] = None
