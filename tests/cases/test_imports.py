"""Machines that other tools describe: what comes of each case's file."""

import re

import pytest
from shared_cases import case

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
NO_L3 = "there is no L3: a small one that hardly ever hits stands in for it"


def node_cpus(document):
    """Return the CPUs of each node, as the file writes them."""
    return [node.get("cpus") for node in document["nodes"]]


def size_of(document, part):
    """Return the bytes of a cache."""
    number, unit = document[part]["size"].split()
    return int(number) * {"KiB": KIB, "MiB": MIB}[unit]


@case("01-hwloc-v1-memory-side-cache")
@pytest.mark.parametrize(("file", "size"), [("lstopo.xml", "16 GiB"), ("lstopo-small.xml", "262872 KiB")])
def test_a_cache_of_the_memory_is_no_l3(imported, file, size):
    text, document = imported("hwloc", file)
    assert document["nodes"] == [{"cpus": "0-3", "memory": "96 GiB", "memory_side_cache": size}]
    assert document["l3"]["size"] == "64 KiB"
    assert document["l3"]["ways"] > 1
    assert NO_L3 in text


@case("03-hwloc-cores-without-l3")
def test_cores_without_an_l3_bring_no_second_one(imported):
    text, document = imported("hwloc", "lstopo.xml")
    assert "# CPUs 6-7 have no L3 in the file: here they share that of their package's other cores" in text
    assert (document["layout"]["dies"], document["layout"]["cores"], document["l3"]["scope"]) == (1, 8, "package")
    assert size_of(document, "l3") == 12 * MIB


@case("04-hwloc-l2-shared-by-some-cores")
def test_an_l2_that_some_cores_share_is_told(imported):
    text, document = imported("hwloc", "lstopo.xml")
    assert "4 cores have 2097152 bytes shared by 4 cores, 524288 each): every core has 524288 bytes here" in text
    assert size_of(document, "l2") == 512 * KIB


@case("06-hwloc-v1-distances-of-another-level")
def test_the_distances_are_those_of_nodes(imported):
    _, document = imported("hwloc", "lstopo.xml")
    assert document["distances"] == [[10, 16], [16, 10]]


@case("08-hwloc-v1-root-is-a-node")
def test_a_node_may_be_the_root(imported):
    _, document = imported("hwloc", "lstopo.xml")
    assert (document["layout"]["packages"], document["layout"]["cores"]) == (1, 2)
    assert document["nodes"] == [{"cpus": "0-1", "memory": "2 GiB"}]


@case("10-numactl-wrapped-line")
def test_a_wrapped_line_is_one(imported):
    text, document = imported("numactl", "numactl.txt")
    assert node_cpus(document) == ["0-15", "16-31"]
    assert document["layout"]["packages"] * document["layout"]["cores"] == 32
    assert "new numbers" not in text


@case("11-numactl-dots")
@pytest.mark.parametrize(("file", "word"), [("numactl.txt", "..."), ("numactl-words.txt", "(8")])
def test_what_is_no_cpu_number_is_refused_with_its_line(refused, folder, file, word):
    assert f"{file}:5:1: '{word}' is no CPU number" in refused("import", "numactl", file)


@case("12-numactl-fewer-nodes-than-told")
def test_fewer_nodes_than_are_told_are_refused(refused, folder):
    assert "4 nodes are told, 2 are listed" in refused("import", "numactl", "numactl.txt")


@case("12-numactl-fewer-nodes-than-told")
def test_a_table_of_distances_that_is_cut_is_told(imported):
    text, document = imported("numactl", "cut-before-distances.txt")
    assert "# the table of distances is cut: distances are not told" in text
    assert node_cpus(document) == ["0-3", "4-7"]


@case("12-numactl-fewer-nodes-than-told")
def test_cpus_that_numactl_could_not_read_are_refused_with_their_line(refused, folder):
    err = refused("import", "numactl", "cpus-not-readable.txt")
    assert "cpus-not-readable.txt:5:1: numactl could not read the CPUs of node 1" in err


@case("13-numactl-cpu-compress")
def test_ranges_of_cpus_are_read(imported):
    _, document = imported("numactl", "numactl.txt")
    assert node_cpus(document) == ["0-3,8-11", "4-7,12-15"]
    assert document["distances"] == [[10, 21], [21, 10]]


@case("15-mlc-two-runs")
def test_two_runs_in_one_file_are_refused_with_their_lines(refused, folder):
    err = refused("import", "mlc", "mlc.txt")
    assert re.search(r"mlc\.txt:40:1: holds two runs: idle latency matrix again, first in line 3", err)


@case("15-mlc-two-runs")
def test_each_of_the_two_runs_is_read_alone(imported):
    nodes = [len(imported("mlc", file)[1]["nodes"]) for file in ("first.txt", "second.txt")]
    assert nodes == [1, 2]


@case("fault-19-import-tracebacks")
@pytest.mark.parametrize(("file", "told"), [("a.xml", "'core' that cannot be"), ("b.xml", "'extends' that no machine")])
def test_parts_that_no_export_wrote_are_refused(refused, folder, file, told):
    assert f"{file}: tells a part {told}" in refused("import", "hwloc", file)


@case("fault-19-import-tracebacks")
def test_latencies_of_no_node_with_memory_and_readers_are_refused(refused, folder):
    assert refused("import", "mlc", "mlc.txt").startswith("simslab: mlc.txt: ")
