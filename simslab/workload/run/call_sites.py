"""What called for an operation: the call site that a trace recorded, or the step of the workload.

For views alone: the trace is read once more, and nothing of it is charged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from simslab.workload.trace.kmem_trace import read_call_sites
from simslab.workload.trace.pairing import read_paired
from simslab.workload.trace.replay import events_by_word

if TYPE_CHECKING:
    from simslab.workload.description.placement import CpuPlaces
    from simslab.workload.description.spec import TraceReplay
    from simslab.workload.run.thread import WorkloadThread

HANDLER: Final = "interrupt handler"


class CallSites:
    """Knows who calls on each CPU now; `recorded` are the call sites of its stream's words, of a trace alone."""

    def __init__(
        self, threads: Sequence[WorkloadThread], phases: Sequence[str], recorded: Mapping[int, Sequence[str]]
    ) -> None:
        self.threads = {thread.cpu.id: thread for thread in threads}
        self.phases = phases
        self.recorded_of = recorded

    def recorded(self, cpu: Any) -> str:
        """Return the call site that the trace tells of what the CPU does now, nothing where there is none."""
        if cpu.in_interrupt or cpu.id not in self.recorded_of:
            return ""
        thread = self.threads[cpu.id]
        return self.recorded_of[cpu.id][thread.done_before + thread.position]

    def of(self, cpu: Any) -> str:
        """Return the call site, or else the step, in words."""
        if cpu.in_interrupt:
            return HANDLER
        thread = self.threads[cpu.id]
        step = self.phases[thread.phases[-1][0]] if thread.phases else thread.name
        return self.recorded(cpu) or step


def recorded_sites(spec: TraceReplay, places: CpuPlaces, scale: float, seed: int) -> dict[int, list[str]]:
    """Return by CPU the call site of each word that is replayed, nothing for words that stand for no event."""
    sites = [*chain.from_iterable(map(read_call_sites, spec.files)), ""]  # the last one: of event -1
    words = events_by_word([read_paired(file) for file in spec.files], spec, places, scale, seed)
    return {cpu: [sites[event] for event in events.tolist()] for cpu, events in words.items()}
