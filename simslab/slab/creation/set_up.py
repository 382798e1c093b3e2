"""SLAB's part of creation: sizing a cache and giving it its arrays, and taking both away (mm/slab.c)."""

from __future__ import annotations

from simslab.kernel.mm import gfp
from simslab.machine.core.cpu import Cpu
from simslab.slab import cflgs
from simslab.slab.core import SlabCore
from simslab.slab.creation import boot_arrays, node_setup
from simslab.slab.creation.geometry import FreelistCache, Geometry, Rules, cache_geometry
from simslab.slab.kmem_cache import KmemCache
from simslab.slab_common.alignment import reciprocal_value
from simslab.slab_common.creation import CacheCreation, CacheRequest
from simslab.slab_common.freelist_random import cache_random_seq_destroy
from simslab.slab_common.merging import MergeRules, find_mergeable
from simslab.slab_common.slab_state import UP


class SlabCreation(CacheCreation[KmemCache]):
    """Creation and destruction of the caches of `core`."""

    def __init__(self, core: SlabCore) -> None:
        super().__init__(core, core.options.cache_line_size, core.options.debug_vm, core.options.memcg)
        self.core = core

    def cache_create_mask(self) -> int:
        """Debug flags reach a cache only with DEBUG_SLAB."""
        return cflgs.cache_create_mask(self.core.options.debug_slab)

    def cache_structure(self, index: int, addr: int, name: str) -> KmemCache:
        """An empty struct kmem_cache at `addr`."""
        return KmemCache(index, addr, name, self.core.kernel.nr_node_ids)

    def kmem_cache_alias(self, request: CacheRequest) -> KmemCache | None:
        """Return an existing cache to be shared, its refcount and object_size raised (mm/slab.c: __kmem_cache_alias).

        The raised object_size stays when the alias goes away again, as in the kernel.
        """
        options = self.core.options
        if options.slab_nomerge or request.ctor:
            return None
        rules = MergeRules(options.cache_line_size, by_alignment=True)
        cache = find_mergeable(self.core.caches, request.size, request.align, request.flags, rules)
        if cache is not None:
            cache.refcount += 1
            cache.object_size = max(cache.object_size, request.size)
        return cache

    def set_up(self, cpu: Cpu, cache: KmemCache, flags: int) -> int:
        """Size a cache and give it its arrays (mm/slab.c: __kmem_cache_create)."""
        return set_up_cache(self.core, cpu, cache, flags)

    def shutdown(self, cpu: Cpu, cache: KmemCache) -> int:
        """Shrink; 1 when objects are left (mm/slab.c: __kmem_cache_shutdown)."""
        return self.core.shrink_online(cpu, cache)

    def release(self, cpu: Cpu, cache: KmemCache) -> None:
        """Free arrays and node structures (mm/slab.c: __kmem_cache_release)."""
        kmem_cache_release(self.core, cpu, cache)


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
    cache.colour, cache.colour_off = 0 if core.options.no_colouring else geometry.colour, geometry.colour_off
    cache.freelist_size, cache.allocflags = geometry.freelist_size, geometry.allocflags
    cache.obj_offset = geometry.obj_offset
    cache.reciprocal_m, cache.reciprocal_sh1, cache.reciprocal_sh2 = reciprocal_value(geometry.size)
    if geometry.flags & cflgs.CFLGS_OFF_SLAB:
        cache.freelist_cache = core.kmalloc_slab(geometry.freelist_size, 0)


def rules_of(core: SlabCore) -> Rules:
    """Return the sizing rules of an allocator, with the kmalloc caches that it has by now."""

    def freelist_cache(size: int) -> FreelistCache | None:
        cache = core.kmalloc_slab(size, 0)
        if cache is None:
            return None
        return FreelistCache(cache.name, cache.size, bool(cache.flags & cflgs.CFLGS_OFF_SLAB))

    options = core.options
    return Rules(
        slab_max_order=core.slab_max_order,
        debug_slab=options.debug_slab,
        debug_pagealloc=options.debug_pagealloc,
        init_on_free=options.init_on_free,
        no_objfreelist=options.no_objfreelist,
        cache_line_size=options.cache_line_size,
        kmalloc_slab=freelist_cache,
    )


def kmem_cache_release(core: SlabCore, cpu: Cpu, cache: KmemCache) -> None:
    """Free the arrays and node structures of a cache without objects (mm/slab.c: __kmem_cache_release).

    What uses the cache afterwards finds its arrays full of nothing, and on the slow path no node's structure.
    """
    cache_random_seq_destroy(core, cpu, cache)
    if cache.cpu_cache:
        core.kernel.percpu.free_percpu(cache.cpu_cache_offset)
    for ac in cache.cpu_cache:
        ac.avail = ac.limit = 0
    for nid, node in enumerate(cache.node):
        if node is None:
            continue
        if node.shared is not None:
            core.kfree(cpu, node.shared.addr)
        node_setup.free_alien_cache(core, cpu, node.alien, node.alien_addr)
        core.kfree(cpu, node.list_lock.addr)
        cache.node[nid] = None
