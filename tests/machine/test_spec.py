import pytest

from simslab.base.errors import UserError
from simslab.machine.description.cpulist import format_cpulist, parse_cpulist
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


def test_the_five_promised_machines_are_shipped():
    assert {"one-node", "two-socket", "four-socket", "memory-only-node", "memoryless-node"} <= set(machine_names())


def test_a_machine_survives_being_written_and_read_again():
    spec = load_machine("memory-only-node")
    assert MachineSpec.model_validate(spec.model_dump(mode="json")) == spec


def test_the_schema_describes_units():
    schema = machine_schema()
    assert schema["additionalProperties"] is False
    assert "core clock" in str(schema["$defs"]["CoreSpec"]["properties"]["frequency"])


def test_an_override_changes_one_parameter():
    assert str(load_machine("two-socket", ["links.upi.latency=60 ns"]).links[0].latency) == "60 ns"


def test_an_unknown_machine_gives_the_near_miss():
    with pytest.raises(UserError, match="did you mean 'two-socket'"):
        load_machine("two-soket")


def test_cpu_lists_are_read_and_written_as_the_kernel_does():
    assert parse_cpulist("0-3,8") == (0, 1, 2, 3, 8)
    assert format_cpulist([8, 0, 1, 2, 3]) == "0-3,8"
