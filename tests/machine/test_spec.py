import pytest

from simslab.machine.library import load_machine, machine_names
from simslab.machine.spec import MachineSpec, machine_schema
from simslab.machine.timing.cycles import build_timing
from simslab.machine.topology.topology import build_topology


@pytest.mark.parametrize("name", machine_names())
def test_every_shipped_machine_loads_and_builds(name):
    spec = load_machine(name)
    topology = build_topology(spec)
    timing = build_timing(spec, topology)
    assert spec.name == name
    assert timing.caches.l1.latency < timing.caches.l2.latency < timing.caches.l3.latency


def test_a_machine_survives_being_written_and_read_again():
    spec = load_machine("memory-only-node")
    assert MachineSpec.model_validate(spec.model_dump(mode="json")) == spec


def test_the_schema_describes_units():
    schema = machine_schema()
    assert schema["additionalProperties"] is False
    assert "core clock" in str(schema["$defs"]["CoreSpec"]["properties"]["frequency"])


def test_an_override_changes_one_parameter():
    assert str(load_machine("two-socket", ["links.upi.latency=60 ns"]).links[0].latency) == "60 ns"
