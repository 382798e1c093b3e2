"""Natural firing times of cache_reap against the simulated timer wheel, workqueue and reaper.

The record says when each CPU's reaper ran on an otherwise idle machine. Its timer is deferrable: it fires at the first
timer interrupt of its CPU from its expiry on, and on an idle CPU that is the visit of the clocksource watchdog. The
replay lets the kernel model run: every firing follows from the CPU's previous one, except for what the record does not
determine, which is read from it as the shrink events of traces are:

- each CPU's first firing and its rotor then, and when the watchdog began (one number, found by trying all);
- a CPU that something else had woken, when it fired before the watchdog's next visit: it was awake at that jiffy;
- a tick up to LATEST jiffies late, and a reaper that ended one jiffy after it began.

So a firing before its timer's expiry, one later than the next visit of the watchdog, one left out or added, and a rotor
or a timer flag that differ are differences.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simslab.base.errors import UserError
from simslab.conform.records import Row, read_rows
from simslab.conform.topologies import TOPOLOGIES, machine_document, options_of, topology_of
from simslab.conform.verdict import Verdict
from simslab.kernel.kernel import Kernel
from simslab.kernel.time.jiffies import round_jiffies_relative, wheel_expiry
from simslab.machine.machine import build_machine
from simslab.machine.spec import MachineSpec
from simslab.slab.allocator import SlabAllocator
from simslab.slab.housekeeping.reap import REAPTIMEOUT_AC, Reaper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simslab.machine.core.cpu import Cpu

LATEST: Final = 8  # jiffies: the emulator's host was busy; in the records seen it is 1
LONGEST: Final = 10_000_000  # jiffies from the first firing to the last, 11 hours
INITIAL_JIFFIES: Final = (1 << 32) - 300 * 1000  # include/linux/jiffies.h, with the highest HZ
GRANULE: Final = 8  # jiffies: width of the bucket that holds the watchdog's timer


@dataclass(frozen=True)
class Firing:
    """One run of cache_reap."""

    cpu: int
    jiffies: int
    node: int  # slab_reap_node at its beginning


class WatchedReaper(Reaper):
    """Reapers that note when they run."""

    def __init__(self, allocator: SlabAllocator) -> None:
        super().__init__(allocator.kernel, allocator.drain, allocator.slab_mutex)
        self.fired: list[Firing] = []

    def reap_work(self, cpu: Cpu) -> None:
        """Reap and queue again."""
        self.fired.append(Firing(cpu.id, self.kernel.jiffies(cpu), self.slab_reap_node[cpu.id]))
        super().reap_work(cpu)


class Watchdog:
    """When the clocksource watchdog visits each CPU, given when it began (`offset`, jiffies)."""

    def __init__(self, offset: int, interval: int, cpus: int) -> None:
        self.offset = offset
        self.interval = interval
        self.round = interval * cpus

    def expires(self, cpu: int, after: int) -> int:
        """The first time for `cpu` of which the timer's bucket expires at `after` or later."""
        first = self.offset + cpu * self.interval
        at = first - (first - after + GRANULE) // self.round * self.round
        while self.visit(at) < after:
            at += self.round
        return at

    def visit(self, expires: int) -> int:
        """When a timer for `expires` fires."""
        return wheel_expiry(expires, expires - self.interval)

    def next_visit(self, cpu: int, after: int) -> int:
        """The first visit of `cpu` at `after` or later."""
        return self.visit(self.expires(cpu, after))


def check_reaplog(path: Path) -> Verdict:
    """Compare every firing of a `reaplog-<topology>.csv` with what the kernel model does."""
    verdict = Verdict(path.name, "reaplog")
    recorded = list(read_rows(path))
    if not recorded:
        raise UserError("has no rows", file=str(path), expected="the firings of cache_reap")
    rows = firings(recorded, *TOPOLOGIES[topology_of(path.name)])
    replay = Replay(path.name, rows)
    check_columns(verdict, recorded, replay.hz)
    verdict.compare("log", "CPUs", list(range(replay.nr_cpus)), sorted(replay.by_cpu))
    if verdict.ok:
        replay.run(verdict)
    verdict.notes.append(replay.explained())
    return verdict


