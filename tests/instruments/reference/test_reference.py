"""A table of published figures is compared row by row."""

import pytest

from simslab.base.errors import UserError
from simslab.instruments.reference.answers import Answers
from simslab.instruments.reference.reference import Cell, Row, Skipped, judge, read_table, rows_of
from simslab.machine.library import load_machine

HEAD = "machine,metric,from,to,state,value,unit,source,confidence\n"


def row(metric, source, target, state, value, unit="ns"):
    return Row(2, "m", metric, source, target, state, value, unit)


def answer(name, *rows):
    return Answers(load_machine(name)).answer(rows)


def test_rows_are_read_with_their_lines(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text(HEAD + 'm,c2c_latency,core,other core same CCX,O/S,36-37,ns,"a, b",READ\n')
    (only,) = read_table(table)
    assert (only.line, only.bounds, only.unit) == (2, (36.0, 37.0), "ns")


def test_a_table_without_a_column_is_refused(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("machine,metric\n")
    with pytest.raises(UserError, match="no column 'from'"):
        read_table(table)


def test_an_unknown_machine_is_told_with_those_that_are_known(tmp_path):
    rows = [row("l1_latency", "core", "local", "", "4", "cycles")]
    with pytest.raises(UserError, match="no rows for x; it has m"):
        rows_of(rows, ["x"], tmp_path / "t.csv")


def test_latencies_come_in_the_unit_of_the_row():
    cycles, ns = answer(
        "two-socket",
        row("l2_latency", "core", "local", "", "14", "cycles"),
        row("dram_idle_latency", "node0", "node1", "random", "131"),
    )
    assert cycles.measured == 14
    assert ns.measured == pytest.approx(131, rel=0.01)


def test_a_range_has_no_error_inside():
    (cell,) = answer("epyc-rome-nps4", row("c2c_latency", "core", "other CCX same CCD", "any", "102.5-126.5"))
    assert cell.error == 0


def test_rows_without_meaning_are_skipped_with_a_reason():
    found = answer(
        "knights-landing",
        row("dram_idle_latency", "core", "MCDRAM SNC4", "", "170"),
        row("dram_idle_latency", "core", "DDR4 flat", "", ">270"),
        row("weather", "core", "local", "", "1"),
    )
    assert all(isinstance(item, Skipped) and item.reason for item in found)


def test_a_mean_or_worst_error_beyond_the_tolerance_fails():
    near = Cell(row("dram_idle_latency", "node0", "node0", "", "100"), "idle latency", 101, 100)
    far = Cell(row("dram_idle_latency", "node0", "node1", "", "100"), "idle latency", 107, 100)
    assert judge([near])[0].passed
    assert not judge([near, far])[0].passed


def test_one_cycle_of_a_cache_level_is_no_error():
    cell = Cell(row("l1_latency", "core", "local", "", "4", "cycles"), "cache level", 5, 4)
    assert judge([cell])[0].passed
