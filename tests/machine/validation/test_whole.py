import re

import pytest

from simslab.base.errors import UserError
from simslab.base.shipped import find_shipped
from simslab.machine.library import load_machine
from simslab.machine.topology.topology import build_topology

NODES = "  - {each: package, memory: 8 GiB}  # estimate"
LINK = "between: [0, 1]"

# what is replaced in two-socket.yaml, by what, and what the message says
MISTAKES = {
    "a CPU listed twice": (NODES, "  - {cpus: '0-15,15', memory: 1 GiB}\n  - {package: 1, memory: 0}", "15 is listed"),
    "a CPU in two nodes": (NODES, "  - {package: 0, memory: 1 GiB}\n  - {cpus: 0-31, memory: 0}", "0-15 is in node 0"),
    "CPUs in no node": (NODES, "  - {package: 0, memory: 1 GiB}", "CPU 16-31 is in no node"),
    "no such package": (NODES, "  - {package: 2, memory: 1 GiB}", "there is no package 2"),
    "no such CPU": (NODES, "  - {cpus: 0-32, memory: 1 GiB}", "there is no CPU 32"),
    "a link to an unknown node": (LINK, "between: [0, 2]", "there is no node 2"),
    "a link to itself": (LINK, "between: [1, 1]", "linked to itself"),
    "a distance below 10": ("[[10, 21], [21, 10]]", "[[10, 9], [21, 10]]", "9 cannot stand here"),
    "a missing distance": ("[[10, 21], [21, 10]]", "[[10, 21], [21]]", "1 distances for 2 nodes"),
    "a far local node": ("[[10, 21], [21, 10]]", "[[20, 21], [21, 10]]", "node 0 is 20 from itself"),
    "zero bandwidth": ("bandwidth: 34.4 GB/s", "bandwidth: 0", "zero bandwidth"),
    "ways that do not divide": ("ways: 11", "ways: 12", "12 ways of 64-byte lines do not divide"),
    "a negative size": ("memory: 8 GiB", "memory: -8 GiB", "is negative"),
    "a wrong unit": ("latency: 20 ns", "latency: 20 nanos", "unknown unit 'nanos'"),
    "an unknown key": ("protocol: MESIF", "protokol: MESIF", "unknown key 'protokol'"),
    "a latency of seconds": ("latency: 20 ns", "latency: 20 s", "20 s is too long"),
    "L1 sets that are no power of two": ("size: 32 KiB", "size: 24 KiB", "48 sets of 8 lines in the L1"),
    "TLB ways that do not divide": (
        "{entries: 1536, ways: 12}",
        "{entries: 1536, ways: 7}",
        "7 ways do not divide 1536",
    ),
    "no TLB entries for the kernel's pages": (", page_1g: {entries: 4}", "", "no entries for pages of 1G"),
    "an unknown TLB key": ("l2_hit:", "l2_hits:", "unknown key 'l2_hits'"),
    "an unknown page size": ("direct_map: 1G", "direct_map: 4M", "direct_map"),
    "no memory at all": ("memory: 8 GiB", "memory: 0", "no node has memory"),
}


def load_changed(tmp_path, old, new):
    text = find_shipped("machines", "two-socket").read_text()
    assert old in text
    path = tmp_path / "bad.yaml"
    path.write_text(text.replace(old, new, 1))
    load_machine(str(path))


@pytest.mark.parametrize("what", list(MISTAKES))
def test_an_impossible_machine_is_refused_naming_the_line(what, tmp_path):
    old, new, message = MISTAKES[what]
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        load_changed(tmp_path, old, new)
    assert all(problem.line > 0 and problem.path for problem in caught.value.problems)


@pytest.mark.parametrize(
    "what", ["a CPU in two nodes", "a link to an unknown node", "zero bandwidth", "a negative size"]
)
def test_one_mistake_is_one_message(what, tmp_path):
    with pytest.raises(UserError) as caught:
        load_changed(tmp_path, *MISTAKES[what][:2])
    assert len(caught.value.problems) == 1


def test_nodes_without_a_link_between_them_are_refused():
    with pytest.raises(UserError, match="no link leads from node 0 to node 1"):
        load_machine("two-socket", ["links=[]"])


