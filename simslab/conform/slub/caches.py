"""The booted system against the golden lists of standing caches and their nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from simslab.conform import tables
from simslab.conform.records import read_rows
from simslab.conform.slub.geometry import options_of
from simslab.conform.slub.topologies import new_system
from simslab.conform.topologies import TOPOLOGIES
from simslab.conform.verdict import Verdict
from simslab.kernel.layout import PAGE_SIZE
from simslab.slub import flags as fl
from simslab.slub.kmem_cache import KmemCache

LARGEST_NODE: Final = 1 << 10


def booted(path: Path) -> list[KmemCache]:
    """Return all caches, oldest first, of the system whose recording `path` is."""
    name = path.name if any(topology in path.name for topology in TOPOLOGIES) else "2n8c"
    return new_system(name, options_of(path.name, slab_nomerge=False), standing=True).caches


def check_caches(path: Path) -> Verdict:
    """Compare every column of a `caches-<topology>.csv` list, populations left out."""
    verdict = Verdict(path.name, "caches")
    tables.compare_lists(verdict, path, booted(path), listed_columns)
    return verdict


def listed_columns(position: int, cache: KmemCache) -> dict[str, object]:
    """Return the columns of a list of caches, which begins with the oldest."""
    return {"pos": position, **cache_columns(cache)}


def cache_columns(cache: KmemCache) -> dict[str, object]:
    """Return the columns of a cache."""
    return {
        "name": cache.name,
        "ctor": cache.ctor,
        "size": cache.size,
        "object_size": cache.object_size,
        "offset": cache.offset,
        "inuse": cache.inuse,
        "red_left_pad": cache.red_left_pad,
        "align": cache.align,
        "oo_order": cache.oo_order,
        "oo_objects": cache.oo_objects,
        "min_order": cache.min_order,
        "min_objects": cache.min_objects,
        "max_order": cache.max_order,
        "max_objects": cache.max_objects,
        "min_partial": cache.min_partial,
        "cpu_partial": cache.cpu_partial,
        "flags": hex(cache.flags),
        "flags_decoded": fl.flag_names(cache.flags),
        "allocflags": hex(cache.allocflags),
        "reciprocal_m": cache.reciprocal_m,
        "reciprocal_sh1": cache.reciprocal_sh1,
        "reciprocal_sh2": cache.reciprocal_sh2,
        "remote_node_defrag_ratio": cache.remote_node_defrag_ratio,
        "useroffset": cache.useroffset,
        "usersize": cache.usersize,
        "refcount": cache.refcount,
        "slack_bytes": (PAGE_SIZE << cache.oo_order) - cache.oo_objects * cache.size,
    }


def check_cachenodes(path: Path) -> Verdict:
    """Compare which node structures the caches of a `cachenodes-<topology>.csv` list have.

    Populations depend on what user space did, so they are not compared.
    """
    verdict = Verdict(path.name, "cachenodes")
    got = [(cache.name, n.node) for cache in booted(path) for n in cache.nodes()]
    recorded = [(row["name"], row.integer("nid", 0, LARGEST_NODE)) for row in read_rows(path)]
    verdict.compare("list", "number of node structures", len(recorded), len(got))
    for row, mine in zip(recorded, got, strict=False):
        verdict.rows += 1
        if not verdict.compare(f"cache {row[0]}", "name and node", row, mine):
            break
    return verdict
