"""/proc/buddyinfo and /proc/vmstat at the end of a run (mm/vmstat.c: frag_show_print, vmstat_show).

Not modelled: the counters of /proc/vmstat that are not listed in VMSTAT. They are left out: as 0 they would be claims,
for there is no page cache, no user memory and no reclaim. Those that stand there have the kernel's order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from simslab.result.measurement import NUMASTAT

VMSTAT: Final = ("nr_free_pages", "numa_hit", "numa_miss", "numa_foreign", "numa_interleave", "numa_local",
                 "numa_other", "nr_slab_reclaimable", "nr_slab_unreclaimable")  # fmt: skip


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


@dataclass(frozen=True)
class SlabPages:
    """Pages of slabs, of caches with SLAB_RECLAIM_ACCOUNT and of others.

    Not modelled: pages of SLUB's requests beyond its largest cache, which the kernel counts as unreclaimable.
    """

    reclaimable: int = 0
    unreclaimable: int = 0


def vmstat_text(zones: Sequence[ZoneState], slabs: SlabPages) -> str:
    """Return the lines of /proc/vmstat that are modelled, in the kernel's order."""
    sums = [sum(zone.numa[name] for zone in zones) for name in NUMASTAT]
    values = (sum(zone.free_pages for zone in zones), *sums, slabs.reclaimable, slabs.unreclaimable)
    return "".join(f"{name} {value}\n" for name, value in zip(VMSTAT, values, strict=True))
