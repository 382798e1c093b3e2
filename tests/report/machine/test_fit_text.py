import json
import math
from dataclasses import replace

import pytest

from simslab.instruments.fit.cells import Split
from simslab.instruments.fit.fitting import FitResult, Fitted
from simslab.instruments.fit.parameters import Parameter
from simslab.instruments.reference.reference import Cell, Row, Skipped
from simslab.report.machine.fit_text import SHOWN, fit_json, fit_text

DRAM = Parameter("dram.latency", ("dram", "latency"), "ns", 50.0, 12.5, 200.0)
PLACES = Parameter("core.outstanding", ("core", "outstanding"), "", 10.0, 5.0, 20.0, whole=True)


FITTED = (Fitted(DRAM, 60.0, 0.25),)


def cell(measured, line=2, state="random"):
    row = Row(line, "m", "dram_idle_latency", "node0", "node1", state, "100", "ns")
    return Cell(row, "idle latency", measured, 100.0)


def result(held_out=0, fitted=FITTED, left=()):
    before = tuple(cell(130.0, line) for line in range(2, 4 + held_out))
    after = tuple(cell(101.0 + line, line, f"number {line}") for line in range(2, 4 + held_out))
    split = Split((0, 1), tuple(range(2, 2 + held_out)))
    return FitResult(None, fitted, left, before, after, split, 7)


def test_a_parameter_is_told_before_and_after_with_its_error_and_bounds():
    lines = fit_text(result()).splitlines()
    assert lines[1].split() == ["dram.latency", "50", "ns", "60", "ns", "0.25", "12.5", "to", "200", "ns"]


def test_what_the_search_could_not_tell_is_marked():
    fitted = (Fitted(DRAM, 200.0, math.nan), Fitted(PLACES, 12.0, 0.5))
    first, second = fit_text(result(fitted=fitted, left=("dram.bandwidth",))).splitlines()[1:3]
    assert first.split()[5] == "-"
    assert first.endswith("at its bound")
    assert second.split() == ["core.outstanding", "10", "12", "0.5", "5", "to", "20"]
    assert "do not determine them: dram.bandwidth" in fit_text(result(left=("dram.bandwidth",)))


def test_a_value_that_no_row_binds_is_told_without_a_standard_error():
    loose = Fitted(DRAM, 120.0, 0.0, unbound=True)
    line = next(line for line in fit_text(result(fitted=(loose,))).splitlines() if line.startswith("dram.latency"))
    assert line.split()[5] == "-"
    assert line.endswith("no row binds it there")
    (told,) = json.loads(fit_json(result(fitted=(loose,))))["parameters"]
    assert (told["unbound"], told["standard_error"]) == (True, None)


def test_errors_are_told_by_kind_before_and_after():
    (line,) = (line for line in fit_text(result()).splitlines() if line.startswith("idle latency"))
    assert line.split()[2:9] == ["2", "30.0%", "->", "3.5%", "30.0%", "->", "4.0%"]
    assert line.endswith("mean 3%, worst 6%: EXCEEDED")


def test_without_held_out_cells_nothing_is_said_of_prediction():
    told = fit_text(result())
    assert "no cell was held out" in told
    assert "prediction" not in told


def test_held_out_cells_are_told_worst_first_and_the_rest_counted():
    lines = fit_text(result(held_out=SHOWN + 3)).splitlines()
    assert f"prediction: the {SHOWN + 3} cells held out" in lines
    assert lines[-1] == "... and 3 that are predicted better"
    errors = [float(line.split()[2].rstrip("%")) for line in lines[-SHOWN - 1 : -1]]
    assert errors == sorted(errors, reverse=True)
    assert lines[-SHOWN - 1].endswith(f"[number {3 + SHOWN + 3}]")


def test_the_file_has_fit_and_prediction_apart():
    told = json.loads(fit_json(result(held_out=1, fitted=(Fitted(DRAM, 200.0, math.nan),), left=("a",))))
    assert told["parameters"][0] | {"standard_error": None, "at_bound": True, "after": 200.0} == told["parameters"][0]
    assert [len(told[key]) for key in ("fit", "prediction", "not_determined")] == [2, 1, 1]
    assert told["prediction"][0]["error_after"] == pytest.approx(0.05)
    assert told["machines_measured"] == 7


def test_rows_left_out_are_told_with_line_and_reason():
    left = replace(result(), left_out=(Skipped(cell(1.0, 9).row, "no such node"),))
    assert fit_text(left).splitlines()[-2:] == [
        "neither fitted nor held out:",
        "  line 9: dram_idle_latency node0 -> node1 [random] = 100 ns: no such node",
    ]
    (told,) = json.loads(fit_json(left))["left_out"]
    assert (told["row"]["line"], told["reason"]) == (9, "no such node")
