"""A measured curve replaces a node's queue model: loaded latency comes out as it was put in."""

import re

import pytest

from simslab.base.errors import UserError
from simslab.base.shipped import find_shipped
from simslab.instruments.exchange.hwloc.export import export_hwloc
from simslab.instruments.exchange.importer import import_hwloc
from simslab.instruments.measure.bandwidth import peak_bandwidths
from simslab.instruments.measure.loaded import latency_at, loaded_latency
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine

IDLE = 78.6  # ns: what two-socket's L3, directory and DRAM add up to
POINTS = [(1, IDLE), (20, 82), (40, 88), (60, 96), (70, 104), (80, 118), (86, 135), (90, 160), (93, 200)]  # GB/s, ns


def curve(points=POINTS):
    return "{impl: curve, points: [" + ", ".join(f"[{gb} GB/s, {ns} ns]" for gb, ns in points) + "]}"


def curved(*settings, points=POINTS):
    return load_machine("two-socket", [f"dram.queue={curve(points)}", *settings])


@pytest.mark.parametrize("delay", [0, 50, 100, 200, 500, 2500, 20000])
def test_loaded_latency_reproduces_the_curve(delay):
    point = loaded_latency(curved("core.outstanding=16"), delay)
    assert point.ns == pytest.approx(latency_at(POINTS, point.gb_per_second / 2), rel=0.03)  # of two nodes


def test_the_last_point_is_the_most_that_a_node_gives():
    point = loaded_latency(curved("core.outstanding=40"), 0)
    assert point.gb_per_second / 2 == pytest.approx(93, rel=0.01)
    assert point.ns > 2 * 200  # lines in flight wait for one another: 16 cores x 40 lines at 93 GB/s take 440 ns


def test_idle_latency_stays_the_sum_along_the_path():
    machine = build_machine(curved(points=[(1, 500), (90, 900)]))
    assert machine.timing.dram_latency(0, 0) == pytest.approx(IDLE * 2.6, abs=1)
    assert machine.memory.access(0, 1 << 15, 0, 0) == machine.timing.dram_latency(0, 0)


def test_writes_take_their_share_in_the_ratio_of_bandwidths():
    dear = peak_bandwidths(curved("core.outstanding=40", "dram.write_bandwidth=9.25 GB/s"))  # reads: 18.5
    assert dear["ALL Reads"] == pytest.approx(2 * 93, rel=0.02)
    assert dear["1:1 Reads-Writes"] == pytest.approx(2 * 93 * 2 / 3, rel=0.02)  # writes at twice the cost


def test_a_curve_of_one_node_leaves_the_others_alone():
    dram = f"{{latency: 50.6 ns, channels: 6, bandwidth: 18.5 GB/s, queue: {curve()}}}"
    text = f"nodes=[{{package: 0, memory: 1 GiB, dram: {dram}}}, {{package: 1, memory: 1 GiB}}]"
    timing = build_machine(load_machine("two-socket", [text])).timing
    assert [len(row) for row in timing.memory.curves] == [1025, 0]
    assert timing.memory.each("channels") == (1, 6)


MISTAKES = {
    "a falling latency": ([(1, 80), (20, 79)], "79 ns after 80 ns; expected a latency that does not fall"),
    "a falling bandwidth": ([(20, 80), (20, 81)], "20 GB/s after 20 GB/s; expected rising bandwidths"),
    "no bandwidth": ([(0, 80), (20, 81)], "a point without bandwidth"),
    "one point": ([(1, 80)], "2"),
    "a time too long": ([(1, 80), (20, 9e9)], "too long"),
}


def write(tmp_path, points, extra=""):
    text = find_shipped("machines", "two-socket").read_text()
    assert "  channels: 6" in text
    rows = "\n".join(f"      - [{gb} GB/s, {ns:.0f} ns]" for gb, ns in points)
    path = tmp_path / "curve.yaml"
    path.write_text(
        text.replace("  channels: 6", f"{extra}  queue:\n    impl: curve\n    points:\n{rows}\n  channels: 6", 1)
    )
    return path


@pytest.mark.parametrize("what", list(MISTAKES))
def test_an_impossible_curve_is_refused_naming_the_line(what, tmp_path):
    points, message = MISTAKES[what]
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        load_machine(str(write(tmp_path, points)))
    (problem,) = caught.value.problems
    bad = min(len(points) - 1, 1) if what != "no bandwidth" else 0
    lines = (tmp_path / "curve.yaml").read_text().splitlines()
    assert problem.line > 0
    if len(points) > 1:
        assert f"[{points[bad][0]} GB/s" in lines[problem.line - 1]


def test_what_the_curve_has_in_it_cannot_stand_beside_it(tmp_path):
    with pytest.raises(UserError, match="'conflict' beside a curve") as caught:
        load_machine(str(write(tmp_path, POINTS, "  conflict: 30 ns\n")))
    assert caught.value.problems[0].path == "dram.conflict"


def test_a_curve_goes_out_and_comes_back(tmp_path):
    spec = curved()
    file = tmp_path / "two-socket.xml"
    file.write_text(export_hwloc(spec))
    back = tmp_path / "back.yaml"
    back.write_text(import_hwloc(file))
    curves = [build_machine(machine).timing.memory.curves for machine in (load_machine(str(back)), spec)]
    assert curves[0] == curves[1]
