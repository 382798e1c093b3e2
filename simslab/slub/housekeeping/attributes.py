"""What /sys/kernel/slab shows of SLUB's caches, in the kernel's formats (mm/slub.c: the `_show` functions).

A kernel with SLUB_DEBUG, SLUB_STATS, NUMA, ZONE_DMA and FAILSLAB. Nothing is charged and no CPU is flushed. The symbol
of a simulated constructor has the name of its cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from simslab.kernel.text import TEXT_BYTES
from simslab.slab_common.flags import SLAB_FAILSLAB, SLAB_HWCACHE_ALIGN
from simslab.slab_common.merging import slab_unmergeable
from simslab.slub import flags as fl
from simslab.slub.core import SlubCore
from simslab.slub.debug.contents import TRACK_ALLOC, TRACK_FREE
from simslab.slub.housekeeping.count_partial import count_free, count_inuse, count_partial
from simslab.slub.housekeeping.locations import list_locations
from simslab.slub.kmem_cache import KmemCache, KmemCacheNode
from simslab.slub.stat_item import STAT_ITEMS

SYSFS: Final = "/sys/kernel/slab"
ID_FLAGS: Final = (
    (fl.SLAB_CACHE_DMA, "d"),
    (fl.SLAB_CACHE_DMA32, "D"),
    (fl.SLAB_RECLAIM_ACCOUNT, "a"),
    (fl.SLAB_CONSISTENCY_CHECKS, "F"),
)

Show = Callable[[SlubCore, KmemCache], str]


def number(field: Callable[[KmemCache], int]) -> Show:
    """Return the show function of a field of struct kmem_cache."""
    return lambda core, cache: f"{field(cache)}\n"


def flag(bit: int) -> Show:
    """Return the show function of a cache flag: 1 or 0."""
    return lambda core, cache: f"{int(bool(cache.flags & bit))}\n"


def nothing(core: SlubCore, cache: KmemCache) -> str:
    """What is shown of attributes that are only written."""
    return ""


def by_node(counts: Iterable[tuple[int, int]]) -> str:
    """Return (node, count) pairs summed up, then by node where it has any (mm/slub.c: show_slab_objects)."""
    nodes: dict[int, int] = {}
    for nid, count in counts:
        nodes[nid] = nodes.get(nid, 0) + count
    parts = [f" N{nid}={nodes[nid]}" for nid in sorted(nodes) if nodes[nid]]
    return f"{sum(nodes.values())}{''.join(parts)}\n"


def of_nodes(count: Callable[[SlubCore, KmemCacheNode], int]) -> Show:
    """Return the show function of something that every node structure has."""
    return lambda core, cache: by_node((n.node, count(core, n)) for n in cache.nodes())


def inuse_partial(core: SlubCore, n: KmemCacheNode) -> int:
    """Objects out of the slabs on a node's list (mm/slub.c: count_partial with count_inuse)."""
    return count_partial(core.pages, core.lists, n, count_inuse)


def objects(core: SlubCore, n: KmemCacheNode) -> int:
    """Objects of a node's slabs that do not lie free on its list (SO_ALL with SO_OBJECTS)."""
    return n.total_objects - count_partial(core.pages, core.lists, n, count_free)


def cpu_slabs_show(core: SlubCore, cache: KmemCache) -> str:
    """Slabs that CPUs have, those of their lists with the node of the first of them (mm/slub.c: cpu_slabs_show)."""
    nid, counts = core.pages.mem_map.nid, []
    for c in cache.cpu_slab:
        if c.page < 0:
            continue  # as the kernel does: the list of a CPU without a slab is passed over
        counts.append((nid(c.page), 1))
        if c.partial >= 0:
            _, pages, _ = core.partial.entries(c)[0]
            counts.append((nid(c.partial), pages))
    return by_node(counts)


def slabs_cpu_partial_show(core: SlubCore, cache: KmemCache) -> str:
    """Objects and (in brackets) slabs on the CPUs' lists, then by CPU (mm/slub.c: slabs_cpu_partial_show)."""
    heads = {cpu: core.partial.entries(cache.cpu_slab[cpu])[:1] for cpu in core.online_cpus}
    found = [(cpu, pages, pobjects) for cpu, entries in heads.items() for _, pages, pobjects in entries]
    total = f"{sum(pobjects for _, _, pobjects in found)}({sum(pages for _, pages, _ in found)})"
    return total + "".join(f" C{cpu}={pobjects}({pages})" for cpu, pages, pobjects in found) + "\n"


