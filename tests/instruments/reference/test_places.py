"""Words of published tables as nodes and CPUs of a machine."""

import pytest

from simslab.instruments.reference.places import cpus_of, nodes_of
from simslab.machine.library import load_machine
from simslab.machine.topology.topology import build_topology

TWO = build_topology(load_machine("two-socket"))
ROME = build_topology(load_machine("epyc-rome-nps4"))
GENOA = build_topology(load_machine("epyc-genoa-cxl"))
BARE = build_topology(load_machine("memoryless-node"))


@pytest.mark.parametrize(
    ("source", "target", "nodes"),
    [
        ("node0", "node1", (0, 1)),
        ("node1", "node0", (1, 0)),
        ("core", "local", (0, 0)),
        ("node1", "local", (1, 1)),
        ("core", "", (0, 0)),
        ("core", "DDR4", (0, 0)),
        ("core", "other socket", (0, 1)),
        ("node1", "Remote", (1, 0)),
        ("core", "node7", None),
        ("node7", "node0", None),
        ("node7", "local", None),
        ("node70000", "", None),
        ("core", "DDR4 SNC4", None),
        ("core", "behind a switch", None),
        ("core", "MCDRAM cache", None),
        ("core", "CXL", None),
        ("core", "the moon", None),
    ],
)
def test_places_of_two_sockets(source, target, nodes):
    assert nodes_of(TWO, source, target) == nodes


def test_memory_of_another_kind_is_the_node_without_cpus():
    nodes = nodes_of(GENOA, "core", "CXL")
    assert nodes[0] == 0
    assert GENOA.nodes[nodes[1]].memory_only


def test_a_node_is_meant_by_its_own_number():
    nodes = "nodes=[{package: 0, id: 3, memory: 1 GiB}, {package: 1, id: 7, memory: 1 GiB}]"
    sparse = build_topology(load_machine("two-socket", (nodes, "links.upi.between=[3, 7]")))
    assert nodes_of(sparse, "node3", "node7") == (0, 1)
    assert nodes_of(sparse, "core", "node1") is None


def test_a_node_without_cpus_or_without_memory_is_no_place_to_measure():
    bare = next(node.number for node in BARE.nodes if not node.memory)
    assert nodes_of(BARE, "core", f"node{bare}") is None
    memory = next(node.number for node in GENOA.nodes if not node.cpus)
    assert nodes_of(GENOA, f"node{memory}", "local") is None


def far_from_0(topology, pair):
    """What the other CPU of a pair shares with CPU 0, and that the pair is told the right way round."""
    other, own = pair
    assert own == 0
    a, b = topology.cpus[other], topology.cpus[0]
    return [name for name in ("core", "domain", "die", "node", "package") if getattr(a, name) == getattr(b, name)]


@pytest.mark.parametrize(
    ("words", "shared"),
    [
        ("SMT sibling", ["core", "domain", "die", "node", "package"]),
        ("same CCX", ["domain", "die", "node", "package"]),
        ("other CCX same CCD", ["die", "node", "package"]),
        ("other quadrant", ["package"]),
        ("remote node", ["package"]),
        ("other socket", []),
    ],
)
def test_cores_of_rome_are_found_by_what_they_share(words, shared):
    assert far_from_0(ROME, cpus_of(ROME, "core", words)) == shared


@pytest.mark.parametrize("words", ["SMT", "other CCX", "the moon", ""])
def test_a_machine_without_such_cores_has_no_pair(words):
    assert cpus_of(TWO, "core", words) is None


def test_the_first_cpus_of_two_nodes_are_a_pair_and_one_node_is_none():
    first = [node.cpus[0] for node in TWO.nodes]
    assert cpus_of(TWO, "node0", "node1") == (first[0], first[1])
    assert cpus_of(TWO, "node1", "node0") == (first[1], first[0])
    assert cpus_of(TWO, "node0", "node0") is None


def test_in_a_socket_whose_cores_share_no_l3_any_other_will_do():
    alone = build_topology(load_machine("epyc-rome-nps4", ("layout.cores=1", "layout.threads=1")))
    pair = cpus_of(alone, "core", "other core same socket")
    assert far_from_0(alone, pair)[-1] == "package"
    assert cpus_of(alone, "core", "same ccx") is None
