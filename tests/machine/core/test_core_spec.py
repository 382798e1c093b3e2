import dataclasses

import pytest

from simslab.machine.core.core_spec import CoreCosts, ExecutionCosts, StoreCosts


def test_costs_do_not_change_once_they_are_stated():
    costs = CoreCosts(ExecutionCosts(65536, 65536, hidden=0), StoreCosts(divisor=1, atomic=0, clear_q10=0))
    with pytest.raises(dataclasses.FrozenInstanceError):
        costs.execution.hidden = 1


def test_a_core_without_interrupt_costs_takes_interrupts_for_nothing():
    costs = CoreCosts(ExecutionCosts(65536, 65536, hidden=0), StoreCosts(divisor=1, atomic=0, clear_q10=0))
    assert set(dataclasses.astuple(costs.interrupts)) == {0}
