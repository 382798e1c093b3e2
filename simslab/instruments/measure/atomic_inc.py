"""N CPUs incrementing one counter: a line that everybody wants."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from simslab.instruments.measure.chase import nearest_memory
from simslab.instruments.measure.prober import Prober
from simslab.machine.memory import states

if TYPE_CHECKING:
    from simslab.machine.spec import MachineSpec

EACH: Final = 32  # increments of each CPU
SKIPPED: Final = 2  # of each at the start, not counted: the first fetches the line from memory


@dataclass(frozen=True, slots=True)
class AtomicPoint:
    """What `cpus` CPUs achieve together."""

    cpus: int
    ns_each: float  # time from one increment to the next, whoever makes it
    million_per_second: float


def atomic_inc(spec: MachineSpec, cpus: int) -> AtomicPoint:
    """Let the first `cpus` CPUs increment one line as fast as they can; who asked first has it first.

    Requests wait for one another at the line's home (`CoherentMemory.transact_in_turn`), those of a core's threads for
    each other in its L1 (`held_by_sibling`).
    """
    prober = Prober(spec)
    memory, atomic = prober.machine.memory, prober.machine.timing.kernel.atomic
    line = prober.fresh_lines(nearest_memory(prober, 0), 1)
    waiting = [(0, cpu) for cpu in range(cpus)]
    begun = 0
    for turn in range((EACH + SKIPPED) * cpus):
        asked, cpu = heapq.heappop(waiting)
        core = prober.place(cpu).core
        granted = asked
        if memory.state_in_core(core, line) != states.MODIFIED:
            granted += memory.transact_in_turn(core, line, asked)
        done = granted + memory.held_by_sibling(core, line, granted) + atomic
        memory.locked_until(core, line, done)
        heapq.heappush(waiting, (done, cpu))
        if turn < SKIPPED * cpus:
            begun = done
    each = prober.ns(done - begun) / (EACH * cpus)
    return AtomicPoint(cpus, each, 1e3 / each)


def atomic_curve(spec: MachineSpec) -> list[AtomicPoint]:
    """Return the points for 1, 2, 4, ... and all CPUs."""
    total = len(Prober(spec).topology.cpus)
    counts = [1 << shift for shift in range(total.bit_length()) if 1 << shift < total]
    return [atomic_inc(spec, count) for count in [*counts, total]]
