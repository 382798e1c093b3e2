"""A table of published figures is compared row by row."""

from dataclasses import replace

import pytest

from simslab.base.errors import UserError
from simslab.instruments.reference.answers import Answers
from simslab.instruments.reference.reference import Cell, Row, Skipped, judge, read_table, refuse_values, rows_of
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


@pytest.mark.parametrize(("separator", "told"), [(";", "semicolons"), ("\t", "tabs"), ("|", "|")])
def test_another_separator_than_the_comma_is_told(tmp_path, separator, told):
    table = tmp_path / "t.csv"
    table.write_text(HEAD.replace(",", separator))
    with pytest.raises(UserError) as caught:
        read_table(table)
    message = f"t.csv:1:1: columns are separated by {told}; expected commas, and a decimal point in numbers"
    assert str(caught.value).endswith(message)


def test_an_unknown_machine_is_told_with_those_that_are_known(tmp_path):
    rows = [row("l1_latency", "core", "local", "", "4", "cycles")]
    with pytest.raises(UserError, match="no rows for x; it has m"):
        rows_of(rows, ["x"], tmp_path / "t.csv")


@pytest.mark.parametrize("text", ["m,l1_latency", "m,l1_latency,,,", "m,l1_latency,,,,80,5,ns,,", ",l1_latency,,"])
def test_a_row_of_another_width_is_refused(tmp_path, text):
    table = tmp_path / "t.csv"
    table.write_text(HEAD + text + "\n")
    told = f"t.csv:2:1: the row has {text.count(',') + 1} fields, the heading 9; expected a field for each column"
    with pytest.raises(UserError, match=told):
        rows_of(read_table(table), ["m"], table)


