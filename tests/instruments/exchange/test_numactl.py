import pytest

from simslab.base.errors import UserError
from simslab.machine.topology.topology import build_topology

TEXT = """available: 3 nodes (0-1,8)
node 0 cpus: 0 1 2 3 8 9 10 11
node 0 size: 32059 MB
node 0 free: 20000 MB
node 1 cpus: 4 5 6 7 12 13 14 15
node 1 size: 32252 MB
node 8 cpus:
node 8 size: 65536 MB
node distances:
node   0   1   8
  0:  10  21  50
  1:  21  10  60
  8: 255 255  10
"""


def test_nodes_cpus_memory_and_distances_are_told(imported):
    spec, _ = imported("numactl", TEXT)
    nodes = build_topology(spec).nodes
    assert [(node.number, len(node.cpus), node.memory >> 20) for node in nodes] == [
        (0, 8, 32059),
        (1, 8, 32252),
        (8, 0, 65536),
    ]
    assert spec.distances == [[10, 21, 50], [21, 10, 60], [255, 255, 10]]
    assert nodes[2].gate == 0


def test_second_threads_are_inferred_from_the_numbers(imported):
    assert build_topology(imported("numactl", TEXT)[0]).cores[0].cpus == (0, 8)


ONE_NODE = """available: 1 nodes (0)
node 0 cpus: 0 1 2 3 4 5 6 7
node 0 size: 32059 MB
node distances:
node   0
  0:  10
"""


def test_the_cpus_of_an_only_node_are_taken_for_cores_of_one_thread_and_told(imported):
    spec, text = imported("numactl", ONE_NODE)
    assert [core.cpus for core in build_topology(spec).cores] == [(cpu,) for cpu in range(8)]
    assert (
        "one node has all CPUs, so that nothing tells threads from cores: one thread in each core is an estimate"
        in text
    )


def test_near_nodes_share_a_package(imported):
    text = TEXT.replace("10  21  50", "10  12  50").replace("21  10  60", "12  10  60")
    spec, _ = imported("numactl", text)
    assert spec.layout.packages == 1
    assert len(build_topology(spec).domains) == 2


def test_a_node_without_anything_is_left_out(imported):
    spec, text = imported("numactl", TEXT.replace("65536", "0"))
    assert len(spec.nodes) == 2
    assert "node 8 has neither CPUs nor memory" in text


def test_figures_that_are_not_told_are_estimates(imported):
    assert "frequency: 2.6 GHz  # estimate" in imported("numactl", TEXT)[1]


def test_what_describe_prints_is_read_back(imported):
    from simslab.machine.library import load_machine
    from simslab.machine.timing.cycles import build_timing
    from simslab.report.machine.describe import describe

    spec = load_machine("memory-only-node")
    topology = build_topology(spec)
    back, _ = imported("numactl", describe(spec, topology, build_timing(spec, topology)))
    assert build_topology(back).distance == topology.distance
    assert [node.cpus for node in build_topology(back).nodes] == [node.cpus for node in topology.nodes]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not from numactl"),
        ("hello\n", "is not from numactl"),
        ("available: 2 nodes (0-1)\n", ":1:1: tells no CPUs; expected"),
        (
            "available: 1 nodes (0)\nnode 0 cpus:\nnode 0 size: 9 MB\n",
            ":2:1: tells no CPUs: the nodes listed have memory",
        ),
        (TEXT.replace("3 nodes (0-1,8)", "4 nodes (0-3)"), ":1:1: 4 nodes are told, 3 are listed .lines cut off"),
        (TEXT.replace("(0-1,8)", "(0-1,9)"), ":1:1: node 0-1,9 is told, node 0-1,8 is listed .lines cut off"),
        (TEXT.replace("10  21  50", "10  21"), ":11:1: 2 distances in 3 columns"),
        (TEXT.replace("cpus: 4 5", "cpus: 3 5"), ":5:1: CPU 3 is in node 1 and in node 0 of line 2 .made by numa=fake"),
        (TEXT.replace("cpus: 4 5", "cpus: 5 5"), ":5:1: CPU 5 is twice in node 1; expected each CPU in one node"),
    ],
)
def test_bad_input_is_one_message(text, message, imported):
    with pytest.raises(UserError, match=message) as caught:
        imported("numactl", text)
    assert len(caught.value.problems) == 1
