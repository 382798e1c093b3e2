import pytest

from simslab.base.errors import UserError
from simslab.base.shipped import shipped_names
from simslab.experiment.inputs import load_inputs


@pytest.mark.parametrize("machine", shipped_names("machines"))
def test_every_shipped_machine_loads(machine):
    assert load_inputs(machine, "local-churn").machine.name == machine


@pytest.mark.parametrize("workload", shipped_names("workloads"))
def test_every_shipped_workload_loads(workload):
    assert load_inputs("two-socket", workload).workload.name == workload


def test_overrides_reach_machine_and_workload():
    inputs = load_inputs("two-socket", "local-churn", ["scale=0.5", "machine.name=mine"])
    assert inputs.workload.scale == 0.5
    assert inputs.machine.name == "mine"
    assert [override.path for override in inputs.workload_document.overrides] == ["scale"]


def test_the_mistakes_of_both_are_told_at_once():
    with pytest.raises(UserError) as caught:
        load_inputs("two-sokcet", "local-churn", ["scale=fast"])
    assert len(caught.value.problems) == 2
