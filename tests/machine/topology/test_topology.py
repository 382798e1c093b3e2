from simslab.machine.library import load_machine
from simslab.machine.topology.topology import build_topology

MIB = 1 << 20


def topology_of(name, *overrides):
    return build_topology(load_machine(name, overrides))


def test_second_threads_are_numbered_after_all_first_threads():
    topology = topology_of("one-node")
    assert [cpu.core for cpu in topology.cpus] == [0, 1, 2, 3, 0, 1, 2, 3]
    assert topology.cores[1].cpus == (1, 5)


def test_threads_can_be_adjacent():
    topology = topology_of("one-node", "layout.numbering=threads-adjacent")
    assert topology.cores[1].cpus == (2, 3)


def test_cpu_numbers_can_be_listed():
    topology = topology_of("one-node", "layout.cpu_numbers=['7,0', '6,1', '5,2', '4,3']")
    assert topology.cores[0].cpus == (0, 7)
    assert topology.cpus[7].thread == 0


def test_node_memory_is_contiguous_and_aligned_to_sections():
    topology = topology_of("two-socket", "nodes=[{package: 0, memory: 200 MiB}, {package: 1, memory: 128 MiB}]")
    assert topology.node_base == (0, 256 * MIB)
    assert topology.section_node == (0, 0, 1)
    assert topology.node_of_address(256 * MIB) == 1


def test_opposite_sockets_of_a_square_are_two_hops_apart():
    topology = topology_of("four-socket")
    assert [len(route) for route in topology.route_dn[0]] == [0, 1, 1, 2]


def test_a_route_can_be_prescribed_and_holds_both_ways():
    topology = topology_of("four-socket", "routes=[{between: [0, 3], via: [2]}]")
    stops = [topology.links[link].target for link in topology.route_dd[0][3]]
    back = [topology.links[link].target for link in topology.route_dd[3][0]]
    assert (stops, back) == ([2, 3], [2, 0])


def test_data_comes_back_over_the_other_direction_of_the_same_links():
    topology = topology_of("four-socket")
    there, back = topology.route_dn[0][3], topology.route_nd[3][0]
    assert [link ^ 1 for link in reversed(there)] == list(back)


def test_a_memory_only_node_is_reached_through_the_node_of_its_root_port():
    topology = topology_of("memory-only-node")
    assert topology.nodes[2].memory_only
    assert topology.nodes[2].gate == 0
    assert topology.cpus_of_node(2) == ()
    assert topology.route_dn[0][2] == ()
    assert len(topology.route_dn[7][2]) == 1


def test_a_die_can_have_its_own_l3():
    topology = topology_of("memory-only-node")
    assert len(topology.domains) == 8
    assert topology.domains[4].node == 1


def test_derived_distances_follow_the_links():
    topology = topology_of("four-socket", "distances=null")
    assert topology.distance[0] == (10, 14, 14, 18)


def test_the_largest_machine_builds():
    topology = topology_of(
        "two-socket",
        "layout={packages: 64, cores: 16}",
        "distances=null",
        "nodes=[{each: package, memory: 1 GiB}]",
        "links=[{between: ring, latency: 20 ns, bandwidth: 30 GB/s}]",
    )
    assert (len(topology.cpus), len(topology.nodes)) == (1024, 64)
    assert len(topology.route_dn[0][32]) == 32
