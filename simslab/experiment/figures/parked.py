"""Reads from the allocator, when a run is over, what `simslab.result.parked` tells."""

from __future__ import annotations

from simslab.allocator.cache import Cache
from simslab.result.parked import ParkedRow
from simslab.workload.run.system import System


def parked_rows(system: System) -> list[ParkedRow]:
    """Return a row for each cache that has slabs, by name; nothing is charged and no lock taken."""
    rows = [_row(system, cache) for cache in system.allocator.caches]
    return sorted((row for row in rows if row.pages), key=lambda row: row.cache)


def _row(system: System, cache: Cache) -> ParkedRow:
    return ParkedRow(cache.name, cache.size, *system.allocator.parked(cache))
