"""Aliasing and kmalloc against the golden tables."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from simslab.conform import tables
from simslab.conform.records import LARGEST_SIZE, Row, read_rows
from simslab.conform.slub.caches import listed_columns
from simslab.conform.slub.topologies import new_system
from simslab.conform.verdict import Verdict
from simslab.slub.allocator import SlubAllocator
from simslab.slub.core import slab_ksize
from simslab.slub.creation import kmalloc
from simslab.slub.creation.geometry import get_order
from simslab.slub.creation.options import SlubOptions

TOPOLOGY: Final = "2n8c"
OWN_COLUMNS: Final = ("inuse", "offset")
# Object sizes that the table's single requests leave raised, where a record was made after them in the same boot.
RAISED_BY_SINGLES: Final = {"signal_cache": 960, "mnt_cache": 320}


def check_merge(path: Path) -> Verdict:
    """Make every request of a `merge*.csv` table on a booted system."""
    allocator = system_before([raised_by(row) for row in read_rows(path)])
    return tables.check_rows(path, "merge", tables.named_request, lambda row: create_and_describe(allocator, row))


def system_before(sizes: list[tuple[str, int, int]]) -> SlubAllocator:
    """Return the system before the first of some requests: booted, or with what single requests had left raised.

    `sizes` are (name of the cache that was shared, its object_size then, size asked for); they tell which it was.
    """
    allocator = new_system(TOPOLOGY, SlubOptions(), standing=True)
    raised = any(size == RAISED_BY_SINGLES.get(name) and asked < size for name, size, asked in sizes)
    for cache in allocator.caches if raised and not starts_unraised(sizes) else ():
        if cache.name in RAISED_BY_SINGLES:
            cache.object_size = cache.inuse = RAISED_BY_SINGLES[cache.name]
    return allocator


def starts_unraised(sizes: list[tuple[str, int, int]]) -> bool:
    """Whether a cache was shared with the size of its creation before anything raised it."""
    return any(name in RAISED_BY_SINGLES and size < RAISED_BY_SINGLES[name] for name, size, _ in sizes)


def raised_by(row: Row) -> tuple[str, int, int]:
    """Return which cache a request was merged with, its object size then, and the size asked for."""
    size = row.integer("req_size", 1, LARGEST_SIZE)
    return row["merged_with"], row.integer_or("object_size", 0, 0, LARGEST_SIZE), size


def check_list_before_merge(path: Path) -> Verdict:
    """Compare a list made before the requests of a table, which were not the first of their boot if sizes say so."""
    verdict = Verdict(path.name, "caches")
    sizes = [(row["name"], row.integer("object_size", 0, LARGEST_SIZE), 0) for row in read_rows(path)]
    tables.compare_lists(verdict, path, system_before(sizes).caches, listed_columns)
    return verdict


def check_list_after_merge(path: Path) -> Verdict:
    """Make the lasting requests of the table beside a `caches-after-merge-seq.csv`; compare the list that remains."""
    rows = [row for row in tables.lasting_requests(path) if row["mode"] == "seq"]
    if not rows:
        return tables.without_requests(path)
    verdict = Verdict(path.name, "merge")
    allocator = system_before([raised_by(row) for row in rows])
    for row in rows:
        create_and_describe(allocator, row)
    tables.compare_lists(verdict, path, allocator.caches, listed_columns)
    return verdict


def create_and_describe(allocator: SlubAllocator, row: Row) -> dict[str, object]:
    """Make one request as the row's mode says and return what the table records of it."""
    return tables.create_and_describe(allocator, row, OWN_COLUMNS)


def check_kmalloc(path: Path) -> Verdict:
    """Look every size and request of a `kmalloc*.csv` table up in a booted system."""
    allocator = new_system(TOPOLOGY, SlubOptions())
    return tables.check_kmalloc(path, lambda size, flags: kmalloc_columns(allocator, size, flags))


def kmalloc_columns(allocator: SlubAllocator, size: int, flags: int) -> dict[str, object]:
    """Return who serves a request, and what it gets."""
    if size == 0:
        return {"cache": "ZERO"}
    cache = allocator.kmalloc_slab(size, flags)
    if cache is None:
        order = get_order(size)
        if order > kmalloc.KMALLOC_MAX_ORDER:
            return {"cache": "NULL", "ksize": ""}
        return {"cache": "page_allocator", "ksize": 4096 << order, "large_order": order}
    return {
        "cache": cache.name,
        "ksize": slab_ksize(cache),
        "cache_size": cache.size,
        "kmalloc_index": kmalloc.SIZES.kmalloc_index(size),
    }
