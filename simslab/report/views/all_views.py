"""All views by name: those of a stored result, and those for which it is run again, as it comes out the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from simslab.base.errors import UserError, near_miss
from simslab.report.views.callers import callers_text
from simslab.report.views.ftrace import ftrace_text
from simslab.report.views.irqsoff import irqsoff_text
from simslab.report.views.lock_stat import lock_stat_text
from simslab.report.views.numastat import numastat_text
from simslab.report.views.page_state import SlabPages, buddyinfo_text, vmstat_text
from simslab.report.views.perf_c2c import perf_c2c_text
from simslab.report.views.perf_kmem import perf_kmem_text
from simslab.report.views.perfetto import perfetto_text
from simslab.report.views.slabtop import slabtop_text
from simslab.result.measurement import Measurement
from simslab.workload.run.lines.line_log import LineLog

if TYPE_CHECKING:
    from simslab.report.views.page_state import ZoneState
    from simslab.workload.run.event_log import EventLog

VIEWS: Final[dict[str, Callable[[Measurement], str]]] = {
    "slabinfo": lambda measurement: measurement.slabinfo,
    "slabtop": lambda measurement: slabtop_text(measurement.slabinfo),
    "numastat": lambda measurement: numastat_text(measurement.nodes),
    "lock_stat": lambda measurement: lock_stat_text(measurement.locks, measurement.frequency_hz),
}
AGAIN: Final[dict[str, Callable[[Again], str]]] = {  # views of what a result does not keep: it is run again
    "buddyinfo": lambda again: buddyinfo_text(again.zones),
    "vmstat": lambda again: vmstat_text(again.zones, again.slabs),
    "sysfs": lambda again: again.sysfs,
    "irqsoff": lambda again: irqsoff_text(again.log),
    "callers": lambda again: callers_text(again.log),
    "perf-kmem": lambda again: perf_kmem_text(again.log),
    "perf-c2c": lambda again: perf_c2c_text(again.log.lines or LineLog()),
    "perfetto": lambda again: perfetto_text(again.log),
    "ftrace": lambda again: ftrace_text(again.log),
}
OF_LINES: Final = ("perf-c2c",)  # those that ask for every line


@dataclass(frozen=True)
class Again:
    """What a run told that was made again: its operations, and at its end its pages and /sys/kernel/slab."""

    log: EventLog
    zones: Sequence[ZoneState]
    sysfs: str = ""
    slabs: SlabPages = field(default_factory=SlabPages)


def runs_again(name: str) -> bool:
    """Whether a view needs the run to be made again; UserError if there is none of that name."""
    if name not in VIEWS and name not in AGAIN:
        known = [*VIEWS, *AGAIN]
        raise UserError(f"--view {name}: is unknown", expected=", ".join(known), near=near_miss(name, known))
    return name in AGAIN


def view_text(measurement: Measurement, name: str) -> str:
    """Return a stored result in the layout of the tool `name`; UserError if it is unknown or needs the run again."""
    if runs_again(name):
        told = "a result does not keep what it shows"
        raise UserError(f"--view {name}: {told}", expected=f"`simslab show RESULT --view {name}`, which runs it again")
    return VIEWS[name](measurement)


def check_kernel(name: str, allocator: str) -> None:
    """UserError for a view of what a kernel with this allocator (`slab`, `slub`) has not."""
    if name == "sysfs" and allocator != "slub":
        expected = "a run on SLUB, or `--view slabinfo`"
        raise UserError(f"--view {name}: a kernel with SLAB has no /sys/kernel/slab", expected=expected)


def again_text(again: Again, name: str) -> str:
    """Return a run that was made again in the layout of the tool `name`."""
    return AGAIN[name](again)
