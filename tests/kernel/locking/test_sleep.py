import pytest

from simslab.kernel.bug import KernelBugError
from simslab.kernel.locking.sleep import SCHEDULE_INSNS, runs_with_others, sleep_until, wake_sleeper
from simslab.machine.accounting import causes
from simslab.machine.machine import Machine


def test_a_sleeper_goes_on_when_it_is_woken_and_is_idle_till_then(machine: Machine) -> None:
    sleeper, waker = machine.cpus[:2]
    open_at: list[int] = []

    def sleep() -> None:
        sleep_until(sleeper, "gate", lambda: bool(open_at))

    def wake() -> None:
        waker.charge(causes.WORK, 80_000)
        waker.settle()
        open_at.append(waker.now)
        wake_sleeper(sleeper, waker.now)

    machine.engine.spawn(sleeper, sleep)
    machine.engine.spawn(waker, wake)
    machine.engine.run()
    assert sleeper.now == open_at[0]
    asleep = sleeper.cause_owner[causes.LOCK_WAIT]
    assert 0 < sleeper.now - asleep <= SCHEDULE_INSNS


def test_a_wake_up_that_grants_nothing_ends_no_sleep(machine: Machine) -> None:
    sleeper, waker = machine.cpus[:2]
    granted: list[int] = []

    def wake() -> None:
        for _ in range(2):
            waker.charge(causes.WORK, 50_000)
            waker.settle()
            wake_sleeper(sleeper, waker.now)
            granted.append(waker.now)

    machine.engine.spawn(sleeper, lambda: sleep_until(sleeper, "gate", lambda: len(granted) > 1))
    machine.engine.spawn(waker, wake)
    machine.engine.run()
    assert sleeper.now == granted[1]


def test_without_an_engine_nobody_could_wake_the_sleeper(machine: Machine) -> None:
    cpu = machine.cpus[0]
    assert not runs_with_others(cpu)
    cpu.engine = None
    with pytest.raises(KernelBugError, match="without an engine"):
        sleep_until(cpu, "gate", lambda: False)
