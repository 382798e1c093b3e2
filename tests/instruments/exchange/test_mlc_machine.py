"""What MLC's tables say of a machine, and what is left of a measured time for each part of the way."""

from pathlib import Path

import pytest

from simslab.instruments.exchange.mlc import MlcTables
from simslab.instruments.exchange.mlc_machine import mlc_machine
from simslab.machine.library import load_machine

TEMPLATE = load_machine("two-socket", ("layout.cores=2", "l3.latency=20 ns", "coherence.directory=8 ns"))
LATENCY = {(0, 0): 80.0, (0, 1): 140.0, (1, 0): 140.0, (1, 1): 82.0}
BANDWIDTH = {(0, 0): 120_000.0, (0, 1): 34_000.0, (1, 0): 33_000.0, (1, 1): 110_000.0}


def found(latency=None, bandwidth=None, template=TEMPLATE, **more):
    tables = MlcTables(latency or LATENCY, BANDWIDTH if bandwidth is None else bandwidth, **more)
    return mlc_machine(tables, template, Path("here/measured.txt"))


def test_idle_latencies_are_kept_as_they_were_measured():
    assert found().sections["idle_latency"] == {"impl": "matrix", "dram": [["80 ns", "140 ns"], ["140 ns", "82 ns"]]}


def test_a_memory_that_was_not_read_has_no_latency():
    machine = found({(0, 0): 80.0, (0, 1): 270.0})
    assert machine.sections["idle_latency"]["dram"] == [["80 ns", "270 ns"], [None, None]]


def test_every_reader_is_a_package_of_the_templates_cores():
    machine = found(template=load_machine("two-socket", ("layout.cores=2", "layout.threads=2")))
    assert [core.package for core in machine.cores] == [0, 0, 1, 1]
    assert [core.cpus for core in machine.cores] == [(0, 4), (1, 5), (2, 6), (3, 7)]
    assert [node.cpus for node in machine.nodes] == [(0, 1, 4, 5), (2, 3, 6, 7)]


def test_cores_keep_the_templates_l3s():
    template = load_machine("epyc-genoa-cxl", ("layout.cores=2", "layout.threads=1"))
    cores = found(template=template).cores
    assert [(core.package, core.die, core.domain) for core in cores[:5]] == [
        (0, 0, 0), (0, 0, 0), (0, 0, 1), (0, 0, 1), (0, 1, 2)
    ]  # fmt: skip
    assert [core.package for core in cores] == [0] * 8 + [1] * 8
    by_die = found(template=load_machine("opteron-6276", ("layout.numbering=threads-last",))).cores
    assert [(core.die, core.domain) for core in by_die[::4]] == [(0, 0), (1, 1), (2, 2), (3, 3)]


def test_a_port_lets_in_what_was_read():
    wide = load_machine("two-socket", ("l3.port_read=130 GB/s",))
    narrow = load_machine("two-socket", ("l3.port_read=50 GB/s",))
    assert "port_read" not in found(template=wide).sections["l3"]
    assert found(template=narrow).sections["l3"]["port_read"] == 120_000 * 10**6


def test_every_node_has_what_the_template_says_of_memory_beyond_the_measured():
    template = load_machine("two-socket", ("dram.row_miss=9 ns", "dram.write_bandwidth=19 GB/s"))
    machine = found(template=template)
    other = machine.nodes[1].extra["dram"]
    assert (other["row_miss"], other["channels"]) == ("9 ns", 6)
    assert other["write_bandwidth"] == other["bandwidth"] == round(110_000 * 10**6 / 6)
    assert "write_bandwidth" not in machine.sections["dram"]


def test_memory_without_cpus_is_one_channel_of_another_kind():
    changes = ("dram.row_miss=9 ns", "dram.write_bandwidth=15 GB/s", "dram.conflict=54 ns")
    machine = found({(0, 0): 80.0, (0, 1): 270.0}, {(0, 1): 24_000.0}, load_machine("two-socket", changes))
    device = machine.nodes[1].extra["dram"]
    assert {key: device[key] for key in device if key != "latency"} == {
        "row_miss": "9 ns",
        "channels": 1,
        "bandwidth": 24_000 * 10**6,
    }


def test_a_random_chase_missed_rows():
    template = load_machine("two-socket", ("dram.row_miss=9 ns", "l3.latency=20 ns", "coherence.directory=8 ns"))
    told = [found(template=template, access=access).sections["dram"]["latency"] for access in ("sequential", "random")]
    assert told == ["52 ns", "43 ns"]


def test_rows_that_random_access_missed_are_those_of_memories_behind_links():
    tables = MlcTables(LATENCY, BANDWIDTH, access="sequential", random_more=10.5)
    machine = mlc_machine(tables, TEMPLATE, Path("here/measured.txt"), links=True)
    assert [machine.sections["dram"]["row_miss"], machine.nodes[1].extra["dram"]["row_miss"]] == ["10.5 ns", "10.5 ns"]
    assert "random access takes 10.5 ns more, as a mean: that is row_miss" in machine.notes
    matrix = found(access="sequential", random_more=10.5)
    assert "row_miss" not in matrix.sections["dram"]
    assert not any("row_miss" in note for note in matrix.notes)


def test_a_pair_uses_its_own_link_where_one_over_others_would_be_shorter():
    chain = [[80.0, 100.0, 115.0], [100.0, 80.0, 100.0], [115.0, 100.0, 80.0]]
    latency = {(a, b): ns for a, row in enumerate(chain) for b, ns in enumerate(row)}
    assert "routes" not in found(latency, {}).sections
    latency[0, 2] = latency[2, 0] = 130.0
    assert found(latency, {}).sections["routes"] == [{"between": [0, 2], "via": []}]


