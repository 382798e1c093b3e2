"""What SLUB caches hold, as /proc/slabinfo tells it and in full (mm/slub.c: get_slabinfo). Nothing is charged."""

from __future__ import annotations

from simslab.allocator.parked import ArrayLevel, Parked
from simslab.slab_common.slabinfo import Slabinfo, slabinfo_header, slabinfo_row
from simslab.slub.core import SlubCore
from simslab.slub.housekeeping.count_partial import count_free, count_partial
from simslab.slub.kmem_cache import KmemCache, KmemCacheCpu


def free_on_lists(core: SlubCore, cache: KmemCache) -> int:
    """Free objects of the slabs on the nodes' lists."""
    return sum(count_partial(core.pages, core.lists, n, count_free) for n in cache.nodes())


def get_slabinfo(core: SlubCore, cache: KmemCache) -> Slabinfo:
    """Add up the nodes of a cache (mm/slub.c: get_slabinfo); what CPUs have counts as active, and every slab does."""
    slabs, objects = sum(n.nr_slabs for n in cache.nodes()), sum(n.total_objects for n in cache.nodes())
    return Slabinfo(
        active_objs=objects - free_on_lists(core, cache),
        num_objs=objects,
        active_slabs=slabs,
        num_slabs=slabs,
        shared_avail=0,
        limit=0,
        batchcount=0,
        shared=0,
        objects_per_slab=cache.oo_objects,
        cache_order=cache.oo_order,
    )


def slabinfo_text(core: SlubCore) -> str:
    """Return the text of /proc/slabinfo, newest cache first (mm/slab_common.c: slab_show)."""
    rows = [slabinfo_row(cache, get_slabinfo(core, cache)) for cache in reversed(core.caches)]
    return slabinfo_header() + "".join(f"{row}\n" for row in rows)


def on_cpu(core: SlubCore, cache: KmemCache, c: KmemCacheCpu) -> int:
    """Free objects that one CPU has: of its freelist, of its slab and of its list of slabs."""
    count, objp = 0, c.freelist
    while objp:
        count, objp = count + 1, core.pages.freelists.get_freepointer(cache, objp)
    if c.page >= 0:
        count += count_free(core.pages, c.page)
    pfn = c.partial
    while pfn >= 0:
        count += count_free(core.pages, pfn)
        pfn = core.pages.mem_map.get("next", pfn)
    return count


def cpu_levels(core: SlubCore, cache: KmemCache) -> list[ArrayLevel]:
    """The free objects that each CPU has of a cache."""
    return [ArrayLevel("cpu", cpu, on_cpu(core, cache, c)) for cpu, c in enumerate(cache.cpu_slab)]


def parked(core: SlubCore, cache: KmemCache) -> Parked:
    """The free objects of a cache by where they lie, and its pages.

    Not modelled: slabs of the smaller order that memory pressure forces count as slabs of the usual one.
    """
    return Parked(
        in_cpu_arrays=sum(on_cpu(core, cache, c) for c in cache.cpu_slab),
        in_shared_arrays=0,
        in_alien_arrays=0,
        in_slabs=free_on_lists(core, cache),
        pages=sum(n.nr_slabs for n in cache.nodes()) << cache.oo_order,
    )
