from simslab.machine.library import load_machine
from simslab.machine.timing.paths import build_paths
from simslab.machine.topology.topology import build_topology


def paths_of(name, *overrides):
    spec = load_machine(name, overrides)
    return build_paths(spec, build_topology(spec))


def test_a_hop_takes_the_links_that_it_crosses():
    paths = paths_of("four-socket")
    assert paths.hops.nn[0] == (0, paths.link_latency[0], paths.link_latency[2], paths.link_latency[0] * 2)
    assert paths.hops.dn == paths.hops.dd == paths.hops.nd  # one domain a node


def test_both_directions_of_a_link_have_their_own_times():
    link = "links=[{between: [0, 1], latency: 20 ns, bandwidth: 30 GB/s, back_latency: 50 ns, back_bandwidth: 10 GB/s}]"
    paths = paths_of("two-socket", link)
    assert paths.link_latency == (52, 130)
    assert (paths.hops.dn[0][1], paths.hops.nd[1][0]) == (52, 130)
    assert abs(paths.link_line_q10[1] - 3 * paths.link_line_q10[0]) <= 2


def test_a_snoop_filter_sees_its_own_l3_unless_told():
    paths = paths_of("epyc-rome-nps4")
    assert paths.reach == tuple(range(8))
    assert [paths.reach_of(domain) for domain in (0, 3, 4, 31)] == [0, 0, 1, 7]


def test_a_snoop_filter_may_see_its_package():
    assert paths_of("epyc-rome-nps4", "coherence.filter=package").reach == (0,) * 4 + (1,) * 4


def test_memory_behind_a_port_has_the_filter_of_its_gate():
    assert paths_of("epyc-genoa-cxl").reach == (0, 1, 2, 3, 0)
    assert paths_of("epyc-genoa-cxl", "coherence.filter=package").reach == (0, 0, 1, 1, 0)


def test_memory_with_links_of_its_own_has_a_filter_of_its_own():
    nodes = "nodes=[{each: package, memory: 1 GiB}, {cpus: '', memory: 1 GiB}]"
    links = "links=[{between: all, latency: 20 ns, bandwidth: 30 GB/s}]"
    assert paths_of("two-socket", nodes, links, "distances=null", "coherence.filter=package").reach == (0, 1, 4)
