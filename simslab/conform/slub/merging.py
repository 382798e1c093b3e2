"""Aliasing and kmalloc against the golden tables."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from simslab.conform.records import LARGEST_ALIGN, LARGEST_FLAGS, LARGEST_SIZE, Row, read_rows
from simslab.conform.slub.caches import compare_lists
from simslab.conform.slub.topologies import new_system
from simslab.conform.verdict import Verdict
from simslab.kernel.mm import gfp
from simslab.slub.allocator import SlubAllocator
from simslab.slub.core import slab_ksize
from simslab.slub.creation import kmalloc, slab_common
from simslab.slub.creation.geometry import get_order
from simslab.slub.creation.options import SlubOptions

TOPOLOGY: Final = "2n8c"
# Object sizes that the table's single requests leave raised, where a record was made after them in the same boot.
RAISED_BY_SINGLES: Final = {"signal_cache": 960, "mnt_cache": 320}


def check_merge(path: Path) -> Verdict:
    """Make every request of a `merge*.csv` table on a booted system."""
    verdict = Verdict(path.name, "merge")
    rows = list(read_rows(path))
    allocator = system_before([raised_by(row) for row in rows])
    for number, row in enumerate(rows, start=2):
        where = f"line {number}: {row['name']}, size {row['req_size']}, flags {row['req_flags_decoded']}"
        if not verdict.compare_row(where, row, create_and_describe(allocator, row)):
            break
    return verdict


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
    compare_lists(verdict, path, system_before(sizes).caches)
    return verdict


def check_list_after_merge(path: Path) -> Verdict:
    """Make the lasting requests of the table beside a `caches-after-merge-seq.csv`; compare the list that remains."""
    tables = sorted(path.parent.glob("merge*.csv*"))
    rows = [row for table in tables for row in read_rows(table)]
    if not any(row["mode"] == "seq" for row in rows):
        return Verdict(path.name, "merge", skipped="the requests that led to it, mode seq, are not beside it")
    verdict = Verdict(path.name, "merge")
    rows = [row for row in rows if row["mode"] == "seq"]
    allocator = system_before([raised_by(row) for row in rows])
    for row in rows:
        create_and_describe(allocator, row)
    compare_lists(verdict, path, allocator.caches)
    return verdict


def create_and_describe(allocator: SlubAllocator, row: Row) -> dict[str, object]:
    """Make one request as the row's mode says and return what the table records of it."""
    known = len(allocator.caches)
    flags = row.integer("req_flags", 0, LARGEST_FLAGS, 16)
    size, align = row.integer("req_size", 1, LARGEST_SIZE), row.integer("req_align", 0, LARGEST_ALIGN)
    usersize = row.integer("usersize", 0, LARGEST_SIZE)
    cpu = allocator.kernel.machine.cpus[0]
    cache, err = slab_common.create_or_share(
        allocator,
        cpu,
        row["name"],
        size,
        align,
        flags,
        row.integer("ctor", 0, 1),
        0,
        usersize,
    )
    if cache is None:
        return {"err": err}
    merged = len(allocator.caches) == known
    columns: dict[str, object] = {
        "merged_with": cache.name if merged else "none",
        "err": 0,
        "size": cache.size,
        "object_size": cache.object_size,
        "align": cache.align,
        "inuse": cache.inuse,
        "offset": cache.offset,
        "refcount": cache.refcount,
    }
    if row["mode"] == "single":
        allocator.kmem_cache_destroy(cache)
        allocator.kernel.run_due_work(cpu)  # releases those that are type-safe by RCU
    return columns


def check_kmalloc(path: Path) -> Verdict:
    """Look every size and request of a `kmalloc*.csv` table up in a booted system."""
    verdict = Verdict(path.name, "kmalloc")
    allocator = new_system(TOPOLOGY, SlubOptions())
    for number, row in enumerate(read_rows(path), start=2):
        size = row.integer("size", 0, LARGEST_SIZE)
        try:
            flags = gfp.parse_gfp(row["gfp"])
        except ValueError:
            row.refuse("gfp", "GFP flags as ftrace prints them")
        columns = kmalloc_columns(allocator, size, flags)
        if not verdict.compare_row(f"line {number}: kmalloc({size}, {row['gfp']})", row, columns):
            break
    return verdict


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
        "kmalloc_index": kmalloc.kmalloc_index(size),
    }
