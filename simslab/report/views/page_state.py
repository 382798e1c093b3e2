"""/proc/buddyinfo and /proc/vmstat at the end of a run (mm/vmstat.c: frag_show_print, vmstat_show).

Not modelled: the counters of /proc/vmstat that are not listed in VMSTAT.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from simslab.result.measurement import NUMASTAT

VMSTAT: Final = ("nr_free_pages", "numa_hit", "numa_miss", "numa_foreign", "numa_interleave", "numa_local",
                 "numa_other")  # fmt: skip


@dataclass(frozen=True)
class ZoneState:
    """A zone's free blocks by order, and its counters of numastat."""

    node: int
    zone: str
    nr_free: tuple[int, ...]
    free_pages: int
    numa: Mapping[str, int]


def buddyinfo_text(zones: Sequence[ZoneState]) -> str:
    """Return /proc/buddyinfo: free blocks by order of each zone."""
    return "".join(
        f"Node {zone.node}, zone {zone.zone:>8} " + "".join(f"{count:6d} " for count in zone.nr_free) + "\n"
        for zone in zones
    )


def vmstat_text(zones: Sequence[ZoneState]) -> str:
    """Return the lines of /proc/vmstat that are modelled."""
    sums = [sum(zone.numa[name] for zone in zones) for name in NUMASTAT]
    values = (sum(zone.free_pages for zone in zones), *sums)
    return "".join(f"{name} {value}\n" for name, value in zip(VMSTAT, values, strict=True))