def test_the_width_of_another_machines_row_is_not_looked_at(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text(HEAD + "other,l1_latency\nother,l1_latency,,,,80,5,ns,,\nm,l1_latency,,,,4,cycles\n")
    assert [row.line for row in rows_of(read_table(table), ["m"], table)] == [4]


def test_fields_that_may_be_empty_may_be_missing_at_the_end_of_a_row(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text(HEAD + "m,l1_latency,,,,4\n")
    assert [(row.value, row.unit) for row in rows_of(read_table(table), ["m"], table)] == [("4", "ns")]


@pytest.mark.parametrize("comment", ["# our machine, idle", '#,"see table 3', '"# idle, at night",,'])
def test_lines_that_begin_with_a_hash_are_comments(tmp_path, comment):
    table = tmp_path / "t.csv"
    table.write_text(f"{comment}\n\n{HEAD}{comment}\nm,l1_latency,,,,4,cycles\n{comment}\n")
    assert [row.line for row in rows_of(read_table(table), ["m"], table)] == [5]


def test_comments_need_no_column_machine_in_front(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("metric,machine,from,to,state,value,unit\n# idle\nl1_latency,m,,,,4,cycles\n")
    assert [row.line for row in rows_of(read_table(table), ["m"], table)] == [3]


@pytest.mark.parametrize("behind", ["", 'm,l1_latency,,,,4,cycles,"a",\n', "m,l1_latency,,,,4,cycles,a,\n"])
def test_a_quotation_mark_that_nothing_closes_is_refused_with_its_line(tmp_path, behind):
    table = tmp_path / "t.csv"
    table.write_text(HEAD + 'm,l1_latency,,,,4,cycles,5" disk,\nm,l2_latency,,,,14,cycles,"see table 3,\n' + behind)
    with pytest.raises(UserError, match=r"t.csv:3:1: a quotation mark that nothing closes"):
        read_table(table)


def test_a_quoted_field_may_have_several_lines(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text(HEAD + 'm,l1_latency,,,,4,cycles,"a\nb",\nm,l2_latency,,,,14,cycles,,\n')
    assert [(row.line, row.value) for row in read_table(table)] == [(2, "4"), (4, "14")]


@pytest.mark.parametrize("value", ["nan", "inf", "-5", "0", "80,5", "80 ns", "", "N/A"])
def test_a_value_that_is_no_number_is_refused_with_its_line(tmp_path, value):
    rows = [row("l3_latency", "", "", "", "20"), replace(row("l3_latency", "", "", "", value), line=3)]
    with pytest.raises(
        UserError, match=rf"t.csv:3:1: value '{value}': not a number above 0; expected a number such as"
    ):
        refuse_values(rows, tmp_path / "t.csv")


def test_a_range_backwards_is_told_as_such(tmp_path):
    wrong = row("l3_latency", "", "", "", "90-80")
    with pytest.raises(UserError, match=r"t.csv:2:1: value '90-80': a range backwards; expected a number such as"):
        refuse_values([wrong], tmp_path / "t.csv")
    assert answer("one-node", wrong)[0].reason == "a range backwards"


def test_a_range_a_bound_distances_and_what_nothing_answers_to_are_not_refused(tmp_path):
    told = [("l3_latency", "20-22"), ("l3_latency", ">20"), ("slit_row", "10 21"), ("weather", "fair")]
    refuse_values([row(metric, "", "", "", value) for metric, value in told], tmp_path / "t.csv")


def test_a_table_without_rows_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"t.csv: has no rows; expected one below the heading$"):
        rows_of([], ["x"], tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("metric", "unit", "told"),
    [
        ("dram_idle_latency", "nS", "t.csv:2:1: dram_idle_latency in 'nS'; expected ns, .*; did you mean 'ns'?"),
        ("l3_latency", "clocks", "t.csv:2:1: l3_latency in 'clocks'; expected ns, .*cycles"),
        ("l3_latency", "MB/s", "t.csv:2:1: l3_latency in 'MB/s'; expected ns"),
        ("stream_node", "ns", "t.csv:2:1: stream_node in 'ns'; expected GB/s"),
        ("slit_row", "ns", "t.csv:2:1: slit_row in 'ns'; expected SLIT, nothing"),
    ],
)
def test_a_figure_in_a_unit_that_is_not_its_metrics_is_refused(tmp_path, metric, unit, told):
    with pytest.raises(UserError, match=told):
        rows_of([row(metric, "node0", "node0", "", "4", unit)], ["m"], tmp_path / "t.csv")


def test_units_of_what_the_model_does_not_answer_and_of_other_machines_are_not_looked_at(tmp_path):
    rows = [row("weather", "", "", "", "4", "degrees"), row("slit_row", "node0", "", "", "10", "SLIT")]
    other = Row(3, "other", "l3_latency", "", "", "", "4", "clocks")
    assert rows_of([*rows, other], ["m"], tmp_path / "t.csv") == rows


def test_a_unit_that_is_not_stated_is_the_metrics(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text(HEAD + "m,l3_latency,,,,20,,,\nm,stream_node,,,,20,,,\n")
    assert [row.unit for row in read_table(table)] == ["ns", "GB/s"]


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


@pytest.mark.parametrize("unit", ["cycles", "cycle"])
def test_one_cycle_of_a_cache_level_is_no_error(unit):
    cell = Cell(row("l1_latency", "core", "local", "", "4", unit), "cache level", 5, 4)
    assert judge([cell])[0].passed


def test_a_byte_order_mark_is_taken(tmp_path):
    table = tmp_path / "t.csv"
    table.write_bytes(b"\xef\xbb\xbf" + (HEAD + "m,l1_latency,,,,4,cycles,,\n").encode())
    assert read_table(table)[0].machine == "m"


@pytest.mark.parametrize("value", ["90.1.2", ".", "...", "0", "-5", "nan", "9" * 400, "1-", ""])
def test_what_is_no_number_above_0_is_listed_as_not_comparable(value):
    (found,) = answer("one-node", row("dram_idle_latency", "node0", "node0", "random", value))
    assert isinstance(found, Skipped)
    assert found.reason == "not a number above 0"


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (row("slit_row", "node0", "", "", "ten 21", "SLIT"), "not a node and its distances"),
        (row("slit_row", "nodex", "", "", "10", "SLIT"), "not a node and its distances"),
        (row("slit_row", "node7", "", "", "10", "SLIT"), "another number of nodes"),
        (row("dram_read_bandwidth_scan", "", "", "", "50", "GB/s"), "does not begin with a number of cores"),
        (row("dram_read_bandwidth_scan", "x cores", "", "", "50", "GB/s"), "does not begin with a number of cores"),
        (row("dram_read_bandwidth_scan", "0 cores", "", "", "50", "GB/s"), "the machine's first node has 8 CPUs"),
        (row("dram_loaded_latency", "node0", "node0", "total_bw=1.2.3", "50"), "tells no total_bw=NUMBER"),
        (row("dram_idle_latency", "node" + "9" * 5000, "node0", "random", "50"), "is not one of this machine's"),
    ],
)
def test_a_row_whose_place_or_state_cannot_be_read_is_listed_as_not_comparable(told, reason):
    (found,) = answer("one-node", told)
    assert isinstance(found, Skipped)
    assert reason in found.reason


def test_a_known_metric_that_is_none_of_the_models_is_told_without_another_that_looks_alike():
    (found,) = answer("one-node", row("ipi_latency", "core", "other core", "", "500"))
    assert "did you mean" not in found.reason
    assert "kernel.ipi" in found.reason


def test_a_range_on_a_loaded_curve_counts_as_its_middle():
    rows = [
        row("dram_loaded_latency", "node0", "node0", f"total_bw={gb}", f"{ns}-{ns + 2}")
        for gb, ns in ((1, 79), (9, 99))
    ]
    assert [cell.published for cell in answer("one-node", *rows)[:2]] == [80.0, 100.0]
