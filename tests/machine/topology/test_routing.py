from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from simslab.machine.topology.network import Link, Network, entering, leaving
from simslab.machine.topology.routing import all_routes, follow, route_latency, shortest_routes


def network(*links, free=()):
    """Return a network of (source, target, latency), each followed by its other direction."""
    both = [pair for a, b, latency in links for pair in ((a, b, latency), (b, a, latency))]
    return Network(tuple(Link(number, a, b, latency, 1) for number, (a, b, latency) in enumerate(both)), tuple(free))


SQUARE = network((0, 1, 10), (0, 2, 10), (1, 3, 10), (2, 3, 10))


def test_the_way_with_the_least_latency_is_taken():
    slow = network((0, 1, 50), (0, 2, 10), (2, 1, 10))
    assert shortest_routes(slow, 0)[1] == (2, 4)


def test_of_equal_ways_the_one_with_fewer_hops_is_taken():
    assert shortest_routes(network((0, 2, 10), (2, 1, 10), (0, 1, 20)), 0)[1] == (4,)


def test_of_alike_ways_the_one_with_the_lowest_links_is_taken():
    assert shortest_routes(SQUARE, 0)[3] == (0, 4)


def test_no_way_leads_over_a_node_without_cpus_but_some_begin_and_end_there():
    near = replace(network((0, 1, 50), (0, 2, 10), (2, 1, 10)), ends=frozenset({2}))
    assert shortest_routes(near, 0) == {0: (), 1: (0,), 2: (2,)}
    assert shortest_routes(near, 2) == {2: (), 0: (3,), 1: (4,)}


def test_what_no_link_leads_to_is_not_reached():
    assert shortest_routes(network((0, 1, 10), (2, 3, 10)), 0).keys() == {0, 1}


def test_steps_to_a_port_cost_nothing_and_cross_no_link():
    ports = [(0, leaving(0)), (1, leaving(0)), (entering(0), 0), (entering(0), 1)]
    shared = Network((Link(0, leaving(0), 2, 40, 1), Link(1, 2, entering(0), 40, 1)), tuple(ports))
    assert [shortest_routes(shared, node)[2] for node in (0, 1)] == [(0,), (0,)]
    assert [shortest_routes(shared, 2)[node] for node in (0, 1)] == [(1,), (1,)]
    assert follow(shared, [0, 2]) == (0,)


def test_a_prescribed_way_is_followed_over_its_stops():
    assert follow(SQUARE, [0, 2, 3]) == (2, 6)
    assert follow(SQUARE, [0, 3]) is None


def test_of_several_links_the_fastest_is_followed():
    assert follow(network((0, 1, 30), (0, 1, 20)), [0, 1]) == (2,)


def test_the_way_back_uses_the_same_links():
    routes = all_routes(SQUARE, range(4), {})
    assert routes[0, 3] == (0, 4)
    assert routes[3, 0] == (5, 1)


def test_a_prescribed_way_may_lead_over_a_node_without_cpus():
    routes = all_routes(replace(SQUARE, ends=frozenset({2})), range(4), {(0, 3): [0, 2, 3]})
    assert (routes[0, 3], routes[3, 0]) == ((2, 6), (5, 1))


def test_a_prescribed_way_replaces_the_shortest_in_its_direction_only():
    routes = all_routes(SQUARE, range(4), {(0, 3): [0, 2, 3]})
    assert (routes[0, 3], routes[3, 0]) == ((2, 6), (5, 1))


LINKS = st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(1, 50)).filter(lambda link: link[0] != link[1])


@given(st.lists(LINKS, min_size=1, max_size=12))
def test_no_way_over_a_third_node_is_shorter(links):
    net = network(*links)
    found = {node: shortest_routes(net, node) for node in range(6)}
    latency = {(a, b): route_latency(net.links, route) for a in found for b, route in found[a].items()}
    for (a, b), there in latency.items():
        assert all(there <= latency[a, c] + latency[c, b] for c in range(6) if (a, c) in latency and (c, b) in latency)


@given(st.lists(LINKS, min_size=1, max_size=12))
def test_every_way_leads_from_link_to_link(links):
    net = network(*links)
    for target, route in shortest_routes(net, links[0][0]).items():
        ends = [(net.links[link].source, net.links[link].target) for link in route]
        assert [source for source, _ in ends] == [links[0][0], *(end for _, end in ends)][: len(ends)]
        assert not ends or ends[-1][1] == target
