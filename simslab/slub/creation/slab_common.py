"""Creating, sharing and destroying caches with SLUB (mm/slab_common.c, and the creation half of mm/slub.c).

Everything here runs in process context. Not modelled: slab_mutex and the hotplug locks around it, and the sysfs entries
of a cache.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simslab.kernel.mm import gfp
from simslab.machine.core.cpu import Cpu
from simslab.slab_common.alignment import BYTES_PER_WORD, align_up, calculate_alignment, reciprocal_value
from simslab.slab_common.flags import SLAB_PANIC
from simslab.slab_common.slab_state import DOWN, KernelPanicError
from simslab.slab_common.usercopy import usercopy_window_is_valid
from simslab.slub import flags as fl
from simslab.slub import layout, shrink
from simslab.slub.creation import geometry as sizing
from simslab.slub.creation import kmalloc
from simslab.slub.kmem_cache import KmemCache, KmemCacheCpu, KmemCacheNode

if TYPE_CHECKING:
    from simslab.slub.core import SlubCore

ENOMEM: Final = 12
EINVAL: Final = 22
EBUSY: Final = 16


def find_mergeable(allocator: SlubCore, size: int, align: int, flags: int, name: str, ctor: int) -> KmemCache | None:
    """Return the oldest cache that can serve a request (mm/slab_common.c: find_mergeable).

    Unlike SLAB, SLUB asks only that the stride be a multiple of the alignment, not the cache's own alignment.
    """
    options = allocator.options
    if options.slab_nomerge or ctor:
        return None
    size = align_up(size, BYTES_PER_WORD)
    align = calculate_alignment(flags, align, size, options.cache_line_size)
    size = align_up(size, align)
    flags = options.kmem_cache_flags(flags, name)
    if flags & fl.SLAB_NEVER_MERGE:
        return None
    for cache in allocator.caches:
        if not slab_unmergeable(cache) and fits_into(cache, size, align, flags):
            return cache
    return None


def slab_unmergeable(cache: KmemCache) -> bool:
    """Whether no other cache may share `cache` (mm/slab_common.c: slab_unmergeable)."""
    return bool(cache.flags & fl.SLAB_NEVER_MERGE or cache.ctor or cache.usersize or cache.refcount < 0)


def fits_into(cache: KmemCache, size: int, align: int, flags: int) -> bool:
    """Whether objects of `size` bytes, already aligned, can live in `cache` without waste of a word or more."""
    return (
        size <= cache.size
        and (flags & fl.SLAB_MERGE_SAME) == (cache.flags & fl.SLAB_MERGE_SAME)
        and cache.size & (align - 1) == 0
        and cache.size - size < BYTES_PER_WORD
    )


def kmem_cache_alias(allocator: SlubCore, name: str, size: int, align: int, flags: int, ctor: int) -> KmemCache | None:
    """Return a cache to be shared, its object_size and inuse raised for good (mm/slub.c: __kmem_cache_alias)."""
    cache = find_mergeable(allocator, size, align, flags, name, ctor)
    if cache is not None:
        cache.refcount += 1
        cache.object_size = max(cache.object_size, size)
        cache.inuse = max(cache.inuse, align_up(size, BYTES_PER_WORD))
    return cache


def kmem_cache_create_usercopy(
    allocator: SlubCore,
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
    for a SLAB_PANIC cache.
    """
    cpu = cpu or allocator.kernel.machine.cpus[0]
    cache, err = create_or_share(allocator, cpu, name, size, align, flags, ctor, useroffset, usersize)
    if err:
        creation_failed(allocator, cpu, name, flags, err)
    return cache


def create_or_share(
    allocator: SlubCore,
    cpu: Cpu,
    name: str,
    size: int,
    align: int,
    flags: int,
    ctor: int,
    useroffset: int,
    usersize: int,
) -> tuple[KmemCache | None, int]:
    """Body of kmem_cache_create_usercopy: (cache, 0) or (None, errno)."""
    if flags & ~fl.SLAB_FLAGS_PERMITTED or size < 0:
        return None, -EINVAL
    flags &= fl.CACHE_CREATE_MASK
    if not usercopy_window_is_valid(size, useroffset, usersize):
        told = f"usercopy window {useroffset}+{usersize} does not lie in an object of {size} bytes"
        allocator.kernel.log.pr_warn(cpu, told)
        useroffset = usersize = 0
    if not usersize:
        cache = kmem_cache_alias(allocator, name, size, align, flags, ctor)
        if cache is not None:
            return cache, 0
    align = calculate_alignment(flags, align, size, allocator.options.cache_line_size)
    return create_cache(allocator, cpu, name, size, align, flags, useroffset, usersize, ctor)


