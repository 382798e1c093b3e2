from collections.abc import Callable

import pytest

from simslab.kernel.bug import KernelBugError
from simslab.kernel.locking.spinlock import LockStats, SpinLock
from simslab.machine.accounting import causes
from simslab.machine.accounting.callsites import site
from simslab.machine.core.cpu import Cpu
from simslab.machine.machine import Machine

SITE = site("test section")
WORK = causes.WORK
RAW_SPIN_LOCK_INSNS = 5


@pytest.fixture
def stats(machine: Machine) -> LockStats:
    return LockStats(len(machine.cpus))


@pytest.fixture
def lock(stats: LockStats) -> SpinLock:
    return SpinLock(0x100000, stats.lock_class("test"))


def test_an_uncontended_lock_costs_no_waiting(machine: Machine, stats: LockStats, lock: SpinLock) -> None:
    cpu = machine.cpus[0]
    lock.lock(cpu, SITE)
    cpu.charge(WORK, 100)
    lock.unlock(cpu)
    (row,) = stats.table()
    assert (row["acquisitions"], row["contended"], row["wait_total"]) == (1, 0, 0)
    assert int(row["hold_total"]) >= 100
    assert cpu.cause_owner[causes.LOCK_WAIT] == 0
    assert cpu.cause_owner[causes.LOCK_HANDOVER] == 0


def contend(machine: Machine, lock: SpinLock, arrives: int) -> tuple[int, int, int]:
    """CPU 0 holds the lock for 1000 cycles, CPU 1 comes at `arrives`: CPU 0's end, CPU 1's wait and hand-over."""
    first, second = machine.cpus[:2]
    lock.lock(first, SITE)
    first.charge(WORK, 1000)
    lock.unlock(first)
    second.charge(WORK, arrives - RAW_SPIN_LOCK_INSNS)
    lock.lock(second, SITE)
    return first.retired(), second.cause_owner[causes.LOCK_WAIT], second.cause_owner[causes.LOCK_HANDOVER]


def transfer(machine: Machine) -> int:
    """Latency of a line that the core beside holds modified."""
    return machine.memory.paths.l3 + machine.memory.paths.c2c_modified


def test_a_waiter_sees_the_release_once_the_line_is_back_at_the_holder(machine: Machine, lock: SpinLock) -> None:
    released, waited, _ = contend(machine, lock, arrives=100)
    late = 100 + waited - released - transfer(machine)
    assert 0 <= late < max(1, machine.cpus[0].costs.kernel.pause)


def test_a_hand_over_is_a_look_at_the_line_and_then_its_ownership(machine: Machine, lock: SpinLock) -> None:
    _, _, handover = contend(machine, lock, arrives=100)
    assert handover == 2 * transfer(machine) + machine.cpus[0].costs.kernel.atomic


def test_a_holder_that_works_in_the_locks_own_line_is_held_up_by_who_comes(
    machine: Machine, stats: LockStats, lock: SpinLock
) -> None:
    _, apart, _ = contend(machine, lock, arrives=100)
    other = SpinLock(0x200000, stats.lock_class("other"), 1)
    for cpu in machine.cpus[:2]:
        cpu.now = 0
        cpu.cause_owner[causes.LOCK_WAIT] = 0
    _, together, _ = contend(machine, other, arrives=100)
    assert together - apart >= transfer(machine) - machine.cpus[0].costs.kernel.pause


def third_in_line(machine: Machine, lock: SpinLock, arrives: int, suspended: bool) -> int:
    """CPU 0 holds the lock for 1000 cycles, CPU 1 comes at 100 and releases it at once: CPU 2 has it so much later.

    `suspended`: others run while the sections last, so that CPU 2, which comes at `arrives`, queues behind them.
    """
    times: list[int] = []

    def section(cpu: Cpu, arrival: int, held: int) -> Callable[[], None]:
        def run() -> None:
            cpu.charge(WORK, arrival - RAW_SPIN_LOCK_INSNS)
            lock.lock(cpu, SITE)
            times.append(cpu.now)
            cpu.charge(WORK, held)
            if suspended:
                cpu.settle()
            lock.unlock(cpu)

        return run

    for cpu, arrival, held in zip(machine.cpus, (10, 100, arrives), (1000, 0, 0), strict=False):
        machine.engine.spawn(cpu, section(cpu, arrival, held))
    machine.engine.run()
    return times[2] - times[1]


@pytest.fixture
def third(make_machine: Callable[..., Machine]) -> Callable[[int, bool], int]:
    def run(arrives: int, suspended: bool) -> int:
        machine = make_machine(cpus=4, quantum=0)
        return third_in_line(machine, SpinLock(0x100000, LockStats(8).lock_class("test")), arrives, suspended)

    return run


def test_who_was_second_in_the_queue_waits_until_the_holder_has_told_it(
    machine: Machine, third: Callable[[int, bool], int]
) -> None:
    """The holder's store to the waiter's queue node is a line that moves twice; who comes later looks at the lock."""
    assert third(200, False) - third(1200, False) == 2 * transfer(machine)


