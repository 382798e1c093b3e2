from collections.abc import Callable

import pytest

from simslab.kernel.bug import KernelBugError
from simslab.kernel.locking.mutex import Mutex
from simslab.machine.accounting import causes
from simslab.machine.core.cpu import Cpu
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
