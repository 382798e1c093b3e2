"""Aliasing and kmalloc against the golden tables."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from simslab.conform.records import LARGEST_ALIGN, LARGEST_FLAGS, LARGEST_SIZE, Row, read_rows
from simslab.conform.slab.caches import cache_columns
from simslab.conform.topologies import new_system
from simslab.conform.verdict import Verdict
from simslab.kernel.errno import EINVAL
from simslab.kernel.mm import gfp
from simslab.slab.allocator import SlabAllocator
from simslab.slab.creation import kmalloc
from simslab.slab.creation.options import SlabOptions
from simslab.slab_common import flags as fl

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
    verdict = Verdict(path.name, "merge")
    rows = list(read_rows(path))
    allocator = system_before(rows)
    for number, row in enumerate(rows, start=2):
        where = f"line {number}: {row['name']}, size {row['req_size']}, flags {row['req_flags_decoded']}"
        columns = create_and_describe(allocator, row)
        if not verdict.compare_row(where, row, columns):
            break
    return verdict


def system_before(rows: list[Row]) -> SlabAllocator:
    """Return the system in the state before the first of the requests."""
    allocator = new_system(TOPOLOGY, SlabOptions(), standing=True)
    if rows and rows[0]["mode"] == "seq":
        for cache in allocator.caches:
            cache.object_size = RAISED_BY_SINGLES.get(cache.name, cache.object_size)
    return allocator


def check_list_after_merge(path: Path) -> Verdict:
    """Make the lasting requests of the tables beside a `caches-after-merge-seq.csv`; compare the list that remains."""
    tables = sorted(path.parent.glob("merge*.csv*"))
    rows = [row for table in tables for row in read_rows(table)]
    if not any(row["mode"] == "seq" for row in rows):
        return Verdict(
            path.name, "merge", skipped="the requests that led to it, mode seq of merge.csv, are not beside it"
        )
    verdict = Verdict(path.name, "merge")
    allocator = system_before(rows)
    for row in rows:
        create_and_describe(allocator, row)
    compare_lists(verdict, path, allocator)
    return verdict


def create_and_describe(allocator: SlabAllocator, row: Row) -> dict[str, object]:
    """Make one request as the row's mode says and return what the table records of it."""
    known = len(allocator.caches)
    flags = row.integer("req_flags", 0, LARGEST_FLAGS, 16)
    size, align = row.integer("req_size", 1, LARGEST_SIZE), row.integer("req_align", 0, LARGEST_ALIGN)
    cache = allocator.kmem_cache_create(
        row["name"], size, align, flags, row.integer("ctor", 0, 1), usersize=row.integer("usersize", 0, LARGEST_SIZE)
    )
    if cache is None:
        return {"err": -EINVAL if flags & ~fl.SLAB_FLAGS_PERMITTED else -7}
    merged = len(allocator.caches) == known
    columns: dict[str, object] = {
        "merged_with": cache.name if merged else "none",
        "err": 0,
        "size": cache.size,
        "object_size": cache.object_size,
        "align": cache.align,
        "refcount": cache.refcount,
    }
    if row["mode"] == "single":
        allocator.kmem_cache_destroy(cache)
        allocator.kernel.run_due_work(allocator.kernel.machine.cpus[0])  # releases those that are type-safe by RCU
    return columns


def compare_lists(verdict: Verdict, path: Path, allocator: SlabAllocator) -> None:
    """Compare every column of all caches, newest first, with a recorded list."""
    rows = list(read_rows(path))
    verdict.compare(path.name, "number of caches", len(rows), len(allocator.caches))
    for position, (row, cache) in enumerate(zip(rows, reversed(allocator.caches), strict=False)):
        if not verdict.compare_row(f"cache {row['name']}", row, cache_columns(position, cache)):
            break


def check_kmalloc(path: Path) -> Verdict:
    """Look every size and request of a `kmalloc*.csv` table up in a booted system."""
    verdict = Verdict(path.name, "kmalloc")
    allocator = new_system(TOPOLOGY, SlabOptions())
    for number, row in enumerate(read_rows(path), start=2):
        size = row.integer("size", 0, LARGEST_SIZE)
        columns = kmalloc_columns(allocator, size, row)
        if not verdict.compare_row(f"line {number}: kmalloc({size}, {row['gfp']})", row, columns):
            break
    return verdict


def kmalloc_columns(allocator: SlabAllocator, size: int, row: Row) -> dict[str, object]:
    """Return who serves a request, and what it gets; nobody serves 0 bytes, which get ZERO_SIZE_PTR."""
    try:
        flags = gfp.parse_gfp(row["gfp"])
    except ValueError:
        row.refuse("gfp", "GFP flags as ftrace prints them")
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