def firings(recorded: list[Row], cpus: tuple[int, ...], distances: Sequence[tuple[int, ...]]) -> list[Firing]:
    """Return the rows of a log of a machine with so many CPUs on each node."""
    begin = recorded[0].integer("jiffies", INITIAL_JIFFIES, 2 * INITIAL_JIFFIES)
    return [
        Firing(
            row.integer("cpu", 0, sum(cpus) - 1),
            row.integer("jiffies", begin, begin + LONGEST),
            row.integer("slab_reap_node", 0, len(distances) - 1),
        )
        for row in recorded
    ]


def check_columns(verdict: Verdict, recorded: list[Row], hz: int) -> None:
    """Compare the columns that follow from others: numbers, milliseconds, the order of time, the timer's flag."""
    begin = before = recorded[0].integer("jiffies", 0, 2 * INITIAL_JIFFIES)
    for number, row in enumerate(recorded):
        jiffies = row.integer("jiffies", 0, 2 * INITIAL_JIFFIES + LONGEST)
        got = {"seq": number, "ms_since_first": (jiffies - begin) * 1000 // hz, "timer_deferrable": 1}
        if not verdict.compare_row(f"row {number}", row, got):
            return
        verdict.compare(f"row {number}", "jiffies not before the previous row's", True, jiffies >= before)
        before = jiffies


class Replay:
    """The kernel model on the recorded topology, woken as the record says."""

    def __init__(self, name: str, rows: list[Firing]) -> None:
        spec = MachineSpec.model_validate(machine_document(topology_of(name)))
        self.kernel = Kernel(build_machine(spec))
        allocator = SlabAllocator(self.kernel, options_of(name, slab_nomerge=False))
        allocator.boot(standing=False)
        self.reaper = WatchedReaper(allocator)
        self.hz = self.kernel.hz
        self.nr_cpus = sum(TOPOLOGIES[topology_of(name)][0])
        self.rows = rows
        self.by_cpu: dict[int, list[Firing]] = {}
        for row in rows:
            self.by_cpu.setdefault(row.cpu, []).append(row)
        self.position = dict.fromkeys(self.by_cpu, 0)  # by CPU: its next row
        self.watchdog = self._find_watchdog()
        self.at_visits = self.awake = self.ended_later = 0

    def explained(self) -> str:
        """Say how many firings were derived and how many read."""
        first = sum(1 for position in self.position.values() if position)
        return (
            f"{self.at_visits} firings at the clocksource watchdog's visit; read from the log: {first} first ones, "
            f"{self.awake} of CPUs awake for other reasons, {self.ended_later} reapers that ended a jiffy later"
        )

    # -- the watchdog's beginning -------------------------------------------------------------------------------------

    def _find_watchdog(self) -> Watchdog:
        """The beginning that explains most: firings at its visits count for it, those later than one against."""
        interval = self.kernel.clocksource.interval
        spans = [
            (row, self.expiry(row.cpu, before.jiffies))
            for rows in self.by_cpu.values()
            for before, row in pairwise(rows)
        ]
        watchdogs = [Watchdog(offset, interval, self.nr_cpus) for offset in range(interval * self.nr_cpus)]
        return min(watchdogs, key=lambda watchdog: self._misfit(watchdog, spans))

    def _misfit(self, watchdog: Watchdog, spans: list[tuple[Firing, int]]) -> tuple[int, int]:
        """How badly a watchdog explains firings, each given with the expiry of its timer."""
        late = fitting = 0
        for row, expiry in spans:
            visit = watchdog.next_visit(row.cpu, expiry)
            late += row.jiffies > visit + LATEST
            fitting += visit <= row.jiffies <= visit + 1
        return late - fitting, watchdog.offset

    def expiry(self, cpu: int, now: int) -> int:
        """When the timer of a reaper that ends at jiffy `now` expires."""
        return wheel_expiry(now + round_jiffies_relative(REAPTIMEOUT_AC * self.hz, cpu, self.hz, now), now)

    # -- the run ------------------------------------------------------------------------------------------------------

    def run(self, verdict: Verdict) -> None:
        """Wake CPUs in order of time, by the watchdog or as the record says, and compare what fires."""
        begin = self.rows[0].jiffies
        first = min(range(self.nr_cpus), key=lambda cpu: self.watchdog.next_visit(cpu, begin))
        expires = self.watchdog.expires(first, begin)
        self.kernel.clocksource.start(expires, expires - self.watchdog.interval, first)
        for row in self.rows:
            while verdict.ok and self._visit_due(row.jiffies):
                self._visit(verdict)
            if verdict.ok and row is self._next_row(row.cpu):
                self.awake += self.position[row.cpu] > 0
                self._wake(verdict, row.cpu, row.jiffies)

    def _visit_due(self, jiffies: int) -> bool:
        return self.kernel.clocksource.timer.bucket_expiry <= jiffies

    def _next_row(self, cpu: int) -> Firing | None:
        position = self.position[cpu]
        return self.by_cpu[cpu][position] if position < len(self.by_cpu[cpu]) else None

    def _visit(self, verdict: Verdict) -> None:
        """Let the watchdog wake the CPU that it has come to, late if the record says so."""
        clocksource = self.kernel.clocksource
        cpu, at = clocksource.cpu, clocksource.timer.bucket_expiry
        row = self._next_row(cpu)
        late = row is not None and at <= row.jiffies <= at + LATEST
        before = self.position[cpu]
        self._wake(verdict, cpu, row.jiffies if row is not None and late else at)
        self.at_visits += before > 0 and self.position[cpu] > before

    def _wake(self, verdict: Verdict, number: int, jiffies: int) -> None:
        """Let an idle CPU have a tick at `jiffies`, and compare whether its reaper ran with the record."""
        cpu, row = self.kernel.machine.cpus[number], self._next_row(number)
        cpu.now = max(cpu.now, self.kernel.tick_sched.cycle(jiffies))
        if row is not None and row.jiffies == jiffies and not self.position[number]:
            self.reaper.slab_reap_node[number] = row.node
            self.kernel.workqueue.queue_work(cpu, self.reaper.reap_work)
        self.reaper.fired.clear()
        self.kernel.tick_sched.housekeep(cpu)
        fired = self.reaper.fired[0] if self.reaper.fired else None
        if row is not None and row.jiffies == jiffies:
            self._compare(verdict, row, fired)
        else:
            where = f"CPU {number} at jiffy {jiffies}"
            told = "none" if row is None else f"none before jiffy {row.jiffies}"
            verdict.compare(where, "firing", told, "none" if fired is None else "fires") if fired else None

    def _compare(self, verdict: Verdict, row: Firing, fired: Firing | None) -> None:
        """Compare a recorded firing with the model's at that jiffy."""
        where = f"CPU {row.cpu} at jiffy {row.jiffies}"
        self.position[row.cpu] += 1
        if fired is None:
            expiry = self.expiry(row.cpu, self.by_cpu[row.cpu][self.position[row.cpu] - 2].jiffies)
            verdict.compare(where, "firing", "fires", f"not before its timer expires at {expiry}")
            return
        verdict.compare(where, "jiffies", row.jiffies, fired.jiffies)
        verdict.compare(where, "slab_reap_node", row.node, fired.node)
        self._end_later(row)

    def _end_later(self, row: Firing) -> None:
        """Queue the reaper again as if it had ended one jiffy later, if only that explains the CPU's next firing."""
        after = self._next_row(row.cpu)
        if after is None:
            return
        visit = self.watchdog.next_visit(row.cpu, self.expiry(row.cpu, row.jiffies))
        if visit + LATEST < after.jiffies and self.expiry(row.cpu, row.jiffies + 1) > visit:
            cpu = self.kernel.machine.cpus[row.cpu]
            self.reaper.slab_offline_cpu(cpu)
            cpu.now = self.kernel.tick_sched.cycle(row.jiffies + 1)
            self.reaper.schedule_reap(cpu, REAPTIMEOUT_AC * self.hz)
            self.ended_later += 1