def test_a_hand_over_costs_the_same_whether_or_not_the_holder_was_suspended(
    third: Callable[[int, bool], int],
) -> None:
    assert third(200, True) == third(200, False)
    assert third(1200, True) == third(1200, False)


def test_a_release_is_seen_after_the_stores_before_it(make_machine: Callable[..., Machine], lock: SpinLock) -> None:
    first = make_machine(store_buffer=32).cpus[0]
    lock.lock(first, SITE)
    first.write(0x900000)  # from memory
    assert first.retired() > first.now
    lock.unlock(first)
    assert lock.free_at == first.retired()


def test_a_cpu_does_not_wait_for_its_own_release(
    make_machine: Callable[..., Machine], stats: LockStats, lock: SpinLock
) -> None:
    first = make_machine(store_buffer=32).cpus[0]
    lock.lock(first, SITE)
    first.write(0x900000)
    lock.unlock(first)
    lock.lock(first, SITE)
    (row,) = stats.table()
    assert row["contended"] == 0


def test_taking_a_lock_twice_is_a_bug(machine: Machine, lock: SpinLock) -> None:
    lock.lock(machine.cpus[0], SITE)
    with pytest.raises(KernelBugError, match="twice"):
        lock.lock(machine.cpus[0], SITE)


def test_only_the_holder_may_release(machine: Machine, lock: SpinLock) -> None:
    lock.lock(machine.cpus[0], SITE)
    with pytest.raises(KernelBugError, match="does not hold"):
        lock.unlock(machine.cpus[1])


def test_trylock_takes_a_free_lock_and_leaves_a_held_one(machine: Machine, stats: LockStats, lock: SpinLock) -> None:
    assert lock.trylock(machine.cpus[0], SITE) == 1
    assert lock.trylock(machine.cpus[1], SITE) == 0
    assert stats.held_by(0) == 1
    lock.unlock(machine.cpus[0])
    assert stats.held_by(0) == 0


def test_trylock_fails_while_a_section_lasts_in_simulated_time(machine: Machine, lock: SpinLock) -> None:
    first, second = machine.cpus[:2]
    taken: list[int] = []

    def hold() -> None:
        lock.lock(first, SITE)
        first.charge(WORK, 1000)
        lock.unlock(first)

    def attempt() -> None:
        second.charge(WORK, 500)
        taken.append(lock.trylock(second, SITE))
        second.charge(WORK, 2000)
        taken.append(lock.trylock(second, SITE))

    machine.engine.spawn(first, hold)
    machine.engine.spawn(second, attempt)
    machine.engine.run()
    assert taken == [0, 1]


def test_sections_that_settle_inside_exclude_each_other_first_come_first_served(
    machine: Machine, stats: LockStats, lock: SpinLock
) -> None:
    order: list[tuple[int, int, int]] = []

    def section(cpu: Cpu, arrival: int) -> Callable[[], None]:
        def run() -> None:
            cpu.charge(WORK, arrival)
            lock.lock(cpu, SITE)
            entered = cpu.now
            for _ in range(10):
                cpu.charge(WORK, 50)
                cpu.settle()
                assert lock.owner == cpu.id
            lock.unlock(cpu)
            order.append((entered, cpu.now, cpu.id))

        return run

    for cpu, arrival in zip(machine.cpus, (100, 400, 200, 300), strict=True):
        machine.engine.spawn(cpu, section(cpu, arrival))
    machine.engine.run()
    assert [cpu for _, _, cpu in sorted(order)] == [0, 2, 3, 1]
    for (_, left, _), (entered, _, _) in zip(sorted(order), sorted(order)[1:], strict=False):
        assert left <= entered
    (row,) = stats.table()
    assert (row["acquisitions"], row["contended"]) == (4, 3)
    assert row["wait_total"] == sum(cpu.cause_owner[causes.LOCK_WAIT] for cpu in machine.cpus)


def test_statistics_are_kept_by_call_site(machine: Machine, stats: LockStats, lock: SpinLock) -> None:
    for name in ("one", "two", "three", "four", "five", "one"):
        lock.lock(machine.cpus[0], site(name))
        lock.unlock(machine.cpus[0])
    rows = {row["site"]: row["acquisitions"] for row in stats.table()}
    assert rows == {"one": 2, "two": 1, "three": 1, "four": 1, "five": 1}
    stats.reset()
    assert sum(int(row["acquisitions"]) for row in stats.table()) == 0


def test_inside_a_bill_waiting_is_part_of_the_bill(machine: Machine, lock: SpinLock) -> None:
    first, second = machine.cpus[:2]
    lock.lock(first, SITE)
    first.charge(WORK, 1000)
    lock.unlock(first)
    second.bill = causes.PAGE_ALLOCATOR
    lock.lock(second, SITE)
    assert second.cause_owner[causes.PAGE_ALLOCATOR] == second.now
