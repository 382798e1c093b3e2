"""/proc/buddyinfo and /proc/vmstat at the end of a run (mm/vmstat.c: frag_show_print, vmstat_show).

Not modelled: the counters of /proc/vmstat that are not listed in VMSTAT.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from simslab.kernel.mm.zone import Zone
    from simslab.workload.run.system import System

VMSTAT: Final = ("nr_free_pages", "numa_hit", "numa_miss", "numa_foreign", "numa_interleave", "numa_local",
                 "numa_other")  # fmt: skip
_NUMASTAT: Final = ("numa_hit", "numa_miss", "numa_foreign", "interleave_hit", "local_node", "other_node")


@dataclass(frozen=True)
class ZoneState:
    """A zone's free blocks by order, and its counters of numastat."""

    node: int
    zone: str
    nr_free: tuple[int, ...]
    free_pages: int
    numa: Mapping[str, int]


def zone_states(system: System) -> list[ZoneState]:
    """Return the zones that have pages, by node and zone; nothing is charged."""
    numbers = [node.number for node in system.machine.topology.nodes]
    zones = sorted((zone for zone in system.kernel.page_allocator.zones if zone.managed), key=_place)
    return [
        ZoneState(numbers[zone.node], zone.name, tuple(zone.buddy.nr_free_owner), zone.free_pages(),
                  dict(zip(_NUMASTAT, zone.numa_owner, strict=True)))
        for zone in zones
    ]  # fmt: skip


def _place(zone: Zone) -> tuple[int, int]:
    return zone.node, zone.index


def buddyinfo_text(zones: Sequence[ZoneState]) -> str:
    """Return /proc/buddyinfo: free blocks by order of each zone."""
    return "".join(
        f"Node {zone.node}, zone {zone.zone:>8} " + "".join(f"{count:6d} " for count in zone.nr_free) + "\n"
        for zone in zones
    )


def vmstat_text(zones: Sequence[ZoneState]) -> str:
    """Return the lines of /proc/vmstat that are modelled."""
    sums = [sum(zone.numa[name] for zone in zones) for name in _NUMASTAT]
    values = (sum(zone.free_pages for zone in zones), *sums)
    return "".join(f"{name} {value}\n" for name, value in zip(VMSTAT, values, strict=True))
