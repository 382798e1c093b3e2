"""Aliasing and kmalloc against the golden tables."""

from __future__ import annotations

from pathlib import Path

from simslab.kernel import gfp
from simslab.slab import flags as fl
from simslab.slab import kmalloc, slab_common
from simslab.slab.allocator import SlabAllocator
from simslab.slab.conform.topologies import new_system
from simslab.slab.conform.verdict import Verdict, read_rows
from simslab.slab.kmem_cache import KmemCache
from simslab.slab.options import SlabOptions

TOPOLOGY = "2n8c"


def check_merge(path: Path) -> Verdict:
    """Make every request of a `merge*.csv` table on a booted system; the list that remains is compared too."""
    verdict = Verdict(path.name, "merge")
    allocator = new_system(TOPOLOGY, SlabOptions(), standing=True)
    for number, row in enumerate(read_rows(path), start=2):
        where = f"line {number}: {row['name']}, size {row['req_size']}, flags {row['req_flags_decoded']}"
        columns = create_and_describe(allocator, row)
        if not verdict.compare_row(where, row, columns):
            return verdict
    after = path.with_name("caches-after-merge-seq.csv")
    if after.exists():
        compare_lists(verdict, after, allocator)
    return verdict


def create_and_describe(allocator: SlabAllocator, row: dict[str, str]) -> dict[str, object]:
    """Make one request as the row's mode says and return what the table records of it."""
    known = len(allocator.caches)
    flags = int(row["req_flags"], 16)
    size, align = int(row["req_size"]), int(row["req_align"])
    cache = slab_common.kmem_cache_create_usercopy(
        allocator, row["name"], size, align, flags, int(row["ctor"]), 0, int(row["usersize"])
    )
    if cache is None:
        return {"err": -slab_common.EINVAL if flags & ~fl.SLAB_FLAGS_PERMITTED else -7}
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
        slab_common.kmem_cache_destroy(allocator, cache)
    return columns


def compare_lists(verdict: Verdict, path: Path, allocator: SlabAllocator) -> None:
    """Compare names, refcounts and sizes of all caches with a recorded list, newest first."""
    rows = list(read_rows(path))
    verdict.compare(path.name, "number of caches", len(rows), len(allocator.caches))
    for row, cache in zip(rows, reversed(allocator.caches), strict=False):
        verdict.compare_row(f"{path.name}: {row['name']}", row, list_columns(cache))


def list_columns(cache: KmemCache) -> dict[str, object]:
    """Return what a list of caches says of sharing."""
    return {
        "name": cache.name,
        "refcount": cache.refcount,
        "size": cache.size,
        "object_size": cache.object_size,
        "align": cache.align,
    }


def check_kmalloc(path: Path) -> Verdict:
    """Look every size and request of a `kmalloc*.csv` table up in a booted system."""
    verdict = Verdict(path.name, "kmalloc")
    allocator = new_system(TOPOLOGY, SlabOptions())
    for number, row in enumerate(read_rows(path), start=2):
        size = int(row["size"])
        cache = slab_common.kmalloc_slab(allocator, size, gfp.parse_gfp(row["gfp"]))
        columns: dict[str, object] = {"cache": "NULL", "ksize": 0}
        if cache is not None:
            columns = {
                "cache": cache.name,
                "ksize": cache.object_size,
                "cache_size": cache.size,
                "kmalloc_index": kmalloc.kmalloc_index(size),
            }
        if not verdict.compare_row(f"line {number}: kmalloc({size}, {row['gfp']})", row, columns):
            break
    return verdict
