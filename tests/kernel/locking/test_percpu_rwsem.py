from collections.abc import Callable

import pytest

from simslab.base.engine import Deadlock
from simslab.kernel.bug import KernelBugError
from simslab.kernel.locking.hotplug_locks import reading, writing
from simslab.kernel.locking.percpu_rwsem import PercpuRwsem
from simslab.machine.accounting import causes
from simslab.machine.core.cpu import Cpu
from simslab.machine.machine import Machine

HELD = 50_000


class Course:
    """CPUs that come to one lock in order of their number and hold it for `HELD` cycles; `spans` is when, by CPU."""

    def __init__(self, machine: Machine, kinds: str) -> None:
        self.lock = PercpuRwsem("cpu_hotplug_lock")
        self.spans: dict[int, tuple[int, int]] = {}
        for cpu, kind in zip(machine.cpus, kinds, strict=False):
            machine.engine.spawn(cpu, self.section(cpu, kind))
        machine.engine.run()

    def section(self, cpu: Cpu, kind: str) -> Callable[[], None]:
        take, drop = {
            "r": (self.lock.read_lock, self.lock.read_unlock),
            "w": (self.lock.write_lock, self.lock.write_unlock),
        }[kind]

        def run() -> None:
            cpu.charge(causes.WORK, 1000 * (cpu.id + 1))
            take(cpu)
            began = cpu.now
            cpu.charge(causes.WORK, HELD)
            cpu.settle()
            drop(cpu)
            self.spans[cpu.id] = began, cpu.now

        return run


def test_readers_hold_it_together(machine: Machine) -> None:
    spans = Course(machine, "rr").spans
    assert spans[1][0] < spans[0][1]
    assert spans[1][0] == 2000


def test_a_writer_waits_for_the_readers_that_are_in(machine: Machine) -> None:
    spans = Course(machine, "rrw").spans
    assert spans[2][0] >= max(spans[0][1], spans[1][1])


def test_a_reader_that_comes_after_a_waiting_writer_waits_behind_it(machine: Machine) -> None:
    spans = Course(machine, "rwr").spans
    assert spans[0][1] <= spans[1][0] < spans[1][1] <= spans[2][0]


def test_readers_that_waited_for_a_writer_go_on_together(machine: Machine) -> None:
    spans = Course(machine, "wrr").spans
    assert min(spans[1][0], spans[2][0]) >= spans[0][1]
    assert max(spans[1][0], spans[2][0]) < min(spans[1][1], spans[2][1])


def test_writers_follow_each_other(machine: Machine) -> None:
    spans = Course(machine, "ww").spans
    assert spans[0][1] <= spans[1][0]


@pytest.mark.parametrize("kinds", ["rw", "wr", "ww"])
def test_a_release_ahead_of_the_other_cpus_is_waited_for(machine: Machine, kinds: str) -> None:
    lock, (first, second) = PercpuRwsem("cpu_hotplug_lock"), machine.cpus[:2]

    def hold() -> None:
        with reading(lock, first) if kinds[0] == "r" else writing(lock, first):
            first.charge(causes.WORK, 5_000)  # not settled: ahead

    def come() -> None:
        second.charge(causes.WORK, 2_000)
        with reading(lock, second) if kinds[1] == "r" else writing(lock, second):
            pass

    machine.engine.spawn(first, hold)
    machine.engine.spawn(second, come)
    machine.engine.run()
    assert first.now == second.now == 5_000


def test_nobody_releases_what_it_does_not_hold_or_takes_it_twice(machine: Machine) -> None:
    lock, cpu = PercpuRwsem("cpu_hotplug_lock"), machine.cpus[0]
    with pytest.raises(KernelBugError, match="does not hold"):
        lock.read_unlock(cpu)
    with pytest.raises(KernelBugError, match="does not hold"):
        lock.write_unlock(cpu)
    lock.write_lock(cpu)
    with pytest.raises(KernelBugError, match="may not wait"):
        lock.read_lock(cpu)


def test_who_waits_in_vain_is_in_nobodys_way(machine: Machine) -> None:
    lock, (first, second) = PercpuRwsem("cpu_hotplug_lock"), machine.cpus[:2]
    lock.read_lock(first)
    with pytest.raises(Deadlock):  # no engine runs the reader
        lock.write_lock(second)
    lock.read_unlock(first)
    assert (lock.readers, lock.writer, lock.waiters, lock.admitted) == (0, -1, [], set())
