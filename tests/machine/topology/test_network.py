from simslab.machine.library import load_machine
from simslab.machine.timing.cycles import build_timing
from simslab.machine.topology.topology import build_topology

FOUR_NODES = [
    "layout={packages: 2, dies: 2, cores: 2}",
    "l3.scope=die",
    "distances=null",
    "nodes=[{each: die, memory: 1 GiB}]",
]
WITHIN = [f"{{between: [{a}, {b}], latency: 5 ns, bandwidth: 50 GB/s}}" for a, b in ((0, 1), (2, 3))]
ACROSS = "{between: [[0, 1], [2, 3]], latency: 40 ns, bandwidth: 30 GB/s}"


def build(*overrides):
    spec = load_machine("two-socket", overrides)
    topology = build_topology(spec)
    return topology, build_timing(spec, topology)


def hops(timing):
    return [round(cycles * 1e9 / timing.frequency_hz) for cycles in timing.paths.hops.nn[0]]


def test_every_node_of_a_group_enters_its_link_at_the_same_cost():
    _, timing = build(*FOUR_NODES, f"links=[{', '.join([*WITHIN, ACROSS])}]")
    assert hops(timing) == [0, 5, 40, 40]


def test_nodes_of_a_group_share_its_link():
    topology, _ = build(*FOUR_NODES, f"links=[{', '.join([*WITHIN, ACROSS])}]")
    assert topology.route_nn[0][2] == topology.route_nn[1][3]
    assert topology.end_name(topology.links[4].source) == "nodes 0-1"


def test_a_shared_link_is_no_short_cut_inside_its_group():
    topology, _ = build(*FOUR_NODES, f"links=[{', '.join([*WITHIN, ACROSS])}]")
    assert topology.route_nn[0][1] == (0,)


def test_hops_on_the_mesh_add_up():
    nodes = "nodes=[{each: die, memory: 1 GiB, positions: [[0, 0], [2, 1]]}]"
    _, timing = build(*FOUR_NODES[:3], nodes, "mesh={hop: 3 ns, bandwidth: 50 GB/s}", f"links=[{ACROSS}]")
    assert hops(timing) == [0, 9, 40, 40]


def test_with_a_port_on_the_mesh_the_way_to_it_counts():
    nodes = "nodes=[{each: die, memory: 1 GiB, positions: [[0, 0], [2, 1]]}]"
    mesh = "mesh={hop: 3 ns, bandwidth: 50 GB/s, port: [0, 1]}"
    _, timing = build(*FOUR_NODES[:3], nodes, mesh, f"links=[{ACROSS}]")
    assert hops(timing) == [0, 9, 46, 49]


def test_a_link_may_differ_by_direction():
    link = "links=[{between: [0, 1], latency: 20 ns, bandwidth: 30 GB/s, back_latency: 50 ns, back_bandwidth: 10 GB/s}]"
    topology, timing = build(link)
    assert [round(timing.paths.hops.nn[a][b] / 2.6) for a, b in ((0, 1), (1, 0))] == [20, 50]
    assert [link.bandwidth for link in topology.links] == [30 * 10**9, 10 * 10**9]


def test_a_route_may_hold_one_way_only():
    spec = load_machine("four-socket", ["routes=[{between: [0, 3], via: [2], one_way: true}]"])
    topology = build_topology(spec)
    there = [topology.links[link].target for link in topology.route_nn[0][3]]
    back = [topology.links[link].target for link in topology.route_nn[3][0]]
    assert (there, back) == ([2, 3], [1, 0])


def test_a_root_port_may_be_at_any_node():
    nodes = "nodes=[{each: die, memory: 1 GiB}, {memory: 1 GiB, root_port: {node: 3, latency: 100 ns}}]"
    topology, _ = build(*FOUR_NODES[:3], nodes, f"links=[{', '.join([*WITHIN, ACROSS])}]")
    assert topology.nodes[4].gate == 3


def test_memory_may_have_links_of_its_own():
    nodes = "nodes=[{each: package, memory: 1 GiB}, {cpus: '', memory: 1 GiB}]"
    topology, _ = build("distances=null", nodes, "links=[{between: all, latency: 20 ns, bandwidth: 30 GB/s}]")
    assert topology.nodes[2].memory_only
    assert len(topology.route_nn[1][2]) == 1


def test_numbers_of_nodes_may_have_gaps_and_links_use_them():
    nodes = "nodes=[{package: 0, memory: 1 GiB}, {id: 8, package: 1, memory: 1 GiB}]"
    topology, _ = build(nodes, "links=[{between: [0, 8], latency: 20 ns, bandwidth: 30 GB/s}]")
    assert [(node.id, node.number) for node in topology.nodes] == [(0, 0), (1, 8)]
    assert len(topology.route_nn[0][1]) == 1


def test_cores_below_one_l3_enter_at_their_own_nodes():
    spec = load_machine(
        "one-node",
        [
            "nodes=[{cpus: '0-1,4-5', memory: 1 GiB}, {cpus: '2-3,6-7', memory: 1 GiB}]",
            "links=[{between: all, latency: 20 ns, bandwidth: 30 GB/s}]",
        ],
    )
    topology = build_topology(spec)
    assert len(topology.domains) == 1
    assert [core.node for core in topology.cores] == [0, 0, 1, 1]
    assert (topology.route_nn[1][1], len(topology.route_nn[1][0])) == ((), 1)


def test_the_layout_may_have_holes():
    topology, _ = build(
        "layout={packages: 2, cores: 2, threads: 2, cpu_numbers: ['0,3', '1', '2', '']}",
        "nodes=[{each: package, memory: 1 GiB}]",
    )
    assert [core.cpus for core in topology.cores] == [(0, 3), (1,), (2,)]
    assert [package.cpus for package in topology.packages] == [(0, 1, 3), (2,)]
