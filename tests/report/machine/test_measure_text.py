import json

import pytest

from simslab.instruments.measure.chase import ChasePoint, LevelLatency
from simslab.instruments.measure.loaded import LoadPoint
from simslab.instruments.measure.lock import HandOver, LockMeasurement, LockPoint
from simslab.instruments.measure.transfer import HomeLatencies
from simslab.instruments.measure.whole import MachineMeasurement
from simslab.instruments.reference.reference import UNJUDGED, Cell, Row, Skipped
from simslab.report.machine.measure_text import (
    comparison_json,
    comparison_text,
    measurement_json,
    measurement_text,
    summary_lines,
)


def told(**parts):
    return measurement_text(MachineMeasurement("m", (0, 3), **parts)).splitlines()


def row(metric="dram_idle_latency", state="random", value="100", unit="ns", target="node1"):
    return Row(2, "m", metric, "node0", target, state, value, unit)


NEAR = Cell(row(), "idle latency", 101.0, 100.0)
FAR = Cell(row(target=""), "idle latency", 115.0, 100.0)


def test_parts_that_were_not_measured_are_left_out():
    assert told() == ["simslab measure - m"]
    assert json.loads(measurement_json(MachineMeasurement("m", (0,)))) == {"machine": "m", "nodes": [0]}


def test_a_matrix_has_the_nodes_numbers_and_leaves_out_rows_without_figures():
    lines = told(idle_random=[[78.64, None], [None, None]])
    assert lines[1:] == [
        "",
        "Measuring idle latencies for random access (in ns)...",
        "   Numa node",
        "   Numa node           0           3",
        "           0        78.6           -",
    ]


def test_bandwidths_are_told_in_megabytes():
    lines = told(bandwidth=[[1.5, 2.0], [None, 3.25]], peak={"ALL Reads": 12.3456}, core_bandwidth=0.5)
    assert "ALL Reads           :      12345.6" in lines
    assert "One core, reads     :        500.0" in lines
    assert lines[-2:] == ["           0      1500.0      2000.0", "           3           -      3250.0"]


def test_caches_are_told_by_level_and_by_working_set():
    levels = [LevelLatency("L1", 4, 1.25)]
    points = [ChasePoint(512, 4.0, 1.25), ChasePoint(32 << 10, 12.0, 3.5), ChasePoint(3 << 30, 300.0, 90.0)]
    lines = told(levels=levels, chase=points)
    assert "L1:     4.0 cycles     1.25 ns" in lines
    assert [line.split()[:2] for line in lines[-3:]] == [["512", "B"], ["32", "KiB"], ["3", "GiB"]]


def test_a_chase_that_ends_with_the_nodes_memory_says_so():
    lines = told(levels=[], chase=[ChasePoint(512, 4.0, 1.25)], chase_memory=1536 << 20)
    assert lines[-1] == "The chase ends here: the nearest node has 1.5 GiB of memory."


def test_a_loaded_latency_has_mlcs_columns():
    assert told(loaded=[LoadPoint(2, 268.451, 217.1106)])[-1] == " 00002  268.45   217110.6"


def test_transfers_are_told_by_relation_and_by_home():
    lines = told(
        transfers={"same L3": {"modified": 28.25, "exclusive": 24.0, "shared": 12.0}},
        homes=[HomeLatencies(0, 1, 100.0, 120.0, None)],
        ping_pong={"same L3": 40.0},
    )
    assert "same L3                 28.2        24.0        12.0" in lines
    assert "       0       3       100.0       120.0           -" in lines
    assert "same L3                 40.0" in lines


def test_a_lock_is_told_with_its_hand_over_and_its_throughput():
    points = [LockPoint(1, 20.0, 0.0, 50.0, 0), LockPoint(2, 150.5, 50.5, 6.64, 3)]
    lines = told(lock=LockMeasurement(100.0, 42.4, {"same L3": HandOver(33.0, 44.0)}, points))
    assert "Spinlock (qspinlock), critical section 100 ns" in lines
    assert "uncontended lock and unlock: 42 cycles" in lines
    assert "same L3                     33.0            44.0" in lines
    assert lines[-1] == "      2     150.5       50.5        6.64          3"


def test_a_comparison_has_a_line_for_each_row_and_says_what_was_not_compared():
    skipped = Skipped(row("weather", "", "9", "C", ""), "nothing in the model answers to weather")
    lines = comparison_text([NEAR, Cell(row(state=""), UNJUDGED, 90.0, 100.0), skipped]).splitlines()
    assert lines[1] == "    101.00     100.00   +1.0%  ns      dram_idle_latency node0 -> node1 [random]"
    assert lines[2].endswith(f"-10.0%  ns      dram_idle_latency node0 -> node1 ({UNJUDGED})")
    assert lines[4:6] == ["not comparable:", "  weather node0 = 9 C: nothing in the model answers to weather"]


def test_figures_below_1_are_told_by_the_digits_that_count():
    (line,) = comparison_text([Cell(row(unit="us"), "idle latency", 0.078812, 0.08)]).splitlines()[1:2]
    assert line == "   0.07881       0.08   -1.5%  us      dram_idle_latency node0 -> node1 [random]"


@pytest.mark.parametrize(("cells", "state"), [([NEAR], "ok"), ([NEAR, FAR], "EXCEEDED")])
def test_each_kind_of_figure_is_judged(cells, state):
    (line,) = summary_lines(cells)[1:]
    assert line.startswith("idle latency")
    assert line.endswith(f": {state}")


def test_the_file_holds_errors_and_verdicts():
    document = json.loads(comparison_json([NEAR, Skipped(row(), "why")]))
    assert document["cells"][0]["error"] == pytest.approx(0.01)
    assert document["not_comparable"][0]["reason"] == "why"
    assert document["verdicts"][0]["cells"] == 1
