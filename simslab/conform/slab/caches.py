"""The booted system against the golden lists of standing caches, their nodes and /proc/slabinfo."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path
from typing import Final

from simslab.conform import tables
from simslab.conform.records import lines_of, read_rows
from simslab.conform.topologies import TOPOLOGIES, new_system, options_of
from simslab.conform.verdict import Verdict
from simslab.slab import cflgs
from simslab.slab.creation.geometry import MGMT_OBJFREELIST, MGMT_OFF, MGMT_ON, PAGE_SIZE
from simslab.slab.kmem_cache import KmemCache, KmemCacheNode
from simslab.slab.slabinfo import slabinfo_header

MOST_LINES: Final = 10_000
TUNABLES: Final = re.compile(r"^(\S+) +\d+ +\d+ +(\d+) +(\d+) +(\d+) : tunables +(\d+) +(\d+) +(\d+) : slabdata")


def booted(path: Path) -> list[KmemCache]:
    """Return all caches, newest first, of the system whose recording `path` is."""
    name = path.name if any(topology in path.name for topology in TOPOLOGIES) else "2n8c"
    return new_system(name, options_of(path.name, slab_nomerge=False), standing=True).caches[::-1]


def check_caches(path: Path) -> Verdict:
    """Compare every column of a `caches-<topology>.csv` list."""
    verdict = Verdict(path.name, "caches")
    tables.compare_lists(verdict, path, booted(path), cache_columns)
    return verdict


def cache_columns(position: int, cache: KmemCache) -> dict[str, object]:
    """Return the columns of a list of caches."""
    node = cache.node[0]
    assert node is not None
    mgmt = MGMT_ON
    if cache.flags & (cflgs.CFLGS_OFF_SLAB | cflgs.CFLGS_OBJFREELIST_SLAB):
        mgmt = MGMT_OFF if cache.flags & cflgs.CFLGS_OFF_SLAB else MGMT_OBJFREELIST
    return {
        "pos": position,
        "name": cache.name,
        "refcount": cache.refcount,
        "ctor": cache.ctor,
        "usersize": cache.usersize,
        "size": cache.size,
        "object_size": cache.object_size,
        "align": cache.align,
        "num": cache.num,
        "gfporder": cache.gfporder,
        "colour": cache.colour,
        "colour_off": cache.colour_off,
        "freelist_size": cache.freelist_size,
        "flags": hex(cache.flags),
        "flags_decoded": cflgs.flag_names(cache.flags),
        "mgmt": mgmt,
        "freelist_cache": cache.freelist_cache.name if cache.freelist_cache is not None else "",
        "limit": cache.limit,
        "batchcount": cache.batchcount,
        "shared": cache.shared,
        "node_shared_limit": node.shared.limit if node.shared is not None else -1,
        "alien_limit": alien_limit(node),
        "node0_free_limit": node.free_limit,
        "allocflags": hex(cache.allocflags),
        "reciprocal_m": cache.reciprocal_m,
        "obj_offset": cache.obj_offset,
        "slack_bytes": (PAGE_SIZE << cache.gfporder) - cache.num * cache.size,
    }


def alien_limit(node: KmemCacheNode) -> int:
    """Return the limit of a node's alien arrays, -1 when it has none."""
    return next((alien.ac.limit for alien in node.alien or () if alien is not None), -1)


def check_cachenodes(path: Path) -> Verdict:
    """Compare the limits in a `cachenodes-<topology>.csv` list; populations depend on what user space did."""
    verdict = Verdict(path.name, "cachenodes")
    by_name = {cache.name: cache for cache in booted(path)}
    for row in read_rows(path):
        cache = by_name.get(row["name"])
        node = cache.node[row.integer("nid", 0, len(cache.node) - 1)] if cache is not None else None
        if node is None:
            verdict.compare(f"cache {row['name']}", f"node {row['nid']}", "present", "absent")
            break
        columns = {
            "free_limit": node.free_limit,
            "shared_limit": node.shared.limit if node.shared is not None else -1,
            "alien_limits": alien_limits(node),
        }
        if not verdict.compare_row(f"cache {row['name']} node {row['nid']}", row, columns):
            break
    return verdict


def alien_limits(node: KmemCacheNode) -> str:
    """Return limits of alien arrays by node, `-` where there is none, `none` without a table."""
    if node.alien is None:
        return "none"
    return ";".join("-" if alien is None else str(alien.ac.limit) for alien in node.alien)


def check_slabinfo(path: Path) -> Verdict:
    """Compare header, order, names, sizes and tunables of a recorded /proc/slabinfo, populations left out."""
    verdict = Verdict(path.name, "slabinfo")
    with lines_of(path) as stream:
        lines = [line.rstrip("\n") for line in islice(stream, MOST_LINES)]
    verdict.compare("header", "first two lines", "\n".join(lines[:2]) + "\n", slabinfo_header("debug" in path.name))
    recorded = [match.groups() for match in map(TUNABLES.match, lines) if match]
    caches = booted(path)
    verdict.compare("list", "number of caches", len(recorded), len(caches))
    for fields, cache in zip(recorded, caches, strict=False):
        pages = 1 << cache.gfporder
        got = (cache.name, cache.size, cache.num, pages, cache.limit, cache.batchcount, cache.shared)
        names = ("name", "objsize", "objperslab", "pagesperslab", "limit", "batchcount", "sharedfactor")
        verdict.compare_row(
            f"cache {fields[0]}", dict(zip(names, fields, strict=True)), dict(zip(names, got, strict=True))
        )
    return verdict
