import pytest

from simslab.kernel.locking.hotplug_locks import HotplugLocks
from simslab.machine.machine import Machine


def state(locks: HotplugLocks) -> list[tuple[int, int]]:
    return [(lock.readers, lock.writer) for lock in (locks.cpus, locks.mems)]


FREE = [(0, -1), (0, -1)]


def test_hotplug_is_held_off_for_cpus_and_memory(machine: Machine) -> None:
    locks = HotplugLocks()
    with locks.held_off(machine.cpus[1]):
        assert state(locks) == [(1, -1), (1, -1)]
    assert state(locks) == FREE


def test_cpu_hotplug_leaves_memory_alone(machine: Machine) -> None:
    locks = HotplugLocks()
    with locks.cpu_hotplug(machine.cpus[1]):
        assert state(locks) == [(0, 1), (0, -1)]
    assert state(locks) == FREE


def test_memory_hotplug_holds_cpus_where_they_are(machine: Machine) -> None:
    locks = HotplugLocks()
    with locks.mem_hotplug(machine.cpus[1]):
        assert state(locks) == [(1, -1), (0, 1)]
    assert state(locks) == FREE


def test_what_fails_inside_leaves_the_locks_free(machine: Machine) -> None:
    locks = HotplugLocks()
    with pytest.raises(OSError, match="inside"), locks.held_off(machine.cpus[0]):
        raise OSError("inside")
    assert state(locks) == FREE
