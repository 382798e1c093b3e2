import json
from pathlib import Path

import pytest

from simslab.report.comparison.comparison import Arm, Comparison, Difference, comparison_document, comparison_text
from simslab.report.comparison.comparison_figure import save_comparison_figure
from simslab.result.latency import by_operation, merge_rows
from simslab.result.result_file import json_text

GOLDEN = Path(__file__).with_name("comparison.txt")


def difference(metric, base, variant, low, high, distinguishable):
    mean = sum(variant) / len(variant) - sum(base) / len(base)
    means = sum(base) / len(base), sum(variant) / len(variant)
    return Difference("far", metric, base, variant, *means, mean, low, high, distinguishable)


@pytest.fixture
def comparison(make_measurement):
    near, far = make_measurement(1), make_measurement(2, 140)
    return Comparison(
        machine="two-socket",
        workload="remote-free",
        settings=("scale=0.2",),
        seeds=(1, 2, 3),
        confidence=0.95,
        arms=(
            Arm("base", (), near.frequency_hz, merge_rows(near.latency), by_operation(near)),
            Arm("far", ("links.upi.latency=120 ns",), far.frequency_hz, merge_rows(far.latency), by_operation(far)),
        ),
        differences=(
            difference("latency mean (ns)", (81.0, 82.0, 80.0), (110.0, 112.0, 108.5), 27.9, 30.4, True),
            difference("latency p50 (ns)", (24.0, 25.0, 24.0), (24.0, 24.0, 24.5), -1.9, 1.6, False),
            difference("remote frees", (1010.0, 990.0, 1003.0), (1010.0, 990.0, 1003.0), 0.0, 0.0, False),
            difference("list_lock contended", (0.0, 0.0, 0.0), (3.0, 4.0, 3.0), 1.9, 4.8, True),
            difference("list_lock wait (ns)", (9.0,), (4.0,), None, None, False),
        ),
    )


def test_the_table_equals_the_stored_text(comparison):
    assert comparison_text(comparison) == GOLDEN.read_text(encoding="utf-8")


def test_the_file_holds_verdict_and_percent(comparison):
    first = json.loads(json_text(comparison_document(comparison)))["differences"][0]
    assert first["verdict"] == "higher"
    assert first["percent"]["mean"] == pytest.approx(100 * first["difference"]["mean"] / 81, abs=1e-6)


def test_a_base_of_zero_has_no_percent(comparison):
    contended = comparison_document(comparison)["differences"][3]
    assert contended["percent"] == {"mean": None, "low": None, "high": None}


def test_the_figure_has_the_same_bytes_twice(comparison, tmp_path):
    first, second = (save_comparison_figure(comparison, tmp_path, name) for name in ("a", "b"))
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]


def test_the_file_holds_latencies_by_operation_and_cycles(comparison):
    arm = json.loads(json_text(comparison_document(comparison)))["arms"][0]
    assert set(arm["by_operation"]) == {"alloc", "free"}
    assert sum(sum(each["counts"]) for each in arm["by_operation"].values()) == sum(arm["counts"])
    assert arm["latency_cycles"]["p50"] * 1000 == pytest.approx(arm["latency_ns"]["p50"] * 2300, rel=1e-3)


def test_the_figure_has_a_panel_for_each_operation_and_one_of_all(comparison):
    from simslab.report.canvas import house_style
    from simslab.report.comparison.comparison_figure import comparison_figure

    with house_style():
        panels = comparison_figure(comparison).axes
    assert len(panels) == 3
    assert all(len(axes.lines) == 2 for axes in panels)
    assert [axes.get_title(loc="left").split("\n")[-1] for axes in panels] == ["alloc", "free", "all operations"]
