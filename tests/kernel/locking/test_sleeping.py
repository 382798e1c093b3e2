import pytest

from simslab.kernel.bug import KernelBugError
from simslab.kernel.locking import sleeping
from simslab.machine.accounting import causes
from simslab.machine.machine import Machine


def test_a_sleeper_goes_on_when_and_not_before_it_is_given_what_it_waits_for(machine: Machine) -> None:
    sleeper, giver = machine.cpus[:2]
    given: list[int] = []
    woken: list[int] = []

    def sleep() -> None:
        sleeping.sleep_until(sleeper, "a gift", lambda: bool(given))
        sleeping.awake(sleeper, given[0])
        woken.append(sleeper.now)

    def give() -> None:
        giver.charge(causes.WORK, 70_000)
        giver.settle()
        sleeping.wake(sleeper, giver.now)  # in vain: nothing is given yet
        giver.charge(causes.WORK, 30_000)
        giver.settle()
        given.append(giver.now)
        sleeping.wake(sleeper, giver.now)

    machine.engine.spawn(sleeper, sleep)
    machine.engine.spawn(giver, give)
    machine.engine.run()
    assert woken == given
    assert given[0] >= 100_000


def test_nobody_sleeps_where_nobody_else_runs(machine: Machine) -> None:
    machine.cpus[0].engine = None
    with pytest.raises(KernelBugError, match="without an engine"):
        sleeping.sleep_until(machine.cpus[0], "a gift", lambda: False)