def test_two_memories_without_cpus_have_no_link():
    machine = found({(0, 0): 80.0, (0, 1): 270.0, (0, 2): 280.0})
    assert [link["between"] for link in machine.sections["links"]] == [[0, 1], [0, 2]]


def test_a_column_without_a_row_is_memory_without_cpus():
    machine = found({(0, 0): 80.0, (0, 2): 270.0})
    assert [(node.number, bool(node.cpus)) for node in machine.nodes] == [(0, True), (2, False)]
    assert "node 2 has a column and no row: memory without CPUs" in machine.notes


def test_a_row_without_a_column_is_a_node_without_memory():
    machine = found({(0, 0): 80.0, (1, 0): 140.0})
    assert [node.memory for node in machine.nodes] == [None, 0]


def test_memory_has_what_is_left_of_the_nearest_latency_and_its_share_of_the_best_bandwidth():
    machine = found()
    assert machine.sections["dram"]["latency"] == "52 ns"
    assert machine.sections["dram"]["bandwidth"] == 120_000 * 10**6 // TEMPLATE.dram.channels
    assert machine.nodes[1].extra["dram"]["latency"] == "54 ns"


def test_a_link_takes_half_of_what_the_other_memory_takes_longer_and_carries_each_direction():
    (link,) = found().sections["links"]
    assert (link["between"], link["latency"]) == ([0, 1], "29.5 ns")
    assert (link["bandwidth"], link["back_bandwidth"]) == (33_000 * 10**6, 34_000 * 10**6)


def test_a_bandwidth_that_was_not_measured_is_the_templates_and_the_links_that_of_a_default():
    machine = found(bandwidth={})
    assert machine.sections["dram"]["bandwidth"] == TEMPLATE.dram.bandwidth
    assert "back_bandwidth" not in machine.sections["links"][0]


def test_other_cores_caches_cost_what_the_l3_hit_leaves():
    assert found(hit=48.6, hitm=49.7).sections["l3"] == {
        "other_core": "29.7 ns",
        "other_core_exclusive": "28.6 ns",
    }
    assert found(hit=12.0).sections["l3"] == {}


def test_a_snoop_is_what_hops_and_look_ups_leave_of_a_transfer():
    assert found(from_reader={(0, 1): 120.0, (1, 0): 122.0}).sections["coherence"] == {"snoop": "34 ns"}
    assert found(from_writer={(0, 1): 120.0}).sections["coherence"] == {"snoop": "33 ns"}
    assert found(from_reader={(0, 1): 60.0}).sections["coherence"] == {}


def test_loaded_latencies_become_a_curve_as_far_as_both_rise():
    sweep = [(0, 260.0, 230_000.0), (100, 180.0, 246_000.0), (1000, 90.0, 60_000.0), (20000, 80.0, 6_000.0)]
    dram = found(loaded=sweep).sections["dram"]
    assert dram["queue"]["points"] == [["3000.0 MB/s", "80 ns"], ["30000.0 MB/s", "90 ns"], ["123000.0 MB/s", "180 ns"]]
    assert (dram["conflict"], dram["row_miss"]) == ("0 ns", "0 ns")


def test_a_latency_below_one_of_less_load_counts_as_that_one():
    sweep = [(0, 90.0, 240_000.0), (100, 80.0, 60_000.0), (1000, 80.4, 6_000.0)]
    points = found(loaded=sweep).sections["dram"]["queue"]["points"]
    assert points == [["3000.0 MB/s", "80.4 ns"], ["30000.0 MB/s", "80.4 ns"], ["120000.0 MB/s", "90 ns"]]


def test_a_curve_ends_no_earlier_than_the_bandwidth_that_was_measured_of_the_node():
    machine = found(loaded=[(0, 90.0, 150_000.0), (1000, 80.0, 6_000.0)])
    own = [machine.sections["dram"], machine.nodes[1].extra["dram"]]
    assert [dram["queue"]["points"][-1] for dram in own] == [["120000.0 MB/s", "90 ns"], ["110000.0 MB/s", "90 ns"]]


def test_a_templates_curve_is_that_of_another_memory():
    queue = "dram.queue={impl: curve, points: [[1 GB/s, 79 ns], [20 GB/s, 96 ns]]}"
    machine = found(template=load_machine("two-socket", (queue,)))
    assert (machine.sections["dram"]["queue"], machine.nodes[1].extra["dram"]["queue"]) == (None, None)


def test_one_point_is_no_curve_and_said_not_to_be_used():
    machine = found(loaded=[(0, 260.0, 210_000.0)])
    assert "queue" not in machine.sections["dram"]
    assert "loaded latency, not used (delay, ns, GB/s):" in machine.notes


def test_the_name_is_that_of_the_file():
    assert found().name == "measured"


@pytest.mark.parametrize("kind", ["ALL Reads", "2:1 Reads-Writes"])
def test_peak_bandwidths_are_noted(kind):
    assert f"peak bandwidth, {kind}: 217.3 GB/s" in found(peak={kind: 217340.7}).notes


def test_with_links_there_is_no_matrix_and_each_hop_can_be_scaled():
    machine = mlc_machine(MlcTables(LATENCY, BANDWIDTH), TEMPLATE, Path("here/measured.txt"), links=True)
    assert "idle_latency" not in machine.sections
    (link,) = machine.sections["links"]
    assert (link["name"], link["between"]) == ("link0-1", [0, 1])
    assert float(link["latency"].removesuffix(" ns")) == pytest.approx(29.5, abs=0.1)
    assert machine.notes[1].startswith("links and memories by least squares: mean error 0.4%")
    assert machine.notes[2].startswith("bandwidths, the least on each way: mean error 0.0%")
