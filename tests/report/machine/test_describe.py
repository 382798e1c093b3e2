import pytest

from simslab.machine.description.library import load_machine, machine_names
from simslab.machine.timing.cycles import build_timing
from simslab.machine.topology.topology import build_topology
from simslab.report.machine.describe import describe
from simslab.report.machine.drawing import draw_topology


def built(name, *overrides):
    spec = load_machine(name, overrides)
    topology = build_topology(spec)
    return spec, topology, build_timing(spec, topology)


def test_nodes_are_shown_as_numactl_shows_them():
    text = describe(*built("two-socket"))
    assert "available: 2 nodes (0-1)\nnode 0 cpus: 0 1 2 3" in text
    assert "node 1 size: 8192 MB\nnode distances:\nnode    0   1\n   0:  10  21\n   1:  21  10\n" in text


def test_idle_latencies_are_shown_by_node_pair():
    assert "   0:   78.8  131.2\n" in describe(*built("two-socket"))


def test_a_node_without_memory_has_no_dram_latency():
    assert "   0:   78.8      -\n" in describe(*built("memoryless-node"))


@pytest.mark.parametrize("name", machine_names())
def test_every_shipped_machine_can_be_drawn(name, tmp_path):
    draw_topology(*built(name), tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 5000


def test_a_drawing_repeats_byte_for_byte(tmp_path):
    for path in ("a.pdf", "b.pdf"):
        draw_topology(*built("four-socket"), tmp_path / path)
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_translation_stores_siblings_and_pause_are_shown():
    text = describe(*built("one-node"))
    assert "TLB per core, direct map of 2M pages: 32 entries (4 ways)\n  page walk 12 cycles and 1 load\n" in text
    assert "store buffer: 18 entries per thread; 10 misses in flight; PAUSE 11 cycles\n" in text
    assert "busy threads of a core together: 1.25 times the pace of one\n" in text


def test_cache_bandwidths_are_shown_where_stated():
    assert "L3 151 GB/s, from L3 to a core 46 GB/s" in describe(*built("epyc-rome-nps4"))
    assert "cache bandwidth" not in describe(*built("one-node"))


def test_dollar_signs_in_names_are_drawn_as_they_stand(tmp_path):
    changes = (r"name='m $\frac{x$ y'", r"nodes=[{each: package, memory: 1 GiB, name: 'n $\foo{$ z'}]")
    draw_topology(*built("two-socket", *changes), tmp_path / "a.svg")
    assert (tmp_path / "a.svg").exists()
