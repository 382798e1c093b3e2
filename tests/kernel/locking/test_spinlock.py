from collections.abc import Callable

import pytest

from simslab.kernel.bug import KernelBugError
from simslab.kernel.locking.spinlock import LockStats, SpinLock
from simslab.machine.accounting import causes
from simslab.machine.accounting.callsites import site
from simslab.machine.core.cpu import Cpu
from simslab.machine.machine import Machine
from simslab.machine.memory import states

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


def test_a_waiter_sees_the_release_as_soon_as_the_line_has_come_over(machine: Machine, lock: SpinLock) -> None:
    released, waited, _ = contend(machine, lock, arrives=100)
    late = 100 + waited - released
    assert late == machine.memory.paths.c2c_modified + machine.cpus[0].mispredict


def test_a_hand_over_ends_with_the_ownership_of_the_line_which_is_not_waited_for(
    machine: Machine, lock: SpinLock
) -> None:
    _, _, handover = contend(machine, lock, arrives=100)
    first, second = machine.cpus[:2]
    assert handover == 0
    held = [machine.memory.state_in_core(cpu.core, lock.addr >> states.LINE_SHIFT) for cpu in (first, second)]
    assert held == [0, states.MODIFIED]


def hold(make_machine: Callable[..., Machine], stores: int, polled: bool, apart: int = 0) -> int:
    """Cycles from a holder's acquisition to its visible release after `stores` stores, each behind 30 others.

    `polled`: a waiter comes at once. `apart`: bytes between the lock's word and what is stored to.
    """
    machine = make_machine(cpus=2, quantum=0, store_buffer=32)
    lock = SpinLock(0x100000, LockStats(8).lock_class("test"))
    times: list[int] = []

    def holder() -> None:
        cpu = machine.cpus[0]
        cpu.write(0x100000 + apart)
        lock.lock(cpu, SITE)
        start = cpu.now
        cpu.charge(WORK, 100)
        lock.let_in(cpu)
        for _ in range(stores):
            cpu.update(0x100008 + apart)
            for _ in range(30):
                cpu.write(0x200000)
            cpu.charge(WORK, 10)
        lock.unlock(cpu)
        times.append(lock.free_at - start)

    def waiter() -> None:
        cpu = machine.cpus[1]
        cpu.charge(WORK, 500 if polled else 1_000_000)
        lock.lock(cpu, SITE)
        lock.unlock(cpu)

    machine.cpus[0].charge(WORK, 400)
    machine.engine.spawn(machine.cpus[0], holder)
    machine.engine.spawn(machine.cpus[1], waiter)
    machine.engine.run()
    return times[0]


def test_a_waiter_that_polls_takes_the_holders_line_at_every_burst_of_stores(
    make_machine: Callable[..., Machine],
) -> None:
    few = hold(make_machine, 10, True) - hold(make_machine, 10, False)
    many = hold(make_machine, 20, True) - hold(make_machine, 20, False)
    paths = make_machine(cpus=2).memory.paths
    each = paths.l3 + 2 * paths.c2c_modified
    assert each * 8 <= many - few <= 2 * each * 10


def test_data_in_another_line_is_not_taken_by_who_polls_the_lock(make_machine: Callable[..., Machine]) -> None:
    delay = hold(make_machine, 20, True, apart=128) - hold(make_machine, 20, False, apart=128)
    paths = make_machine(cpus=2).memory.paths
    assert delay <= 2 * (paths.l3 + 2 * paths.c2c_modified)


def test_who_was_not_first_in_the_queue_is_told_and_then_fetches_the_word(
    make_machine: Callable[..., Machine],
) -> None:
    """The holder's store to the waiter's queue node and the waiter's look at the lock are two lines that move."""
    machine = make_machine(cpus=4, quantum=0)
    lock = SpinLock(0x100000, LockStats(8).lock_class("test"))
    entered: list[int] = []

    def section(cpu: Cpu, arrival: int, held: int) -> Callable[[], None]:
        def run() -> None:
            cpu.charge(WORK, arrival)
            lock.lock(cpu, SITE)
            entered.append(cpu.now)
            cpu.charge(WORK, held)
            lock.let_in(cpu)
            lock.unlock(cpu)

        return run

    for cpu, arrival, held in zip(machine.cpus, (10, 500, 1000, 1500), (4000, 0, 0, 0), strict=False):
        machine.engine.spawn(cpu, section(cpu, arrival, held))
    machine.engine.run()
    assert entered == sorted(entered)
    assert entered[3] - entered[2] >= 2 * transfer(machine)
    assert entered[2] - entered[1] < 2 * transfer(machine)


