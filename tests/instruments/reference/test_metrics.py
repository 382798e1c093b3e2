"""Each metric has its units, and figures are told in any of them."""

import pytest

from simslab.instruments.reference.answers import Answers
from simslab.instruments.reference.metrics import (
    CURVE,
    METRICS,
    gigabytes,
    nanoseconds,
    rate_in,
    stated_unit,
    time_in,
)
from simslab.machine.library import load_machine


def test_every_metric_that_is_answered_has_its_units():
    assert set(METRICS) == {*Answers(load_machine("one-node")).by_metric, CURVE}


@pytest.mark.parametrize(
    ("metric", "unit"),
    [("dram_idle_latency", "ns"), ("dram_bandwidth", "GB/s"), ("instruction_cost", "cycles"), ("weather", "")],
)
def test_a_row_without_a_unit_is_in_its_metrics(metric, unit):
    assert stated_unit(metric, "") == unit
    assert stated_unit(metric, "us") == "us"


@pytest.mark.parametrize(
    ("unit", "figure"), [("ns", 300.0), ("us", 0.3), ("ms", 0.0003), ("s", 3e-7), ("cycles", 780), ("cycle", 780)]
)
def test_a_time_is_told_in_any_unit_and_back(unit, figure):
    assert time_in(unit, 780, 300.0) == pytest.approx(figure)
    assert nanoseconds(unit, figure, 300 / 780) == pytest.approx(300)


@pytest.mark.parametrize(
    ("unit", "figure"), [("GB/s", 21.5), ("MB/s", 21500), ("GiB/s", 21.5e9 / 2**30), ("B/s", 21.5e9)]
)
def test_a_bandwidth_is_told_in_any_unit_and_back(unit, figure):
    assert rate_in(unit, 21.5e9) == pytest.approx(figure)
    assert gigabytes(unit, figure) == pytest.approx(21.5)
