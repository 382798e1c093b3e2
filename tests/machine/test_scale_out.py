"""Machines made larger in one override."""

import pytest

from simslab.base.errors import UserError
from simslab.machine.library import load_machine
from simslab.machine.topology.topology import build_topology


def hops(spec):
    """Return how many links lie between node 0 and each."""
    return [len(route) for route in build_topology(spec).route_nn[0]]


def distances(*overrides, machine="two-socket"):
    return build_topology(load_machine(machine, overrides)).distance


@pytest.mark.parametrize("count", [1, 2, 4, 8, 64])
def test_one_override_gives_a_two_node_machine_so_many_nodes(count):
    spec = load_machine("two-socket", [f"nodes={count}", "layout.cores=2"])
    topology = build_topology(spec)
    assert (len(topology.nodes), len(topology.packages), len(topology.cpus)) == (count, count, 2 * count)
    assert {node.memory for node in topology.nodes} == {8 << 30}
    assert hops(spec) == [0] + [1] * (count - 1)


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ("all", [0, 1, 1, 1, 1, 1, 1, 1]),
        ("ring", [0, 1, 2, 3, 4, 3, 2, 1]),
        ("mesh 4x2", [0, 1, 2, 3, 1, 2, 3, 4]),
        ("torus 4x2", [0, 1, 2, 1, 1, 2, 3, 2]),
        ("hypercube", [0, 1, 1, 2, 1, 2, 2, 3]),
    ],
)
@pytest.mark.parametrize("links_first", [False, True])
def test_nodes_and_shape_may_come_in_either_order(shape, wanted, links_first):
    settings = ["nodes=8", f"links={shape}"]
    assert hops(load_machine("two-socket", settings[::-1] if links_first else settings)) == wanted


def test_the_first_links_figures_stay_and_can_be_changed_by_its_name():
    (link,) = load_machine("two-socket", ["links=ring", "nodes=4", "links.upi.latency=60 ns"]).links
    assert (str(link.latency), link.bandwidth, link.between) == ("60 ns", 34_400_000_000, "ring")


def test_distances_follow_the_links():
    assert distances("nodes=4", "links=ring")[0] == (10, 17, 23, 17)


def test_distances_that_are_given_are_kept_whichever_comes_first():
    given = "distances=[[10, 30, 40], [30, 10, 50], [40, 50, 10]]"
    assert distances(given, "nodes=3") == distances("nodes=3", given) == ((10, 30, 40), (30, 10, 50), (40, 50, 10))


def test_a_shape_over_a_list_of_links_drops_the_distances_of_the_list():
    assert distances("links=all", machine="four-socket")[0] == (10, 14, 14, 14)


def test_a_file_may_say_so_over_the_machine_that_it_extends(tmp_path):
    file = tmp_path / "eight.yaml"
    file.write_text("extends: two-socket\nnodes: 8\nlinks: torus 4x2\n")
    spec = load_machine(str(file))
    assert hops(spec) == [0, 1, 2, 1, 1, 2, 3, 2]
    assert spec.distances is None


def test_a_file_that_gives_distances_with_its_number_of_nodes_keeps_them(tmp_path):
    file = tmp_path / "three.yaml"
    file.write_text("extends: two-socket\nnodes: 3\ndistances: [[10, 20, 30], [20, 10, 20], [30, 20, 10]]\n")
    assert build_topology(load_machine(str(file))).distance[0] == (10, 20, 30)
    assert build_topology(load_machine(str(file), ["nodes=2"])).distance[0] == (10, 17)


def test_nodes_of_dies_come_by_the_package():
    settings = ["layout={packages: 1, dies: 2, cores: 2}", "l3.scope=die", "nodes=[{each: die, memory: 1 GiB}]"]
    assert len(build_topology(load_machine("two-socket", [*settings, "nodes=6"])).packages) == 3
    with pytest.raises(UserError, match="a package has 2 nodes; expected a multiple of 2"):
        load_machine("two-socket", [*settings, "nodes=5"])


@pytest.mark.parametrize("dies", ["0", "-1", "foo", "2.5", "true", "null", "[2]"])
def test_a_layout_that_none_may_have_is_told_as_such(dies):
    settings = [f"layout.dies={dies}", "l3.scope=die", "nodes=[{each: die, memory: 1 GiB}]", "nodes=4"]
    with pytest.raises(UserError, match=r"layout\.dies"):
        load_machine("two-socket", settings)


@pytest.mark.parametrize(
    ("machine", "settings", "told"),
    [
        ("two-socket", ["nodes=0"], "0 nodes; expected 1 to 64"),
        ("two-socket", ["nodes=65"], "65 nodes"),
        ("two-socket", ["nodes=two"], "'two' is no number of nodes; expected 1 to 64, or a list of nodes"),
        ("two-socket", ["links=star"], "'star' is no shape of links; expected .*'ring'"),
        ("one-node", ["links=ring"], "'ring' says nothing of latency and bandwidth"),
        ("two-socket", ["nodes=8", "links=mesh 3x2"], "'mesh 3x2' has places for 6 nodes, and there are 8"),
        ("two-socket", ["nodes=6", "links=hypercube"], "6 nodes make no hypercube; expected a power of 2"),
        ("memoryless-node", ["nodes=8"], "not alike"),
        ("four-socket", ["nodes=8"], "no link leads from node 0 to nodes 4-7; .* such as links=all"),
        (
            "two-socket",
            ["idle_latency={impl: matrix, dram: [[80 ns, 130 ns], [130 ns, 80 ns]]}", "nodes=4"],
            "import mlc --links",
        ),
    ],
)
def test_what_cannot_be_made_larger_is_refused_in_one_sentence(machine, settings, told):
    with pytest.raises(UserError, match=told) as caught:
        load_machine(machine, settings)
    assert len(caught.value.problems) == 1


def test_a_number_of_nodes_alone_says_too_little(tmp_path):
    file = tmp_path / "alone.yaml"
    file.write_text("nodes: 8\n")
    with pytest.raises(UserError, match="a number of nodes says nothing of what they are"):
        load_machine(str(file))