def creation_failed(allocator: SlubCore, cpu: Cpu, name: str, flags: int, err: int) -> None:
    """Warn, or panic if the cache was asked for with SLAB_PANIC."""
    if flags & SLAB_PANIC:
        raise KernelPanicError(f"kmem_cache_create: Failed to create slab '{name}'. Error {err}")
    allocator.kernel.log.pr_warn(cpu, f"kmem_cache_create({name}) failed with error {err}")
    allocator.kernel.log.dump_stack(cpu)


def create_cache(
    allocator: SlubCore,
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
    addr = allocator.kmem_cache_alloc(cpu, allocator.cache_of_caches(), gfp.GFP_KERNEL | gfp.ZERO)
    if not addr:
        return None, -ENOMEM
    cache = new_kmem_cache(allocator, addr, name)
    cache.size = cache.object_size = object_size
    cache.align, cache.ctor = align, ctor
    cache.useroffset, cache.usersize = useroffset, usersize
    err = kmem_cache_open(allocator, cpu, cache, flags)
    if err:
        allocator.by_index.pop()
        allocator.kmem_cache_free(cpu, allocator.cache_of_caches(), addr)
        return None, err
    cache.refcount = 1
    allocator.caches.append(cache)
    return cache, 0


def new_kmem_cache(allocator: SlubCore, addr: int, name: str) -> KmemCache:
    """Return an empty struct kmem_cache at `addr`, entered in `by_index` but not yet in `caches`."""
    cache = KmemCache(len(allocator.by_index), addr, name, allocator.kernel.nr_node_ids)
    allocator.by_index.append(cache)
    return cache


def create_boot_cache(allocator: SlubCore, cpu: Cpu, cache: KmemCache, size: int, flags: int, usersize: int) -> None:
    """Fill a cache made at boot, whose struct exists already (mm/slab_common.c: create_boot_cache)."""
    cache.size = cache.object_size = size
    cache.align = kmalloc.boot_alignment(size, flags)
    cache.useroffset, cache.usersize = 0, usersize
    err = kmem_cache_open(allocator, cpu, cache, flags)
    if err:
        raise KernelPanicError(f"Creation of kmalloc slab {cache.name} size={size} failed. Reason {err}")
    cache.refcount = -1  # exempt from merging for now


def kmem_cache_open(allocator: SlubCore, cpu: Cpu, cache: KmemCache, flags: int) -> int:
    """Size a cache and give it its structures; 0 or a negative errno with all released (mm/slub.c: kmem_cache_open)."""
    flags = allocator.options.kmem_cache_flags(flags, cache.name)
    rules = allocator.rules()
    geometry = sizing.kmem_cache_open(cache.object_size, cache.align, flags, bool(cache.ctor), rules)
    if geometry.err:
        return geometry.err
    apply_geometry(cache, geometry, sizing.kmem_cache_debug(geometry.flags, rules))
    if init_kmem_cache_nodes(allocator, cpu, cache) and alloc_kmem_cache_cpus(allocator, cache):
        return 0
    kmem_cache_release(allocator, cpu, cache)
    return -EINVAL


def apply_geometry(cache: KmemCache, geometry: sizing.Geometry, debug: bool) -> None:
    """Store what sizing decided."""
    cache.flags, cache.size = geometry.flags, geometry.size
    cache.offset, cache.inuse, cache.red_left_pad = geometry.offset, geometry.inuse, geometry.red_left_pad
    cache.reciprocal_m, cache.reciprocal_sh1, cache.reciprocal_sh2 = reciprocal_value(geometry.size)
    cache.oo_order, cache.oo_objects = geometry.oo.order, geometry.oo.objects
    cache.max_order, cache.max_objects = geometry.oo.order, geometry.oo.objects
    cache.min_order, cache.min_objects = geometry.min.order, geometry.min.objects
    cache.allocflags = geometry.allocflags
    cache.min_partial, cache.cpu_partial = geometry.min_partial, geometry.cpu_partial
    cache.remote_node_defrag_ratio = sizing.REMOTE_NODE_DEFRAG_RATIO
    cache.debug = int(debug)
    cache.left = geometry.red_left_pad if debug and geometry.flags & fl.SLAB_RED_ZONE else 0


def init_kmem_cache_nodes(allocator: SlubCore, cpu: Cpu, cache: KmemCache) -> bool:
    """Give a cache a structure for every node with memory; False when one has none (mm/slub.c: init_kmem_cache_nodes).

    Before the cache of those structures works, its own are made by hand (early_kmem_cache_node_alloc).
    """
    for nid in allocator.nodes_with_memory:
        if allocator.slab_state == DOWN:
            early_kmem_cache_node_alloc(allocator, cpu, cache, nid)
            continue
        assert allocator.kmem_cache_node is not None
        addr = allocator.kmem_cache_alloc_node(cpu, allocator.kmem_cache_node, gfp.GFP_KERNEL, nid)
        if not addr:
            return False
        cache.node[nid] = new_node(allocator, cache, addr, nid)
    return True


def new_node(allocator: SlubCore, cache: KmemCache, addr: int, nid: int) -> KmemCacheNode:
    """Return a node structure without slabs at `addr` (mm/slub.c: init_kmem_cache_node)."""
    lock = allocator.new_lock(addr + layout.NODE_LIST_LOCK, f"{cache.name}:list_lock")
    return KmemCacheNode(addr, nid, lock)


def early_kmem_cache_node_alloc(allocator: SlubCore, cpu: Cpu, cache: KmemCache, nid: int) -> None:
    """Make the first node structure in the first slab of its own cache (mm/slub.c: early_kmem_cache_node_alloc)."""
    pages = allocator.pages
    saved = cpu.irq_save(0)
    pfn = pages.new_slab(cpu, cache, gfp.GFP_NOWAIT, nid)
    if pfn < 0:
        raise KernelPanicError(f"no memory for the first kmem_cache_node of node {nid}")
    addr = pages.mem_map.get("freelist", pfn)
    pages.mem_map.set("freelist", pfn, pages.freelists.get_freepointer(cache, addr))
    objects = pages.objects(pfn)
    pages.mem_map.set("s_mem", pfn, 1 | (objects << 16))
    n = new_node(allocator, cache, addr, nid)
    cache.node[nid] = n
    pages.inc_slabs_node(cpu, cache, pfn)
    n.list_lock.lock(cpu, 0)
    allocator.lists.add_partial(cpu, cache, n, pfn, 0)
    n.list_lock.unlock(cpu)
    cpu.irq_restore(saved)


def alloc_kmem_cache_cpus(allocator: SlubCore, cache: KmemCache) -> bool:
    """Give a cache its per-CPU structures (mm/slub.c: alloc_kmem_cache_cpus, init_kmem_cache_cpus)."""
    percpu = allocator.kernel.percpu
    offset = percpu.alloc_percpu(layout.CPU_BYTES, layout.CPU_ALIGN)
    if offset < 0:
        return False
    cache.cpu_slab_offset = offset
    cache.cpu_slab = [KmemCacheCpu(percpu.address(i, offset), i) for i in range(allocator.kernel.nr_cpu_ids)]
    return True


def kmem_cache_release(allocator: SlubCore, cpu: Cpu, cache: KmemCache) -> None:
    """Free the structures of a cache without slabs (mm/slub.c: __kmem_cache_release)."""
    if cache.cpu_slab:
        allocator.kernel.percpu.free_percpu(cache.cpu_slab_offset)
        cache.cpu_slab = []
    for nid, n in enumerate(cache.node):
        if n is not None:
            cache.node[nid] = None
            assert allocator.kmem_cache_node is not None
            allocator.kmem_cache_free(cpu, allocator.kmem_cache_node, n.addr)


def kmem_cache_destroy(
    allocator: SlubCore, cache: KmemCache, cpu: Cpu | None = None, order: list[int] | None = None
) -> int:
    """Drop one reference; the last one shuts the cache down (mm/slab_common.c: kmem_cache_destroy).

    Returns -EBUSY, after a warning, when objects are left. `order` as in flush_all.
    """
    cpu = cpu or allocator.kernel.machine.cpus[0]
    cache.refcount -= 1
    if cache.refcount:
        return 0
    if shrink.kmem_cache_shutdown(allocator, cpu, cache, order):
        allocator.kernel.log.pr_err(cpu, f"kmem_cache_destroy {cache.name}: Slab cache still has objects")
        allocator.kernel.log.dump_stack(cpu)
        return -EBUSY
    allocator.caches.remove(cache)
    if cache.flags & fl.SLAB_TYPESAFE_BY_RCU:
        allocator.caches_to_rcu_destroy.append(cache)
        allocator.kernel.workqueue.queue_work(cpu, lambda worker: slab_caches_to_rcu_destroy_workfn(allocator, worker))
    else:
        slab_kmem_cache_release(allocator, cpu, cache)
    return 0


def slab_caches_to_rcu_destroy_workfn(allocator: SlubCore, cpu: Cpu) -> None:
    """Release the caches that wait for grace periods, once these are over (slab_caches_to_rcu_destroy_workfn)."""
    to_destroy = list(allocator.caches_to_rcu_destroy)
    allocator.caches_to_rcu_destroy.clear()
    if not to_destroy:
        return

    def release(worker: Cpu) -> None:
        for cache in to_destroy:
            slab_kmem_cache_release(allocator, worker, cache)

    kernel = allocator.kernel
    kernel.rcu.after_barrier(cpu, lambda last: kernel.workqueue.queue_work(last, release))


def slab_kmem_cache_release(allocator: SlubCore, cpu: Cpu, cache: KmemCache) -> None:
    """Free a cache's structures (mm/slab_common.c: slab_kmem_cache_release)."""
    allocator.by_index[cache.index] = None
    kmem_cache_release(allocator, cpu, cache)
    allocator.kmem_cache_free(cpu, allocator.cache_of_caches(), cache.addr)
