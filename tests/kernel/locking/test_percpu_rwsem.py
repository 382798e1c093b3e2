from collections.abc import Callable

import pytest

from simslab.kernel.bug import KernelBugError
from simslab.kernel.locking.percpu_rwsem import HotplugLocks, PercpuRwSemaphore
from simslab.machine.accounting import causes
from simslab.machine.core.cpu import Cpu
from simslab.machine.machine import Machine

WORK = 50_000


def sections(machine: Machine, entrances: list[str]) -> list[tuple[str, int]]:
    """What CPUs that enter one after the other do, in order: ("read" or "write", "+" or "-" for in and out, CPU)."""
    lock, seen = PercpuRwSemaphore("cpu_hotplug_lock"), []

    def section(cpu: Cpu, kind: str) -> Callable[[], None]:
        def run() -> None:
            cpu.charge(causes.WORK, 1_000 * (cpu.id + 1))
            with lock.read(cpu) if kind == "read" else lock.written(cpu):
                seen.append(("+" + kind, cpu.id))
                cpu.charge(causes.WORK, WORK)
                cpu.settle()
                seen.append(("-" + kind, cpu.id))

        return run

    for cpu, kind in zip(machine.cpus, entrances, strict=False):
        machine.engine.spawn(cpu, section(cpu, kind))
    machine.engine.run()
    assert (lock.readers, lock.writer, lock.waiters, lock.given_at) == ([], -1, [], {})
    return seen


def test_readers_do_not_wait_for_each_other(machine: Machine) -> None:
    seen = sections(machine, ["read", "read", "read"])
    assert [what for what, _ in seen] == ["+read"] * 3 + ["-read"] * 3


def test_a_writer_waits_for_readers_and_readers_that_come_later_wait_for_it(machine: Machine) -> None:
    seen = sections(machine, ["read", "write", "read", "read"])
    assert seen[:4] == [("+read", 0), ("-read", 0), ("+write", 1), ("-write", 1)]
    assert [what for what, _ in seen[4:]] == ["+read", "+read", "-read", "-read"]


def test_writers_write_one_after_the_other(machine: Machine) -> None:
    seen = sections(machine, ["write", "write", "write"])
    assert seen == [(sign + "write", cpu) for cpu in range(3) for sign in "+-"]


def test_who_writes_may_not_wait_for_itself(machine: Machine) -> None:
    lock, cpu = PercpuRwSemaphore("cpu_hotplug_lock"), machine.cpus[0]
    lock.down_write(cpu)
    with pytest.raises(KernelBugError, match="may not wait for cpu_hotplug_lock"):
        lock.down_read(cpu)


def test_only_the_writer_has_written(machine: Machine) -> None:
    lock = PercpuRwSemaphore("cpu_hotplug_lock")
    lock.down_write(machine.cpus[0])
    with pytest.raises(KernelBugError, match="CPU 1 does not write"):
        lock.up_write(machine.cpus[1])


def test_memory_moves_while_cpus_stay(machine: Machine) -> None:
    locks, cpu = HotplugLocks(), machine.cpus[0]
    with locks.memory_moves(cpu):
        assert (locks.cpus.readers, locks.mems.writer) == ([0], 0)
    with locks.held(cpu):
        assert (locks.cpus.readers, locks.mems.readers) == ([0], [0])
    assert locks.cpus.readers == locks.mems.readers == []
