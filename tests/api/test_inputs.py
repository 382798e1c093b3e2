import pytest

import simslab
from simslab.api.inputs import settings_of, to_yaml, write_yaml
from simslab.base.errors import UserError
from simslab.base.shipped import shipped_names


def test_overrides_are_a_mapping_or_texts():
    assert settings_of({"a.b": 3, "c": "x1", "d": {"limit": 4}, "e": True}) == [
        "a.b=3",
        "c=x1",
        'd={"limit": 4}',
        "e=true",
    ]
    assert settings_of(["a=1"]) == ["a=1"]
    assert settings_of(None) == []


@pytest.mark.parametrize("name", shipped_names("machines"))
def test_a_machine_comes_back_from_its_yaml_as_it_was(name, tmp_path):
    machine = simslab.load_machine(name)
    write_yaml(machine, tmp_path / "m.yaml")
    assert simslab.load_machine(tmp_path / "m.yaml") == machine


@pytest.mark.parametrize("name", shipped_names("workloads"))
def test_a_workload_comes_back_from_its_yaml_as_it_was(name, tmp_path):
    workload = simslab.load_workload(name)
    write_yaml(workload, tmp_path / "w.yaml")
    assert simslab.load_workload(tmp_path / "w.yaml") == workload


def test_an_object_can_be_changed_and_is_checked_again():
    machine = simslab.load_machine(simslab.load_machine("two-socket"), {"links.upi.latency": "60 ns"})
    assert str(machine.links[0].latency) == "60 ns"
    with pytest.raises(UserError, match="did you mean 'latency'"):
        simslab.load_machine(machine, {"links.upi.latncy": "60 ns"})


def test_an_object_can_be_built_of_parts():
    machine = simslab.load_machine("one-node")
    faster = machine.model_copy(update={"name": "faster", "core": machine.core.model_copy(update={"ipc": 6.0})})
    assert "ipc: 6.0" in to_yaml(faster)
    inputs = simslab.load(faster, "local-churn", {"scale": 0.01})
    assert (inputs.machine.core.ipc, inputs.machine.name) == (6.0, "faster")


def test_an_override_goes_to_machine_or_workload():
    inputs = simslab.load("two-socket", "mixed-remote", ["scale=0.5", "core.ipc=3"])
    assert (inputs.workload.scale, inputs.machine.core.ipc) == (0.5, 3.0)
