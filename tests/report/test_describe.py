import pytest

from simslab.machine.library import load_machine, machine_names
from simslab.machine.timing import build_timing
from simslab.machine.topology import build_topology
from simslab.report.describe import describe
from simslab.report.drawing import draw_topology


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
