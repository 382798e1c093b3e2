"""Which links distances stand for, and how long their hops are."""

from fractions import Fraction

import pytest

from simslab.instruments.exchange.links import BANDWIDTH, estimate_links, nanoseconds, port_latency
from simslab.machine.library import load_machine

RING = [[10, 20, 30, 20], [20, 10, 20, 30], [30, 20, 10, 20], [20, 30, 20, 10]]


def links(distances, count=None, template="two-socket", changes=(), without_cpus=()):
    spec = load_machine(template, changes)
    points = [(number, number) for number in range(count or len(distances))]
    return estimate_links(spec, points, distances, [points[node] for node in without_cpus])


def test_nodes_that_are_equally_far_are_all_linked():
    (link,) = links([[10, 21, 21], [21, 10, 21], [21, 21, 10]])
    assert link["between"] == "all"


def test_a_pair_that_another_node_joins_as_shortly_has_no_link():
    assert [link["between"] for link in links(RING)] == [[0, 1], [0, 3], [1, 2], [2, 3]]


def test_a_pair_that_is_nearer_than_any_way_round_has_one():
    ring = [row.copy() for row in RING]
    ring[0][2] = ring[2][0] = 29
    assert [0, 2] in [link["between"] for link in links(ring)]


def test_memory_without_cpus_joins_no_others():
    between = [[10, 32, 20], [32, 10, 20], [20, 20, 10]]
    assert [link["between"] for link in links(between)] == [[0, 2], [1, 2]]
    assert [link["between"] for link in links(between, without_cpus=[2])] == [[0, 1], [0, 2], [1, 2]]
    assert [link["between"] for link in links(between, without_cpus=[1, 2])] == [[0, 1], [0, 2]]


def test_of_two_directions_the_shorter_counts():
    """Memory reads nothing: firmware writes 255 into its row."""
    (link,) = links([[10, 17], [255, 10]])
    assert link["latency"] == links([[10, 17], [17, 10]])[0]["latency"]


def test_a_hop_is_in_proportion_to_what_its_distance_exceeds_the_local_one():
    changes = ("links.upi.latency=30 ns", "distances=[[10, 20], [20, 10]]")
    told = [links([[10, far], [far, 10]], changes=changes)[0]["latency"] for far in (20, 25, 15)]
    assert [float(text.removesuffix(" ns")) for text in told] == pytest.approx([30, 45, 15], rel=0.01)


def test_without_distances_the_kernels_default_is_assumed():
    assert links(None, 2) == links([[10, 20], [20, 10]])


def test_one_node_has_no_links():
    assert links([[10]]) == []


def test_a_template_without_links_gives_its_local_latency_for_twice_the_distance():
    spec = load_machine("one-node")
    (link,) = links([[10, 20], [20, 10]], template="one-node")
    hz = spec.core.frequency
    local = sum(part.nanoseconds(hz) for part in (spec.l3.latency, spec.coherence.directory, spec.dram.latency))
    assert float(link["latency"].removesuffix(" ns")) == pytest.approx(local / 2, abs=0.2)
    assert link["bandwidth"] == BANDWIDTH


def test_a_port_costs_a_hop_each_way():
    spec = load_machine("two-socket")
    hop = float(links([[10, 30], [30, 10]])[0]["latency"].removesuffix(" ns"))
    assert float(port_latency(spec, 30).removesuffix(" ns")) == pytest.approx(2 * hop, abs=0.11)


@pytest.mark.parametrize(("exact", "text"), [(Fraction(31, 1), "31 ns"), (Fraction(100, 3), "33.3 ns"), (0, "0 ns")])
def test_times_are_written_to_a_tenth(exact, text):
    assert nanoseconds(Fraction(exact)) == text
