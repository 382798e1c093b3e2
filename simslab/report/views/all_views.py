"""All views by name, and of those that a result cannot give what it lacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from simslab.base.errors import UserError, near_miss
from simslab.report.views.lock_stat import lock_stat_text
from simslab.report.views.numastat import numastat_text
from simslab.report.views.slabtop import slabtop_text
from simslab.result.measurement import Measurement

VIEWS: Final[dict[str, Callable[[Measurement], str]]] = {
    "slabinfo": lambda measurement: measurement.slabinfo,
    "slabtop": lambda measurement: slabtop_text(measurement.slabinfo),
    "numastat": lambda measurement: numastat_text(measurement.nodes),
    "lock_stat": lambda measurement: lock_stat_text(measurement.locks, measurement.frequency_hz),
}
LACKING: Final = {  # Not modelled: these views
    "buddyinfo": "free pages by zone and order at the end of the run",
    "vmstat": "the global counters of the page allocator",
    "irqsoff": "CPU, task and end of the longest stretch with interrupts off (the summary has its site)",
    "perf-kmem": "requested and allocated bytes by call site",
    "perf-c2c": "transfers by cache line",
    "perfetto": "single operations in time",
    "ftrace": "single operations in time",
}


def view_text(measurement: Measurement, name: str) -> str:
    """Return a result in the layout of the tool `name`; UserError if it is unknown or the result lacks it."""
    if name in LACKING:
        raise UserError(f"--view {name}: a result does not keep {LACKING[name]}", expected=", ".join(VIEWS))
    if name not in VIEWS:
        known = [*VIEWS, *LACKING]
        raise UserError(f"--view {name}: is unknown", expected=", ".join(VIEWS), near=near_miss(name, known))
    return VIEWS[name](measurement)
