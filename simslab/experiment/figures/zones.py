"""Reads from the page allocator, when a run is over, what /proc/buddyinfo and /proc/vmstat tell."""

from __future__ import annotations

from simslab.kernel.mm.zone import Zone
from simslab.report.views.page_state import SlabPages, ZoneState
from simslab.result.measurement import NUMASTAT
from simslab.slab_common.flags import SLAB_RECLAIM_ACCOUNT
from simslab.workload.run.system import System


def zone_states(system: System) -> list[ZoneState]:
    """Return the zones that have pages, by node and zone; nothing is charged."""
    numbers = [node.number for node in system.machine.topology.nodes]
    zones = sorted((zone for zone in system.kernel.page_allocator.zones if zone.managed), key=_place)
    return [
        ZoneState(numbers[zone.node], zone.name, tuple(zone.buddy.nr_free_owner), zone.free_pages(),
                  dict(zip(NUMASTAT, zone.numa_owner, strict=True)))
        for zone in zones
    ]  # fmt: skip


def slab_pages(system: System) -> SlabPages:
    """Return the pages of all slabs by whether their caches are accounted as reclaimable; no lock is taken."""
    pages = [0, 0]
    for cache in system.allocator.caches:
        pages[bool(cache.flags & SLAB_RECLAIM_ACCOUNT)] += system.allocator.parked(cache).pages
    return SlabPages(reclaimable=pages[True], unreclaimable=pages[False])


def _place(zone: Zone) -> tuple[int, int]:
    return zone.node, zone.index
