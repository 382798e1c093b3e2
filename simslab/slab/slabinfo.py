"""/proc/slabinfo, format 2.1, with the statistics columns of a DEBUG_SLAB build (mm/slab_common.c, mm/slab.c)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from simslab.slab.kmem_cache import KmemCache
from simslab.slab_common import slabinfo
from simslab.slab_common.slabinfo import Slabinfo, slabinfo_row

STATISTICS_COLUMNS: Final = (
    " : globalstat <listallocs> <maxobjs> <grown> <reaped>"
    " <error> <maxfreeable> <nodeallocs> <remotefrees> <alienoverflow>"
    " : cpustat <allochit> <allocmiss> <freehit> <freemiss>"
)


def get_slabinfo(cache: KmemCache) -> Slabinfo:
    """Add up the nodes of a cache (mm/slab.c: get_slabinfo); a snapshot, no lock is taken and nothing charged."""
    nodes = [node for node in cache.node if node is not None]
    total = sum(node.total_slabs for node in nodes)
    num_objs = total * cache.num
    return Slabinfo(
        active_objs=num_objs - sum(node.free_objects for node in nodes),
        num_objs=num_objs,
        active_slabs=total - sum(node.free_slabs for node in nodes),
        num_slabs=total,
        shared_avail=sum(node.shared.avail for node in nodes if node.shared is not None),
        limit=cache.limit,
        batchcount=cache.batchcount,
        shared=cache.shared,
        objects_per_slab=cache.num,
        cache_order=cache.gfporder,
    )


def slabinfo_header(statistics: bool = False) -> str:
    """Return the two header lines (mm/slab_common.c: print_slabinfo_header)."""
    return slabinfo.slabinfo_header(STATISTICS_COLUMNS if statistics else "")


def slabinfo_line(cache: KmemCache, statistics: bool = False) -> str:
    """Return a cache's line (mm/slab_common.c: cache_show)."""
    line = slabinfo_row(cache, get_slabinfo(cache))
    return line + (statistics_columns(cache) if statistics else "") + "\n"


def statistics_columns(cache: KmemCache) -> str:
    """Return the globalstat and cpustat columns (mm/slab.c: slabinfo_show_stats)."""
    return (
        f" : globalstat {cache.num_allocations:7d} {cache.high_mark:6d} {cache.grown:5d} {cache.reaped:4d}"
        f" {cache.errors:4d} {cache.max_freeable:4d} {cache.node_allocs:4d} {cache.node_frees:4d}"
        f" {cache.node_overflow:4d}"
        f" : cpustat {cache.allochit:6d} {cache.allocmiss:6d} {cache.freehit:6d} {cache.freemiss:6d}"
    )


def slabinfo_text(caches: Iterable[KmemCache], statistics: bool = False) -> str:
    """Return the whole file for `caches` given in order of creation; the newest comes first, as in the kernel."""
    lines = [slabinfo_line(cache, statistics) for cache in caches]
    return slabinfo_header(statistics) + "".join(reversed(lines))
