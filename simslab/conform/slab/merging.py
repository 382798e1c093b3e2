"""Aliasing and kmalloc against the golden tables."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from simslab.conform import tables
from simslab.conform.records import Row, read_rows
from simslab.conform.slab.caches import cache_columns
from simslab.conform.topologies import new_system
from simslab.conform.verdict import Verdict
from simslab.slab.allocator import SlabAllocator
from simslab.slab.creation import kmalloc
from simslab.slab.creation.options import SlabOptions

TOPOLOGY = "2n8c"


# Object sizes that the table's single requests, which came first, leave raised: where a file has only the later ones.
RAISED_BY_SINGLES: Final = {
    "fs_cache": 64,
    "mnt_cache": 320,
    "skbuff_fclone_cache": 448,
    "bio-0": 192,
    "PING": 896,
    "jbd2_transaction_s": 256,
}


def check_merge(path: Path) -> Verdict:
    """Make every request of a `merge*.csv` table on a booted system."""
    allocator = system_before(list(read_rows(path)))
    return tables.check_rows(
        path, "merge", tables.named_request, lambda row: tables.create_and_describe(allocator, row)
    )


def system_before(rows: list[Row]) -> SlabAllocator:
    """Return the system in the state before the first of the requests."""
    allocator = new_system(TOPOLOGY, SlabOptions(), standing=True)
    if rows and rows[0]["mode"] == "seq":
        for cache in allocator.caches:
            cache.object_size = RAISED_BY_SINGLES.get(cache.name, cache.object_size)
    return allocator


def check_list_after_merge(path: Path) -> Verdict:
    """Make the lasting requests of the tables beside a `caches-after-merge-seq.csv`; compare the list that remains."""
    rows = tables.lasting_requests(path)
    if not rows:
        return tables.without_requests(path)
    verdict = Verdict(path.name, "merge")
    allocator = system_before(rows)
    for row in rows:
        tables.create_and_describe(allocator, row)
    tables.compare_lists(verdict, path, allocator.caches[::-1], cache_columns)
    return verdict


def check_kmalloc(path: Path) -> Verdict:
    """Look every size and request of a `kmalloc*.csv` table up in a booted system."""
    allocator = new_system(TOPOLOGY, SlabOptions())
    return tables.check_kmalloc(path, lambda size, flags: kmalloc_columns(allocator, size, flags))


def kmalloc_columns(allocator: SlabAllocator, size: int, flags: int) -> dict[str, object]:
    """Return who serves a request, and what it gets; nobody serves 0 bytes, which get ZERO_SIZE_PTR."""
    if size == 0:
        return {"cache": "ZERO"}  # as the records of SLUB call it; those of SLAB have no such row
    cache = allocator.kmalloc_slab(size, flags)
    if cache is None:
        return {"cache": "NULL", "ksize": 0}
    return {
        "cache": cache.name,
        "ksize": cache.object_size,
        "cache_size": cache.size,
        "kmalloc_index": kmalloc.SIZES.kmalloc_index(size),
    }
