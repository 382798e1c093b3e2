"""SLUB's part of creation: sizing a cache and giving it its structures, and taking both away (mm/slub.c)."""

from __future__ import annotations

import random
from typing import Final

from simslab.base.seeds import stream_seed
from simslab.kernel.errno import EINVAL
from simslab.kernel.mm import gfp
from simslab.machine.core.cpu import Cpu
from simslab.slab_common.alignment import BYTES_PER_WORD, align_up, reciprocal_value
from simslab.slab_common.creation import CacheCreation, CacheRequest
from simslab.slab_common.freelist_random import FreelistRandom, cache_random_seq_destroy
from simslab.slab_common.merging import MergeRules, find_mergeable
from simslab.slab_common.slab_state import DOWN, UP, KernelPanicError
from simslab.slab_common.standing import StandingCache
from simslab.slub import flags as fl
from simslab.slub import layout
from simslab.slub.core import SlubCore
from simslab.slub.creation import geometry as sizing
from simslab.slub.housekeeping import shrink
from simslab.slub.kmem_cache import RELEASED, KmemCache, KmemCacheCpu, KmemCacheNode

LONG_BITS: Final = 64


class SlubCreation(CacheCreation[KmemCache]):
    """Creation and destruction of the caches of `core`."""

    def __init__(self, core: SlubCore) -> None:
        super().__init__(core, core.options.cache_line_size, core.options.debug_vm, core.options.memcg)
        self.core = core

    def cache_create_mask(self) -> int:
        """Debug flags reach every cache, and count where `slub_debug` was given."""
        return fl.CACHE_CREATE_MASK

    def cache_structure(self, index: int, addr: int, name: str) -> KmemCache:
        """An empty struct kmem_cache at `addr`."""
        return KmemCache(index, addr, name, self.core.kernel.nr_node_ids)

    def kmem_cache_alias(self, request: CacheRequest) -> KmemCache | None:
        """Return a cache to be shared, its object_size and inuse raised for good (mm/slub.c: __kmem_cache_alias).

        Unlike SLAB, SLUB asks only that the stride be a multiple of the alignment, not the cache's own alignment.
        """
        options = self.core.options
        if options.slab_nomerge or request.ctor:
            return None
        flags = options.kmem_cache_flags(request.flags, request.name)
        rules = MergeRules(options.cache_line_size, by_alignment=False)
        cache = find_mergeable(self.core.caches, request.size, request.align, flags, rules)
        if cache is not None:
            cache.refcount += 1
            cache.aliases.append(request.name)
            raise_sizes(cache, request.size)
        return cache

    def create_standing(self, cpu: Cpu, standing: StandingCache) -> KmemCache | None:
        """Make a standing cache with the sizes, too, that its aliases left."""
        cache = super().create_standing(cpu, standing)
        if cache is not None:
            raise_sizes(cache, standing.raised_size)
        return cache

    def set_up(self, cpu: Cpu, cache: KmemCache, flags: int) -> int:
        """Size a cache and give it its structures (mm/slub.c: __kmem_cache_create, kmem_cache_open)."""
        core = self.core
        flags, rules = core.options.kmem_cache_flags(flags, cache.name), core.rules()
        geometry = sizing.kmem_cache_open(cache.object_size, cache.align, flags, bool(cache.ctor), rules)
        if geometry.err:
            return geometry.err
        apply_geometry(cache, geometry, sizing.kmem_cache_debug(geometry.flags, rules))
        if core.options.freelist_hardened:
            cache.random = random_long(core.options.freelist_seed, cache.name)
        shuffled = core.slab_state < UP or not init_cache_random_seq(core, cpu, cache)
        if shuffled and init_kmem_cache_nodes(core, cpu, cache) and alloc_kmem_cache_cpus(core, cpu, cache):
            return 0
        self.release(cpu, cache)
        return -EINVAL

    def shutdown(self, cpu: Cpu, cache: KmemCache) -> int:
        """Give all slabs back; 1 when objects are left (mm/slub.c: __kmem_cache_shutdown)."""
        return shrink.kmem_cache_shutdown(self.core, cpu, cache)

    def release(self, cpu: Cpu, cache: KmemCache) -> None:
        """Free the structures of a cache without slabs (mm/slub.c: __kmem_cache_release).

        What uses the cache afterwards finds nothing on any CPU, and is refused on the slow paths (RELEASED).
        """
        core = self.core
        cache_random_seq_destroy(core, cpu, cache)
        if cache.cpu_slab:
            core.kernel.percpu.free_percpu(cache.cpu_slab_offset)
        cache.cpu_slab_offset = RELEASED
        for nid, n in enumerate(cache.node):
            if n is not None:
                cache.node[nid] = None
                assert core.kmem_cache_node is not None
                core.kmem_cache_free(cpu, core.kmem_cache_node, n.addr)


