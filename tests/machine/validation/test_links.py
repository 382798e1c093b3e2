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
