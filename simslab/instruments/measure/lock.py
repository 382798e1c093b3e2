"""What qspinlock costs on a machine: hand-over by distance, and throughput by number of CPUs.

CPUs run the kernel's own `SpinLock` at quantum 0 and do nothing else. How that lock compares with 5.10's
(kernel/locking/qspinlock.c):

- order: waiters get the lock in the order in which they came, as the MCS queue gives it (`overtaken` counts breaches);
- the line: the release takes the word back from the waiter that polls it, the poll that waits for it is answered at
  once, and the waiter's own store is not waited for (`SpinLock.followed_by`, `take_over`);
- an uncontended acquisition is one locked access, the release one store.

`HandOver.transfers` is what these transfers of the word take one by one on the same machine, from release to
acquisition: a check of what the simulated kernel is charged.

CPUs come at random: each waits a random part of a round of all CPUs before its first section and of a short pause
before each further one, so that the queue's order is not that of their numbers and hand-overs cross packages as often
as they would.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Final

from simslab.base.units import Duration, parse_duration
from simslab.instruments.measure.chase import nearest_memory
from simslab.instruments.measure.prober import LINE_SHIFT, Prober
from simslab.instruments.measure.transfer import RELATIONS, partner
from simslab.kernel.locking.spinlock import LockStats, SpinLock
from simslab.machine.accounting import causes
from simslab.machine.accounting.callsites import site
from simslab.machine.machine import build_machine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simslab.machine.core.cpu import Cpu
    from simslab.machine.spec import MachineSpec

SECTION: Final = parse_duration("100 ns")
WORK: Final = causes.WORK
EACH: Final = 24  # sections of each CPU
SKIPPED: Final = 4  # of each at the start, not counted
SPREAD: Final = 200  # cycles for each CPU over which they come at first
PAUSE_BETWEEN: Final = 100  # cycles at most between a CPU's sections
ROUNDS: Final = 16  # of a line's way through the real lock's hand-over
MEASURED: Final = site("measured section")


@dataclass(frozen=True, slots=True)
class HandOver:
    """A lock that two CPUs pass to and fro, in ns from the end of one section to the beginning of the next."""

    charged: float  # as the simulated kernel is charged: one transfer of the lock word
    transfers: float  # every transfer of the lock word that qspinlock's pending path makes


@dataclass(frozen=True, slots=True)
class LockPoint:
    """What `cpus` CPUs achieve that do nothing but enter one section."""

    cpus: int
    ns_each: float  # from one section's beginning to the next's, whoever enters
    hand_over: float  # ns of it between the sections, 0 for one CPU
    million_per_second: float
    overtaken: int  # sections entered before that of a CPU which had come earlier


@dataclass(frozen=True, slots=True)
class LockMeasurement:
    """Hand-over by how near the CPUs are, and throughput by their number."""

    section_ns: float
    uncontended_cycles: float  # lock and unlock by one CPU that has the line
    hand_over: dict[str, HandOver]  # by relation of the CPUs
    throughput: list[LockPoint]


@dataclass
class _Run:
    """Sections in the order in which they were entered: when their CPU came, entered and left, in cycles."""

    lock: SpinLock
    section: int
    spread: int  # cycles over which the CPUs come at first
    between: int  # cycles below which is what they do between two sections
    sections: list[tuple[int, int, int]] = field(default_factory=list)

    def loop(self, cpu: Cpu, rounds: int) -> Callable[[], None]:
        """Return the code of one CPU."""

        def run() -> None:
            draw = Random(cpu.id)
            for turn in range(rounds):
                cpu.charge(WORK, draw.randrange(self.spread if turn == 0 else self.between))
                cpu.settle()
                came = cpu.now
                self.lock.lock(cpu, MEASURED)
                entered = cpu.now
                cpu.charge(WORK, self.section)
                self.lock.let_in(cpu)
                self.lock.unlock(cpu)
                self.sections.append((came, entered, cpu.now))

        return run


def measure_lock(spec: MachineSpec, section: Duration = SECTION) -> LockMeasurement:
    """Return hand-over and throughput with critical sections of length `section`."""
    hz = spec.core.frequency
    cycles = section.cycles(hz)
    prober = Prober(spec)
    pairs = ((wanted, partner(prober.topology, 0, wanted)) for wanted in RELATIONS)
    return LockMeasurement(
        section.nanoseconds(hz),
        _uncontended(spec),
        {
            wanted: HandOver(contend(spec, (0, other), cycles).hand_over, prober.ns(_transfers(prober, 0, other)))
            for wanted, other in pairs
            if other is not None
        },
        [contend(spec, range(count), cycles) for count in _counts(len(prober.topology.cpus))],
    )


def contend(spec: MachineSpec, cpus: Sequence[int], section: int) -> LockPoint:
    """Let CPUs enter one section (cycles) as fast as they can; the lock lies on the first one's nearest memory."""
    sections = _entered(spec, cpus, section, EACH)[SKIPPED * len(cpus) :]
    span = sections[-1][1] - sections[0][1]
    each = span * 1e9 / spec.core.frequency / (len(sections) - 1)
    gaps = [after[1] - before[2] for before, after in pairwise(sections)]
    between = sum(gaps) / len(gaps) * 1e9 / spec.core.frequency if len(cpus) > 1 else 0.0
    overtaken = sum(after[0] < before[0] for before, after in pairwise(sections))
    return LockPoint(len(cpus), each, between, 1e3 / each, overtaken)