def init_cache_random_seq(core: SlubCore, cpu: Cpu, cache: KmemCache) -> int:
    """Draw the sequence of a cache once, over the objects of a slab of the usual order; 0 or -ENOMEM.

    Without SLAB_FREELIST_RANDOM there is none. A failure is told of. Source: mm/slub.c: init_cache_random_seq.
    """
    if core.pages.shuffle is None:
        return 0
    random_seq: FreelistRandom = core.pages.shuffle.random
    err = random_seq.cache_random_seq_create(core, cpu, cache, cache.oo_objects, gfp.GFP_KERNEL)
    if err:
        core.kernel.log.pr_err(cpu, f"SLUB: Unable to initialize free list for {cache.name}")
    return err


def random_long(seed: int, name: str) -> int:
    """Return a signed word of a cache's own, as get_random_long draws it."""
    return random.Random(stream_seed(seed, "hardened", name)).getrandbits(LONG_BITS) - (1 << LONG_BITS - 1)


def raise_sizes(cache: KmemCache, size: int) -> None:
    """Let a cache serve objects of `size` bytes as well."""
    cache.object_size = max(cache.object_size, size)
    cache.inuse = max(cache.inuse, align_up(size, BYTES_PER_WORD))


def apply_geometry(cache: KmemCache, geometry: sizing.Geometry, debug: bool) -> None:
    """Store what sizing decided."""
    cache.flags, cache.size = geometry.flags, geometry.size
    cache.offset, cache.inuse, cache.red_left_pad = geometry.offset, geometry.inuse, geometry.red_left_pad
    cache.reciprocal_m, cache.reciprocal_sh1, cache.reciprocal_sh2 = reciprocal_value(geometry.size)
    cache.oo_order, cache.oo_objects = geometry.oo.order, geometry.oo.objects
    cache.max_order, cache.max_objects = geometry.max.order, geometry.max.objects
    cache.min_order, cache.min_objects = geometry.min.order, geometry.min.objects
    cache.allocflags = geometry.allocflags
    cache.min_partial, cache.cpu_partial = geometry.min_partial, geometry.cpu_partial
    cache.remote_node_defrag_ratio = sizing.REMOTE_NODE_DEFRAG_RATIO
    cache.debug = int(debug)
    cache.left = geometry.red_left_pad if debug and geometry.flags & fl.SLAB_RED_ZONE else 0


def init_kmem_cache_nodes(core: SlubCore, cpu: Cpu, cache: KmemCache) -> bool:
    """Give a cache a structure for every node with memory; False when one has none (mm/slub.c: init_kmem_cache_nodes).

    Before the cache of those structures works, its own are made by hand (early_kmem_cache_node_alloc).
    """
    for nid in core.nodes_with_memory:
        if core.slab_state == DOWN:
            early_kmem_cache_node_alloc(core, cpu, cache, nid)
            continue
        assert core.kmem_cache_node is not None
        addr = core.kmem_cache_alloc_node(cpu, core.kmem_cache_node, gfp.GFP_KERNEL, nid)
        if not addr:
            return False
        cache.node[nid] = new_node(core, cache, addr, nid)
    return True


def new_node(core: SlubCore, cache: KmemCache, addr: int, nid: int) -> KmemCacheNode:
    """Return a node structure without slabs at `addr` (mm/slub.c: init_kmem_cache_node)."""
    lock = core.new_lock(addr + layout.NODE_LIST_LOCK, f"{cache.name}:list_lock")
    return KmemCacheNode(addr, nid, lock)


def early_kmem_cache_node_alloc(core: SlubCore, cpu: Cpu, cache: KmemCache, nid: int) -> None:
    """Make the first node structure in the first slab of its own cache (mm/slub.c: early_kmem_cache_node_alloc)."""
    pages = core.pages
    saved = cpu.irq_save(0)
    pfn = pages.new_slab(cpu, cache, gfp.GFP_NOWAIT, nid)
    if pfn < 0:
        raise KernelPanicError(f"no memory for the first kmem_cache_node of node {nid}")
    addr = pages.mem_map.get("freelist", pfn)
    pages.mem_map.set("freelist", pfn, pages.freelists.get_freepointer(cache, addr))
    objects = pages.objects(pfn)
    pages.mem_map.set("s_mem", pfn, 1 | (objects << layout.OBJECTS_SHIFT))
    n = new_node(core, cache, addr, nid)
    cache.node[nid] = n
    pages.inc_slabs_node(cpu, cache, pfn)
    n.list_lock.lock(cpu, 0)
    core.lists.add_partial(cpu, cache, n, pfn, 0)
    n.list_lock.unlock(cpu)
    cpu.irq_restore(saved)


def alloc_kmem_cache_cpus(core: SlubCore, cpu: Cpu, cache: KmemCache) -> bool:
    """Give a cache its per-CPU structures (mm/slub.c: alloc_kmem_cache_cpus, init_kmem_cache_cpus)."""
    percpu = core.kernel.percpu
    offset = percpu.alloc_percpu(layout.CPU_BYTES, layout.CPU_ALIGN, cpu)
    if offset < 0:
        return False
    cache.cpu_slab_offset = offset
    cache.cpu_slab = [KmemCacheCpu(percpu.address(i, offset), i) for i in range(core.kernel.nr_cpu_ids)]
    return True
