import pytest

from simslab.machine.validation.nodes import entry_faults, membership_faults

PACKAGES = "{each: package, memory: 1 GiB}"
ENTRIES = {
    "{memory: 1 GiB}": ((), "node has none of these"),
    "{cpus: '', memory: 0}": (("cpus",), "a node without CPUs and memory"),
    "{each: package, cpus: '0', memory: 1 GiB}": ((), "node has 'each' and 'cpus'"),
    "{cpus: '40', memory: 1 GiB}": (("cpus",), "there is no CPU 40"),
    "{package: 2, memory: 1 GiB}": (("package",), "there is no package 2"),
    "{package: 1, die: 1, memory: 1 GiB}": (("die",), "there is no die 1"),
    "{cpus: '0', die: 0, memory: 1 GiB}": (("die",), "'die' needs 'package'"),
    "{package: 0, memory: 1 GiB, position: [0, 0]}": (("position",), "'position' needs the machine's 'mesh'"),
    "{package: 0, memory: 1 GiB, positions: [[0, 0]]}": (("positions",), "'positions' cannot stand here"),
    "{memory: 0, root_port: {node: 0, latency: 1 ns}}": (("memory",), "a memory-only node without memory"),
    "{memory: 1 GiB, root_port: {package: 2, latency: 1 ns}}": (("root_port", "package"), "there is no package 2"),
    "{memory: 1 GiB, root_port: {latency: 1 ns}}": (("root_port",), "where the port is, is not clear"),
}


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_impossible_entry_is_told_at_its_place(entry, described, told):
    at, message = ENTRIES[entry]
    assert told(entry_faults(described(f"nodes=[{PACKAGES}, {entry}]"))) == [(("nodes", 1, *at), message)]


def test_what_does_not_exist_is_told_with_what_does(described):
    (fault,) = entry_faults(described("nodes=[{package: 2, memory: 1 GiB}]"))
    assert fault.expected == "0 to 1"


def test_numbers_must_rise(described, told):
    spec = described("nodes=[{id: 5, package: 0, memory: 0}, {id: 2, package: 1, memory: 1 GiB}]")
    assert told(entry_faults(spec)) == [(("nodes", 1, "id"), "node 2 comes after node 5")]


MEMBERS = {
    "[{cpus: '0-30', memory: 1 GiB}]": [(("nodes",), "CPU 31 is in no node")],
    "[{cpus: '0-31,4', memory: 1 GiB}]": [(("nodes", 0, "cpus"), "CPU 4 is listed twice")],
    "[{each: package, memory: 1 GiB}, {cpus: '3-4', memory: 0}]": [
        (("nodes", 1, "cpus"), "CPU 3-4 is in node 0 already")
    ],
    "[{each: package, memory: 3 TiB}]": [(("nodes",), f"{6 << 40} bytes of memory in all nodes")],
}


@pytest.mark.parametrize("nodes", MEMBERS)
def test_every_cpu_is_in_one_node_and_the_memory_has_an_end(nodes, planned, told):
    assert told(membership_faults(*planned(f"nodes={nodes}"))) == MEMBERS[nodes]


def test_more_than_64_nodes_are_refused(planned, told):
    spec, plans = planned("layout={packages: 64, dies: 2}", "nodes=[{each: die, memory: 1 GiB}]")
    assert told(membership_faults(spec, plans)) == [(("nodes",), "128 nodes")]


def test_sound_nodes_have_no_faults(planned):
    spec, plans = planned()
    assert entry_faults(spec) == membership_faults(spec, plans) == []