def _entered(spec: MachineSpec, cpus: Sequence[int], section: int, rounds: int) -> list[tuple[int, int, int]]:
    """Return (came, entered, left) of all sections by time."""
    machine = build_machine(spec, quantum=0, exact=1)
    prober = Prober(spec)
    word = prober.fresh_lines(nearest_memory(prober, cpus[0]), 1) << LINE_SHIFT
    stats = LockStats(len(machine.cpus))
    lock = SpinLock(word, stats.lock_class("measured"))
    run = _Run(lock, section, len(cpus) * SPREAD, PAUSE_BETWEEN) if len(cpus) > 1 else _Run(lock, section, 1, 1)
    for cpu in cpus:
        machine.engine.spawn(machine.cpus[cpu], run.loop(machine.cpus[cpu], rounds))
    machine.engine.run()
    return sorted(run.sections, key=lambda entry: entry[1])


def _uncontended(spec: MachineSpec) -> float:
    """Return the cycles of a lock and unlock by one CPU, over and over."""
    sections = _entered(spec, (0,), 0, EACH)[SKIPPED:]
    return (sections[-1][2] - sections[0][0]) / len(sections)


def _transfers(prober: Prober, a: int, b: int) -> float:
    """Return cycles of the transfers from a release to the next acquisition by the pending path, both ways' mean."""
    line = prober.fresh_lines(nearest_memory(prober, a), 1)
    prober.atomic(a, line)  # a holds the lock
    total = 0
    for _ in range(ROUNDS):
        for holder, waiter in ((a, b), (b, a)):
            prober.atomic(waiter, line)  # sets the pending bit, long before the release
            prober.read(waiter, line)  # polls
            total += prober.write(holder, line)  # clears `locked`
            total += _follow(prober, holder, waiter)  # sees it
            prober.read(waiter, line)
            prober.write(waiter, line)  # sets `locked`, clears the pending bit; not waited for
    return total / (2 * ROUNDS)


def _follow(prober: Prober, holder: int, waiter: int) -> int:
    """Return cycles in which a waiting load is answered, and its loop is left."""
    follow = prober.machine.memory.follow(prober.place(holder).core, prober.place(waiter).core)
    return follow + prober.machine.timing.core.mispredict


def _counts(total: int) -> list[int]:
    return [*(1 << shift for shift in range(total.bit_length()) if 1 << shift < total), total]
