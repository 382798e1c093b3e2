import pytest

from simslab.machine.validation.links import link_faults

SPEED = "latency: 1 ns, bandwidth: 1 GB/s"
PORT = "nodes=[{each: package, memory: 1 GiB}, {memory: 1 GiB, root_port: {node: 0, latency: 1 ns}}]"
FAULTS = {
    "an unknown node": ([f"links=[{{between: [0, 2], {SPEED}}}]"], ("links", 0, "between"), "there is no node 2"),
    "a node twice": ([f"links=[{{between: [1, 1], {SPEED}}}]"], ("links", 0, "between"), "a node is linked to itself"),
    "memory behind a port": (
        [PORT, f"links=[{{between: [0, 1], {SPEED}}}, {{between: [0, 2], {SPEED}}}]"],
        ("links", 1, "between"),
        "node 2 is memory-only, its root port is its link",
    ),
    "no way": (["links=[]"], ("nodes", 0), "no link leads from node 0 to node 1"),
    "a route to nowhere": (["routes=[{between: [0, 5], via: []}]"], ("routes", 0, "between"), "there is no node 5"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_an_impossible_interconnect_is_told_at_its_place(what, planned, told):
    overrides, at, message = FAULTS[what]
    assert told(link_faults(*planned(*overrides))) == [(at, message)]


def test_a_route_must_use_links_that_exist(planned, told):
    four = ["layout.packages=4", f"links=[{{between: ring, {SPEED}}}]", "routes=[{between: [0, 3], via: [2]}]"]
    assert told(link_faults(*planned(*four))) == [(("routes", 0), "the route uses a link that does not exist")]
    assert link_faults(*planned(*four[:2], "routes=[{between: [0, 3], via: [1, 2]}]")) == []


def test_unknown_numbers_are_told_with_those_that_there_are(planned):
    nodes = "nodes=[{package: 0, memory: 1 GiB}, {id: 8, package: 1, memory: 1 GiB}]"
    (fault,) = link_faults(*planned(nodes, f"links=[{{between: [0, 1], {SPEED}}}]"))
    assert (fault.message, fault.expected) == ("there is no node 1", "0,8")


HUB = "nodes=[{each: package, memory: 1 GiB}, {cpus: '', memory: 1 GiB}]"
SPOKES = f"links=[{{between: [0, 2], {SPEED}}}, {{between: [1, 2], {SPEED}}}]"


def test_nodes_that_only_memory_without_cpus_joins_are_told(planned, told):
    faults = link_faults(*planned(HUB, SPOKES))
    assert told(faults) == [(("nodes", 0), "node 0 reaches node 1 over memory without CPUs alone")]
    assert faults[0].expected == "links past node 2, which forwards nothing by itself, or 'routes' over it"


def test_a_route_may_lead_over_memory_without_cpus(planned):
    assert link_faults(*planned(HUB, SPOKES, "routes=[{between: [0, 1], via: [2]}]")) == []
    one_way = "routes=[{between: [0, 1], via: [2], one_way: true}]"
    assert [fault.message[:20] for fault in link_faults(*planned(HUB, SPOKES, one_way))] == ["node 1 reaches node "]
