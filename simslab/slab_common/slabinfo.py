"""/proc/slabinfo, format 2.1: what both allocators print alike (mm/slab_common.c)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simslab.allocator.cache import Cache

TITLE: Final = "slabinfo - version: 2.1"
COLUMNS: Final = (
    "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>"
    " : tunables <limit> <batchcount> <sharedfactor>"
    " : slabdata <active_slabs> <num_slabs> <sharedavail>"
)


@dataclass(frozen=True)
class Slabinfo:
    """One cache's row (mm/slab.h: struct slabinfo). Objects in per-CPU, shared and alien arrays count as active."""

    active_objs: int
    num_objs: int
    active_slabs: int
    num_slabs: int
    shared_avail: int
    limit: int
    batchcount: int
    shared: int
    objects_per_slab: int
    cache_order: int


def slabinfo_header(statistics: str = "") -> str:
    """Return the two header lines; `statistics` are more columns (mm/slab_common.c: print_slabinfo_header)."""
    title = TITLE + (" (statistics)" if statistics else "")
    return f"{title}\n{COLUMNS}{statistics}\n"


def slabinfo_row(cache: Cache, info: Slabinfo) -> str:
    """Return a cache's line, without its end (mm/slab_common.c: cache_show)."""
    return (
        f"{cache.name:<17s} {info.active_objs:6d} {info.num_objs:6d} {cache.size:6d} "
        f"{info.objects_per_slab:4d} {1 << info.cache_order:4d}"
        f" : tunables {info.limit:4d} {info.batchcount:4d} {info.shared:4d}"
        f" : slabdata {info.active_slabs:6d} {info.num_slabs:6d} {info.shared_avail:6d}"
    )
