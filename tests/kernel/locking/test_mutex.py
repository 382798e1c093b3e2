from collections.abc import Callable

import pytest

from simslab.base.engine import Deadlock
from simslab.kernel.bug import KernelBugError
from simslab.kernel.locking.mutex import Mutex, holding
from simslab.machine.accounting import causes
from simslab.machine.accounting.vectors import TIMER_VECTOR
from simslab.machine.core.cpu import Cpu
from simslab.machine.core.interrupt_handler import InterruptHandler
from simslab.machine.machine import Machine


def test_sleepers_get_the_mutex_in_turn(machine: Machine) -> None:
    mutex, order = Mutex(0x100000, "slab_mutex"), []

    def section(cpu: Cpu) -> Callable[[], None]:
        def run() -> None:
            cpu.charge(causes.WORK, 10 * (4 - cpu.id))
            mutex.lock(cpu)
            cpu.charge(causes.WORK, 50_000)
            cpu.settle()
            order.append(cpu.id)
            mutex.unlock(cpu)

        return run

    for cpu in machine.cpus:
        machine.engine.spawn(cpu, section(cpu))
    machine.engine.run()
    assert order == [3, 2, 1, 0]


def test_a_mutex_is_not_recursive(machine: Machine) -> None:
    mutex = Mutex(0x100000, "slab_mutex")
    mutex.lock(machine.cpus[0])
    with pytest.raises(KernelBugError):
        mutex.lock(machine.cpus[0])


def test_trylock_gives_up_while_another_has_it(machine: Machine) -> None:
    mutex, (first, second) = Mutex(0x100000, "slab_mutex"), machine.cpus[:2]
    assert mutex.trylock(first)
    assert not mutex.trylock(second)
    assert not mutex.trylock(first)
    mutex.unlock(first)
    assert mutex.trylock(second)


def test_a_release_ahead_of_the_others_is_no_release_to_them_yet(machine: Machine) -> None:
    mutex, (first, second) = Mutex(0x100000, "slab_mutex"), machine.cpus[:2]
    tried = []

    def hold() -> None:
        mutex.lock(first)
        first.charge(causes.WORK, 5000)
        mutex.unlock(first)  # not settled: ahead

    def come() -> None:
        second.charge(causes.WORK, 2000)
        tried.append(mutex.trylock(second))
        mutex.lock(second)
        tried.append(second.now >= mutex.free_from > 5000)

    machine.engine.spawn(first, hold)
    machine.engine.spawn(second, come)
    machine.engine.run()
    assert tried == [False, True]


def test_what_was_measured_as_a_whole_pays_for_the_wait_alone(machine: Machine) -> None:
    mutex, (first, second) = Mutex(0x100000, "slab_mutex"), machine.cpus[:2]

    def hold() -> None:
        with holding(mutex, first, charged=False):
            first.charge(causes.WORK, 50_000)
            first.settle()

    def wait() -> None:
        second.charge(causes.WORK, 1000)
        with holding(mutex, second, charged=False):
            pass

    machine.engine.spawn(first, hold)
    machine.engine.spawn(second, wait)
    machine.engine.run()
    assert first.now == second.now == 50_000


def test_what_fails_inside_leaves_the_mutex_free(machine: Machine) -> None:
    mutex = Mutex(0x100000, "slab_mutex")
    with pytest.raises(OSError, match="inside"), holding(mutex, machine.cpus[0]):
        raise OSError("inside")
    assert mutex.owner == -1


class LongHandler(InterruptHandler):
    """An interrupt during which the other CPUs catch up."""

    def handle(self, cpu: Cpu, _vector: int) -> int:
        cpu.charge(causes.WORK, 10_000)
        return cpu.settle()


def test_nobody_overtakes_one_that_is_interrupted_while_it_waits_for_a_release_ahead(machine: Machine) -> None:
    mutex, (first, second, third) = Mutex(0x100000, "slab_mutex"), machine.cpus[:3]
    second.handler = LongHandler()
    order: list[int] = []

    def hold() -> None:
        mutex.lock(first)
        first.charge(causes.WORK, 5000)
        mutex.unlock(first)  # not settled: ahead

    def come(cpu: Cpu, after: int) -> None:
        cpu.charge(causes.WORK, after)
        mutex.lock(cpu)
        order.append(cpu.id)
        mutex.unlock(cpu)

    second.post_irq(3000, TIMER_VECTOR)
    machine.engine.spawn(first, hold)
    machine.engine.spawn(second, lambda: come(second, 2000))
    machine.engine.spawn(third, lambda: come(third, 2500))
    machine.engine.run()
    assert order == [second.id, third.id]


def test_who_waits_in_vain_is_in_nobodys_way(machine: Machine) -> None:
    mutex, (first, second) = Mutex(0x100000, "slab_mutex"), machine.cpus[:2]
    mutex.lock(first)
    with pytest.raises(Deadlock):  # no engine runs the owner
        mutex.lock(second)
    mutex.unlock(first)
    assert (mutex.owner, mutex.waiters) == (-1, [])


def test_nobody_waits_with_interrupts_off(machine: Machine) -> None:
    cpu = machine.cpus[0]
    cpu.irq_disable(0)
    with pytest.raises(KernelBugError, match="may not wait"):
        Mutex(0x100000, "slab_mutex").lock(cpu)
