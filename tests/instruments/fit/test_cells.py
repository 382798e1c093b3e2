"""Cells are fitted or held out, and weigh what their kind is allowed."""

import pytest

from simslab.base.errors import UserError
from simslab.instruments.fit.cells import left_out, rows_behind, split_cells, weighted_errors
from simslab.instruments.reference.reference import UNJUDGED, Cell, Row, Skipped


def cell(line, metric="dram_idle_latency", kind="idle latency", measured=103.0):
    return Cell(Row(line, "m", metric, "node0", f"node{line}", "random", "100", "ns"), kind, measured, 100.0)


CELLS = [cell(2), cell(3), cell(4), cell(5, "c2c_latency", "cache to cache")]


def test_nothing_is_held_out_by_default():
    assert split_cells(CELLS, "").fitted == (0, 1, 2, 3)


def test_an_expression_holds_out_what_it_finds():
    split = split_cells(CELLS, "c2c|node3")
    assert (split.fitted, split.held_out) == ((0, 2), (1, 3))


def test_a_share_is_the_same_cells_each_time():
    split = split_cells(CELLS, "0.5")
    assert (len(split.fitted), len(split.held_out)) == (2, 2)
    assert split == split_cells(CELLS, "0.5")


@pytest.mark.parametrize(
    ("hold_out", "told"),
    [("1.5", "no share"), ("nothing", "holds out no cell"), ("node", "holds out every cell"), ("(", "regular")],
)
def test_an_impossible_hold_out_is_told(hold_out, told):
    with pytest.raises(UserError, match=told):
        split_cells(CELLS, hold_out)


def test_an_error_weighs_what_its_kind_is_allowed():
    assert weighted_errors(CELLS[2:]) == pytest.approx([0.03 / 0.06, 0.03 / 0.15])


def test_only_the_rows_behind_the_fitted_cells_are_measured():
    curve = [Row(line, "m", "dram_loaded_latency", "a", "b", "total_bw=1", "1", "ns") for line in (6, 7)]
    cells = [*CELLS, Cell(curve[0], "knee", 1, 1)]
    rows = [item.row for item in CELLS] + curve
    assert [row.line for row in rows_behind(rows, cells, [0])] == [2]
    assert [row.line for row in rows_behind(rows, cells, [4])] == [6, 7]


def test_rows_that_are_neither_fitted_nor_held_out_are_left_out_with_their_reasons():
    answers = [
        *CELLS,
        Skipped(CELLS[0].row, "why"),
        cell(6, "dram_remote_extra", UNJUDGED),
        cell(7, "slit_row", "distance"),
        cell(8, "dram_loaded_latency", UNJUDGED),
    ]
    told = [(skipped.row.line, skipped.reason.split()[0]) for skipped in left_out(answers)]
    assert told == [(2, "why"), (6, "shown"), (7, "stated")]
