"""What a found machine becomes as a file: its own figures, the template's, and which is which."""

from dataclasses import replace
from pathlib import Path

import pytest

from simslab.base.documents.validation import validate
from simslab.base.documents.yamlfile import parse_yaml
from simslab.base.errors import UserError
from simslab.instruments.exchange.found import FoundCache, FoundCore, FoundMachine, FoundNode
from simslab.instruments.exchange.machine_file import FAR_DISTANCE, MEMORY, NEAR_DISTANCE, machine_file
from simslab.machine.library import load_machine
from simslab.machine.spec import MachineSpec
from simslab.machine.validation.limits import MAX_MEMORY

GIB = 1 << 30
TEMPLATE = load_machine("two-socket")
PATH = Path("found")
CORES = (FoundCore((0,), 0, 0, 0), FoundCore((1,), 1, 0, 1))
NODES = (FoundNode(0, (0,), 2 * GIB), FoundNode(1, (1,), 2 * GIB))
FOUND = FoundMachine("lstopo", "m", CORES, NODES, [[10, 21], [21, 10]])


def written(**changes):
    """(spec, text) of the machine found, with changes."""
    text = machine_file(replace(FOUND, **changes), TEMPLATE, PATH)
    return validate(parse_yaml(text, "m"), MachineSpec), text


def line(text, key):
    return next(line for line in text.splitlines() if line.startswith(key))


def test_what_was_found_is_kept():
    spec, _ = written()
    assert (spec.name, spec.layout.packages, spec.layout.cores) == ("m", 2, 1)
    assert [node.memory for node in spec.nodes] == [2 * GIB] * 2
    assert spec.distances == [[10, 21], [21, 10]]


def test_what_was_not_found_is_the_templates_and_said_to_be():
    spec, text = written()
    assert (spec.core, spec.kernel, spec.dram) == (TEMPLATE.core, TEMPLATE.kernel, TEMPLATE.dram)
    assert "taken from the machine 'two-socket'" in text
    assert "estimate" in line(text, "links:")


def test_a_cache_keeps_its_found_size_and_the_nearest_ways_that_divide_it():
    spec, _ = written(caches={"l2": FoundCache(768 << 10, 0), "l1d": FoundCache(48 << 10, 12)})
    assert (spec.l2.size, spec.l1d.size, spec.l1d.ways) == (768 << 10, 48 << 10, 12)
    assert (spec.l2.size // 64) % spec.l2.ways == 0


def test_a_node_without_cpus_and_memory_is_left_out_and_told():
    empty = FoundNode(2, (), 0)
    spec, text = written(nodes=(*NODES, empty), distances=[[10, 21, 99], [21, 10, 99], [99, 99, 10]])
    assert [list(row) for row in spec.distances] == [[10, 21], [21, 10]]
    assert "node 2 has neither CPUs nor memory: left out" in text


def test_memory_that_is_not_told_is_an_estimate():
    spec, text = written(nodes=tuple(replace(node, memory=None) for node in NODES))
    assert [node.memory for node in spec.nodes] == [MEMORY] * 2
    assert "memory: estimate" in text


def test_more_memory_than_can_be_simulated_is_scaled_down():
    spec, text = written(nodes=(replace(NODES[0], memory=MAX_MEMORY), replace(NODES[1], memory=3 * MAX_MEMORY)))
    first, second = (node.memory for node in spec.nodes)
    assert second == pytest.approx(3 * first, rel=1e-6)
    assert first + second <= MAX_MEMORY
    assert "scaled down to what can be simulated" in text


@pytest.mark.parametrize(("near", "distance"), [((1,), NEAR_DISTANCE), ((), FAR_DISTANCE)])
def test_memory_without_cpus_hangs_at_a_port_of_the_node_it_is_near_to(near, distance):
    from simslab.instruments.exchange.links import port_latency

    spec, text = written(nodes=(*NODES, FoundNode(2, (), GIB, near)), distances=None)
    port = spec.nodes[2].root_port
    assert port.node == (1 if near else 0)
    assert port_latency(TEMPLATE, distance) in text


def test_of_several_hosts_the_nearest_has_the_port():
    distances = [[10, 21, 30], [21, 10, 17], [30, 17, 10]]
    spec, _ = written(nodes=(*NODES, FoundNode(2, (), GIB)), distances=distances)
    assert spec.nodes[2].root_port.node == 1


def test_memory_that_is_equally_far_from_all_is_linked_like_a_node():
    distances = [[10, 21, 30], [21, 10, 30], [30, 30, 10]]
    spec, _ = written(nodes=(*NODES, FoundNode(2, (), GIB)), distances=distances)
    assert spec.nodes[2].root_port is None


def test_a_machine_that_cannot_be_simulated_is_told_with_its_first_fault():
    with pytest.raises(UserError, match=r"the machine in it cannot be simulated: links") as error:
        written(distances=[[10, 5], [5, 10]])
    assert error.value.problems[0].file == "found"


def test_a_told_part_that_cannot_stand_in_a_file_is_refused():
    with pytest.raises(UserError, match="tells a part 'dram' that cannot be what it says"):
        written(sections={"dram": "banana"})
