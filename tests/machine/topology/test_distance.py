import pytest

from simslab.machine.library import load_machine
from simslab.machine.topology.topology import build_topology

LOCAL = 100  # ns of two-socket with the parts below


def distances(*overrides):
    parts = ["l3.latency=20 ns", "coherence.directory=10 ns", "dram.latency=70 ns", "distances=null"]
    return build_topology(load_machine("two-socket", [*parts, *overrides])).distance


@pytest.mark.parametrize(("one_way", "distance"), [(25, 15), (50, 20), (100, 30)])
def test_a_distance_is_ten_and_ten_times_the_extra_round_trip(one_way, distance):
    assert distances(f"links.upi.latency={one_way} ns") == ((10, distance), (distance, 10))


def test_another_node_is_never_as_near_as_the_own():
    assert distances("links.upi.latency=0 ns") == ((10, 11), (11, 10))


def test_the_farthest_node_can_still_be_reached():
    assert distances("links.upi.latency=100 us")[0][1] == 254


def test_a_root_port_makes_its_memory_far():
    nodes = "nodes=[{each: package, memory: 1 GiB}, {memory: 1 GiB, root_port: {node: 0, latency: 100 ns}}]"
    assert distances(nodes, "links.upi.latency=50 ns")[2] == (20, 30, 10)


def test_the_two_ways_may_differ():
    link = "links=[{between: [0, 1], latency: 40 ns, back_latency: 60 ns, bandwidth: 30 GB/s}]"
    assert distances(link) == ((10, 20), (20, 10))  # a round trip has both


def test_a_given_table_stands():
    assert distances("distances=[[10, 17], [19, 10]]") == ((10, 17), (19, 10))
