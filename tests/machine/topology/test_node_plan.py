import pytest

from simslab.machine.library import load_machine
from simslab.machine.topology.node_plan import node_entries, node_index, plan_nodes
from simslab.machine.topology.numbering import seats

SHAPE = "layout={packages: 2, dies: 2, ccxs: 2, cores: 1}"
LINKS = "links=[{between: all, latency: 1 ns, bandwidth: 1 GB/s}]"


def plans(nodes, *overrides):
    spec = load_machine("one-node", [SHAPE, f"nodes={nodes}", LINKS, *overrides])
    return spec, plan_nodes(spec, seats(spec.layout))


@pytest.mark.parametrize(
    ("unit", "cpus"),
    [
        ("package", [(0, 1, 2, 3), (4, 5, 6, 7)]),
        ("die", [(0, 1), (2, 3), (4, 5), (6, 7)]),
        ("ccx", [(cpu,) for cpu in range(8)]),
    ],
)
def test_an_entry_may_stand_for_every_unit(unit, cpus):
    _, found = plans(f"[{{each: {unit}, memory: 1 GiB}}]", f"l3.scope={unit}")
    assert [plan.cpus for plan in found] == cpus
    assert {plan.entry for plan in found} == {0}


def test_an_entry_may_name_a_package_a_die_of_it_or_cpus():
    _, found = plans(
        "[{package: 0, memory: 1 GiB}, {package: 1, die: 1, memory: 2 GiB}, {cpus: '4-5', memory: 0}]", "l3.scope=die"
    )
    assert [plan.cpus for plan in found] == [(0, 1, 2, 3), (6, 7), (4, 5)]
    assert [plan.packages for plan in found] == [(0,), (1,), (1,)]
    assert [plan.memory >> 30 for plan in found] == [1, 2, 0]


def test_numbers_count_on_from_one_that_is_given():
    _, found = plans("[{package: 0, memory: 1 GiB}, {id: 4, package: 1, memory: 1 GiB}, {cpus: '', memory: 1 GiB}]")
    assert [plan.number for plan in found] == [0, 4, 5]
    assert node_index(found) == {0: 0, 4: 1, 5: 2}


def test_positions_are_repeated_as_needed():
    mesh = "mesh={hop: 1 ns, bandwidth: 1 GB/s}"
    _, found = plans("[{each: die, memory: 1 GiB, positions: [[0, 0], [1, 2]]}]", mesh, "l3.scope=die")
    assert [plan.position for plan in found] == [(0, 0), (1, 2), (0, 0), (1, 2)]


def test_memory_behind_a_port_has_no_cpus():
    port = "{memory: 1 GiB, root_port: {package: 1, latency: 100 ns}}"
    _, found = plans(f"[{{each: package, memory: 1 GiB}}, {port}]")
    assert [plan.behind_port for plan in found] == [False, False, True]
    assert (found[2].cpus, found[2].port.package, found[2].port.node) == ((), 1, None)


def test_a_node_may_have_memory_of_its_own_kind():
    own = "{latency: 99 ns, bandwidth: 9 GB/s}"
    spec, found = plans(f"[{{package: 0, memory: 1 GiB}}, {{package: 1, memory: 1 GiB, dram: {own}}}]")
    assert found[0].dram == spec.dram
    assert str(found[1].dram.latency) == "99 ns"


def test_every_node_knows_its_entry():
    spec, _ = plans("[{each: package, memory: 1 GiB}, {cpus: '', memory: 1 GiB}]")
    assert node_entries(spec) == [spec.nodes[0], spec.nodes[0], spec.nodes[1]]