def ctor_show(core: SlubCore, cache: KmemCache) -> str:
    """A constructor as %pS prints it, nothing where there is none (mm/slub.c: ctor_show)."""
    return f"{cache.name}_ctor+0x0/{TEXT_BYTES:#x}\n" if cache.ctor else ""


def calls(which: int) -> Show:
    """Return alloc_calls_show (TRACK_ALLOC) or free_calls_show (TRACK_FREE)."""
    return lambda core, cache: list_locations(core, cache, which)


def aliases(cache: KmemCache) -> int:
    """Names beside a cache's own; -1 after a destruction that found objects, as in the kernel (aliases_show)."""
    return 0 if cache.refcount < 0 else cache.refcount - 1


def stat(item: int) -> Show:
    """Return the show function of a counter of SLUB_STATS: the sum, then by CPU (mm/slub.c: show_stat)."""

    def show(core: SlubCore, cache: KmemCache) -> str:
        counts = [(cpu, cache.cpu_slab[cpu].stats()[item]) for cpu in core.online_cpus]
        return f"{sum(n for _, n in counts)}" + "".join(f" C{cpu}={n}" for cpu, n in counts if n) + "\n"

    return show


SHOWS: Final[dict[str, Show]] = {
    "slab_size": number(lambda cache: cache.size),
    "object_size": number(lambda cache: cache.object_size),
    "objs_per_slab": number(lambda cache: cache.oo_objects),
    "order": number(lambda cache: cache.oo_order),
    "min_partial": number(lambda cache: cache.min_partial),
    "cpu_partial": number(lambda cache: cache.cpu_partial),
    "objects": of_nodes(objects),
    "objects_partial": of_nodes(inuse_partial),
    "partial": of_nodes(lambda core, n: n.nr_partial),
    "cpu_slabs": cpu_slabs_show,
    "ctor": ctor_show,
    "aliases": number(aliases),
    "align": number(lambda cache: cache.align),
    "hwcache_align": flag(SLAB_HWCACHE_ALIGN),
    "reclaim_account": flag(fl.SLAB_RECLAIM_ACCOUNT),
    "destroy_by_rcu": flag(fl.SLAB_TYPESAFE_BY_RCU),
    "shrink": nothing,
    "slabs_cpu_partial": slabs_cpu_partial_show,
    "total_objects": of_nodes(lambda core, n: n.total_objects),
    "slabs": of_nodes(lambda core, n: n.nr_slabs),
    "sanity_checks": flag(fl.SLAB_CONSISTENCY_CHECKS),
    "trace": flag(fl.SLAB_TRACE),
    "red_zone": flag(fl.SLAB_RED_ZONE),
    "poison": flag(fl.SLAB_POISON),
    "store_user": flag(fl.SLAB_STORE_USER),
    "validate": nothing,
    "alloc_calls": calls(TRACK_ALLOC),
    "free_calls": calls(TRACK_FREE),
    "cache_dma": flag(fl.SLAB_CACHE_DMA),
    "remote_node_defrag_ratio": number(lambda cache: cache.remote_node_defrag_ratio // 10),
    **{name.lower(): stat(item) for item, name in enumerate(STAT_ITEMS)},
    "failslab": flag(SLAB_FAILSLAB),
    "usersize": number(lambda cache: cache.usersize),
}


def create_unique_id(cache: KmemCache) -> str:
    """Return the name of the directory of a cache that others may share (mm/slub.c: create_unique_id)."""
    letters = "".join(letter for bit, letter in ID_FLAGS if cache.flags & bit)
    return f":{letters}{'-' if letters else ''}{cache.size:07d}"


def directory(core: SlubCore, cache: KmemCache) -> str:
    """Return the name of a cache's directory (mm/slub.c: sysfs_slab_add)."""
    return cache.name if core.options.slab_nomerge or slab_unmergeable(cache) else create_unique_id(cache)


def sysfs_text(core: SlubCore) -> str:
    """Return /sys/kernel/slab as `find -type l -printf '%p -> %l\\n'` and `grep -r .` print it, sorted.

    First the links from names to directories of caches that may be shared, then every attribute that shows something.
    Not modelled: links of the standing caches that were merged at boot; `aliases` counts them.
    """
    named = {cache: directory(core, cache) for cache in core.caches}
    links = {name: folder for cache, folder in named.items() for name in (cache.name, *cache.aliases) if name != folder}
    lines = [f"{SYSFS}/{name} -> {folder}" for name, folder in sorted(links.items())]
    for cache, folder in sorted(named.items(), key=lambda pair: pair[1]):
        for name in sorted(SHOWS):
            lines += [f"{SYSFS}/{folder}/{name}:{line}" for line in SHOWS[name](core, cache).splitlines()]
    return "\n".join(lines) + "\n"