def hand_overs(make_machine: Callable[..., Machine], held: int, suspended: bool) -> list[int]:
    """Cycles from each release until the next CPU has the lock, of four that come one after the other.

    The first holds it for 2,000 cycles, the others for `held`; `suspended`: others come in the middle of each section.
    """
    machine = make_machine(cpus=4, quantum=0)
    lock = SpinLock(0x100000, LockStats(8).lock_class("test"))
    entered: list[int] = []
    released: list[int] = []

    def section(cpu: Cpu, arrival: int, cycles: int) -> Callable[[], None]:
        def run() -> None:
            cpu.charge(WORK, arrival)
            lock.lock(cpu, SITE)
            entered.append(cpu.now)
            cpu.charge(WORK, cycles // 2)
            if suspended:
                cpu.settle()
            cpu.charge(WORK, cycles - cycles // 2)
            lock.unlock(cpu)
            released.append(lock.free_at)

        return run

    for cpu, arrival in zip(machine.cpus, (10, 500, 600, 700), strict=False):
        machine.engine.spawn(cpu, section(cpu, arrival, held if cpu.id else 2000))
    machine.engine.run()
    return [start - end for start, end in zip(entered[1:], released, strict=False)]


@pytest.mark.parametrize("held", [0, 40, 200, 2000])
def test_a_hand_over_takes_as_long_whether_or_not_others_came_during_the_section_in_host_time(
    make_machine: Callable[..., Machine], held: int
) -> None:
    assert hand_overs(make_machine, held, suspended=False) == hand_overs(make_machine, held, suspended=True)


def test_behind_a_short_section_the_next_has_yet_to_learn_that_it_is_the_first(
    make_machine: Callable[..., Machine],
) -> None:
    short, long = (hand_overs(make_machine, held, suspended=True)[2] for held in (40, 200))
    assert short > long + transfer(make_machine()) // 2


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


def test_a_lock_tells_the_call_site_that_took_it_last(machine: Machine, lock: SpinLock) -> None:
    for name in ("here", "there", "here"):
        lock.lock(machine.cpus[0], site(name))
        assert lock.lock_class.site(lock.row) == name
        lock.unlock(machine.cpus[0])


def test_inside_a_bill_waiting_is_part_of_the_bill(machine: Machine, lock: SpinLock) -> None:
    first, second = machine.cpus[:2]
    lock.lock(first, SITE)
    first.charge(WORK, 1000)
    lock.unlock(first)
    second.bill = causes.PAGE_ALLOCATOR
    lock.lock(second, SITE)
    assert second.cause_owner[causes.PAGE_ALLOCATOR] == second.now


def test_a_lock_taken_inside_another_leaves_the_outer_ones_line_polled(
    make_machine: Callable[..., Machine],
) -> None:
    machine = make_machine(cpus=2, quantum=0)
    stats = LockStats(8)
    outer, inner = (SpinLock(addr, stats.lock_class(str(addr))) for addr in (0x100000, 0x200000))
    polled: list[int] = []

    def holder() -> None:
        cpu = machine.cpus[0]
        outer.lock(cpu, SITE)
        cpu.charge(WORK, 2000)
        outer.let_in(cpu)
        inner.lock(cpu, SITE)
        inner.unlock(cpu)
        polled.append(cpu.polled)
        outer.unlock(cpu)
        polled.append(cpu.polled)

    def waiter() -> None:
        machine.cpus[1].charge(WORK, 500)
        outer.lock(machine.cpus[1], SITE)
        outer.unlock(machine.cpus[1])

    machine.engine.spawn(machine.cpus[0], holder)
    machine.engine.spawn(machine.cpus[1], waiter)
    machine.engine.run()
    assert polled == [0x100000 >> 6, -1]


def test_a_request_that_waited_counts_the_cycles_that_it_is_charged(make_machine: Callable[..., Machine]) -> None:
    memory = make_machine(cpus=2).memory
    line = 0x100000 >> 6
    charged = memory.transact_in_turn(0, line, 100)
    memory.locked_until(0, line, 2000)
    charged += memory.transact_in_turn(1, line, 100)
    assert charged > 1900
    assert sum(memory.cycles_owner) == charged


@pytest.mark.parametrize(("early", "fetches"), [(1, False), (0, True)])
def test_the_last_holder_has_the_word_until_the_first_in_the_queue_looks_at_the_release(
    make_machine: Callable[..., Machine], early: int, fetches: bool
) -> None:
    last, first = make_machine(nodes=1).cpus
    lock = SpinLock(0x100000, LockStats(2).lock_class("test"))
    lock.last, lock.holder, lock.queue, lock.first_pending = last.id, last, [first], 1
    last.write(lock.addr)
    first.look(lock.addr)
    lock.free_at = 1000
    last.charge(WORK, 1000 + last.memory.follow(last.core, first.core) + first.mispredict - early - last.now)
    before = last.now
    lock.join(last)
    assert (last.now - before > last.locked_hit()) == fetches


def test_who_asks_for_a_word_while_a_store_to_it_is_under_way_gets_it_from_the_core_that_stores(
    make_machine: Callable[..., Machine],
) -> None:
    storing, asking = make_machine(nodes=1, store_buffer=32).cpus
    storing.write_in_turn(0x100000)
    stored = storing.retired()
    asking.atomic_in_turn(0x100000)
    assert stored > 0
    assert asking.now == stored + asking.memory.follow(storing.core, asking.core) + asking.locked_hit()


def nested(make_machine: Callable[..., Machine], outer_waits: bool, inner_waits: bool, stored: int) -> tuple[int, int]:
    """Cycles from the taking of a lock inside another till 40 stores to a lock's line have retired; lines polled then.

    `stored` is the address of the lock, at which both have their data; a CPU may wait for each.
    """
    machine = make_machine(cpus=3, quantum=0, store_buffer=4)
    stats = LockStats(8)
    outer, inner = (SpinLock(addr, stats.lock_class(str(addr))) for addr in (0x100000, 0x200000))
    found: list[int] = []

    def holder() -> None:
        cpu = machine.cpus[0]
        outer.lock(cpu, SITE)
        inner.lock(cpu, SITE)
        cpu.charge(WORK, 4000)
        outer.let_in(cpu)
        start = cpu.now
        for _ in range(40):
            cpu.charge(WORK, 12)
            cpu.write(stored + 8)
        found.append(cpu.retired() - start)
        found.append(sum(line != states.NO_LINE for line in (cpu.polled, cpu.outer_polled)))
        inner.unlock(cpu)
        outer.unlock(cpu)
        found.append(sum(line != states.NO_LINE for line in (cpu.polled, cpu.outer_polled)))

    def waiter(cpu: Cpu, lock: SpinLock) -> None:
        cpu.charge(WORK, 500)
        lock.lock(cpu, SITE)
        lock.unlock(cpu)

    machine.engine.spawn(machine.cpus[0], holder)
    for cpu, lock, waits in ((machine.cpus[1], outer, outer_waits), (machine.cpus[2], inner, inner_waits)):
        if waits:
            machine.engine.spawn(cpu, lambda cpu=cpu, lock=lock: waiter(cpu, lock))
    machine.engine.run()
    assert found.pop() == 0
    return found[0], found[1]


@pytest.mark.parametrize("stored", [0x100000, 0x200000])
def test_the_lines_of_two_locks_are_polled_each_by_its_own_waiter(
    make_machine: Callable[..., Machine], stored: int
) -> None:
    nobody, none = nested(make_machine, False, False, stored)
    alone, one = nested(make_machine, stored == 0x100000, stored == 0x200000, stored)
    other, _ = nested(make_machine, stored == 0x200000, stored == 0x100000, stored)
    both, two = nested(make_machine, True, True, stored)
    assert (none, one, two) == (0, 1, 2)
    assert alone > 1.5 * nobody
    assert both == pytest.approx(alone, rel=0.05)
    assert other < 1.2 * nobody
