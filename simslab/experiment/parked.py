"""Reads from the allocator, when a run is over, what `simslab.result.parked` tells."""

from __future__ import annotations

from simslab.result.parked import ParkedRow
from simslab.slab.kmem_cache import KmemCache
from simslab.workload.run.system import System


def parked_rows(system: System) -> list[ParkedRow]:
    """Return a row for each cache that has slabs, by name; nothing is charged and no lock taken."""
    rows = [_row(cache) for cache in system.allocator.caches]
    return sorted((row for row in rows if row.pages), key=lambda row: row.cache)


def _row(cache: KmemCache) -> ParkedRow:
    nodes = [node for node in cache.node if node is not None]
    aliens = [alien for node in nodes for alien in node.alien or () if alien is not None]
    return ParkedRow(
        cache.name,
        cache.size,
        sum(array.avail for array in cache.cpu_cache),
        sum(node.shared.avail for node in nodes if node.shared is not None),
        sum(alien.ac.avail for alien in aliens),
        sum(node.free_objects for node in nodes),
        sum(node.total_slabs for node in nodes) << cache.gfporder,
    )