def test_more_than_1024_cpus_are_refused():
    with pytest.raises(UserError, match="1088 CPUs; expected at most 1024"):
        load_machine("two-socket", ["layout.packages=64", "layout.cores=17"])


def test_a_memory_only_node_is_no_end_of_a_link():
    with pytest.raises(UserError, match="memory-only"):
        load_machine("memory-only-node", ["links.xgmi.between=[0, 2]"])


def test_a_cpu_number_given_to_two_threads_is_refused():
    with pytest.raises(UserError, match="CPU 1 is listed twice"):
        load_machine("one-node", ["layout.cpu_numbers=['0,1', '1,2', '3,4', '5,6']"])


FITS_NOT = {
    "numbers that fall": ("nodes=[{id: 5, package: 0, memory: 0}, {package: 1, id: 2, memory: 1 GiB}]", "comes after"),
    "a port in two places": ("root_port: {package: 0, node: 1, latency: 1 ns}", "where the port is, is not clear"),
    "a port at no node": ("root_port: {node: 7, latency: 1 ns}", "there is no node 7"),
    "a port behind a port": ("root_port: {node: 2, latency: 1 ns}", "there is no node 2 that could have"),
    "a group of unknown nodes": ("links=[{between: [[0, 3], 1], latency: 1 ns, bandwidth: 1 GB/s}]", "no node 3"),
    "a group linked to itself": ("links=[{between: [[0, 1], 1], latency: 1 ns, bandwidth: 1 GB/s}]", "to itself"),
    "a link with one end": ("links=[{between: [0], latency: 1 ns, bandwidth: 1 GB/s}]", "cannot stand here"),
    "a position on nothing": ("nodes=[{each: package, memory: 1 GiB, positions: [[0, 0]]}]", "needs the machine's"),
    "a way back without bandwidth": (
        "links=[{between: [0, 1], latency: 1 ns, bandwidth: 1 GB/s, back_bandwidth: 0}]",
        "zero bandwidth",
    ),
    "a mesh without bandwidth": ("mesh={hop: 1 ns, bandwidth: 0}", "zero bandwidth"),
    "a matrix of another shape": ("idle_latency={impl: matrix, dram: [[80 ns]]}", "a cell for every pair"),
    "a hole in a matrix": ("idle_latency={impl: matrix, dram: [[80 ns, null], [80 ns, 80 ns]]}", "is missing"),
    "a time below the L3's": ("idle_latency={impl: matrix, dram: [[80 ns, 8 ns], [80 ns, 80 ns]]}", "too short"),
    "a package without cores": ("layout={packages: 2, cores: 1, cpu_numbers: ['', '0']}", "package 0 has no CPU"),
    "more threads than there are": ("layout={packages: 2, cpu_numbers: ['0,1', '2']}", "2 CPU numbers for 1 threads"),
    "an empty node": ("nodes=[{each: package, memory: 1 GiB}, {cpus: '', memory: 0}]", "without CPUs and memory"),
    "memory without a link": ("nodes=[{each: package, memory: 1 GiB}, {cpus: '', memory: 1 GiB}]", "no link leads"),
}


@pytest.mark.parametrize("what", list(FITS_NOT))
def test_what_does_not_fit_together_is_one_message(what):
    override, message = FITS_NOT[what]
    if override.startswith("root_port"):
        override = f"nodes=[{{each: package, memory: 1 GiB}}, {{memory: 1 GiB, {override}}}]"
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        load_machine("two-socket", ["distances=null", override])
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].path


@pytest.mark.parametrize(
    ("changes", "cores", "domains"),
    [
        (["layout.cores=512"], 512, 2),
        (["l3.scope=ccx", "layout.dies=8", "layout.ccxs=8", "layout.cores=8"], 8, 128),
    ],
)
def test_as_many_cores_below_an_l3_and_as_many_l3s_as_a_machine_has_cpus_are_sound(changes, cores, domains):
    topology = build_topology(load_machine("two-socket", changes))
    assert [len(domain.cores) for domain in topology.domains] == [cores] * domains


def test_as_many_cores_below_an_l3_as_masks_have_bits_are_accepted():
    assert load_machine("two-socket", ["layout.cores=63"]).layout.cores == 63
