"""The tables of measured rows."""

import pytest

from simslab.base.errors import UserError
from simslab.instruments.validate import rows
from simslab.instruments.validate.workloads import WORKLOADS
from simslab.machine.library import machine_names

HEADER = ",".join(rows.COLUMNS)
ROW = "here,one-node,1,pair,size=64 cpus=1,op,10,9,11,ns,0.15,prediction"


def test_shipped_rows_name_shipped_machines_and_known_workloads():
    for row in rows.shipped_rows():
        assert row.machine in machine_names()
        assert row.workload in WORKLOADS
        assert row.low <= row.value <= row.high


def test_calibration_and_prediction_are_apart():
    uses = [row.use for row in rows.shipped_rows()]
    assert uses.count("prediction") > uses.count("calibration") > 0


def test_tolerances_are_those_that_were_set_and_none_is_wider():
    assert max(row.tolerance for row in rows.shipped_rows()) <= 0.25


def test_a_row_has_its_parameters_as_numbers():
    (row,) = rows.parse(f"{HEADER}\n{ROW}\n", "t.csv")
    assert row.number("size") == 64
    assert row.has("cpus")
    assert not row.has("size2")
    with pytest.raises(UserError, match="no number 'n'"):
        row.number("n")


@pytest.mark.parametrize(
    ("here", "wrong", "told"),
    [
        ("prediction", "guess", "use 'guess'"),
        (",10,", ",ten,", "no row of figures"),
        (",10,", ",nan,", "no row of figures above 0"),
        (",10,9,11,", ",0,0,0,", "no row of figures above 0"),
        (",10,9,11,", ",10,11,9,", "low <= value <= high"),
        (",ns,", ",us,", "unit 'us'; expected ns or cycles"),
        (",0.15,", ",inf,", "tolerance inf"),
        ("one-node,1,", "one-node,3,", "3 nodes; expected 1 or 2"),
        ("cpus=1", "cpus", "cpus= a whole number from 1"),
        ("cpus=1", "cpus=0", "cpus= a whole number from 1"),
        ("cpus=1", "cpus=\u00b2", "cpus= a whole number from 1"),
        ("cpus=1", "cpu=1", "unknown parameter 'cpu=1'.*did you mean 'cpus'"),
        ("size=64", "size=99999999", "size= a whole number from 1 to 4194304"),
        ("cpus=1", "cpus=1 limit=3 batchcount=60", "batchcount is above the limit"),
        ("cpus=1", "cpus=1 batchcount=6", "tunables without a limit"),
        ("cpus=1", "cpus=1 cpus=2", "tells a parameter twice"),
        (ROW, "here,one-node", "no row of figures"),
    ],
)
def test_a_bad_row_is_told_with_its_line(here, wrong, told):
    text = f"{HEADER}\n{ROW}\n{ROW.replace(here, wrong)}\n"
    with pytest.raises(UserError, match=rf"^t\.csv:3:1: .*{told}"):
        rows.parse(text, "t.csv")


def test_a_table_without_a_column_is_told():
    with pytest.raises(UserError, match=r"t\.csv:1:1: has no column 'source'"):
        rows.parse("machine,nodes\n", "t.csv")


def test_a_parameter_is_found_by_its_whole_name():
    (row,) = rows.parse(f"{HEADER}\n{ROW.replace('size=64', 'size=64 limit=4 batchcount=3')}\n", "t.csv")
    assert row.has("batchcount")
    assert not row.has("count")


def test_rows_of_one_workload_in_another_unit_are_another_run():
    ns, cycles = rows.parse(f"{HEADER}\n{ROW}\n{ROW.replace(',ns,', ',cycles,')}\n", "t.csv")
    assert ns.question != cycles.question


def test_a_table_from_a_spreadsheet_is_read(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(f"{HEADER}\r\n{ROW}\r\n", encoding="utf-8-sig")
    assert [row.line for row in rows.read_file(path)] == [2]


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        rows.read_file(tmp_path / "none.csv")


SLUB_HEADER, SLUB_ROW = f"{HEADER},allocator", ROW.replace("cpus=1", "cpus=1 cpu_partial=13")


def test_rows_are_of_slab_unless_they_say_slub():
    assert [row.allocator for row in rows.parse(f"{HEADER}\n{ROW}\n", "f")] == ["slab"]
    slab, slub = rows.parse(f"{SLUB_HEADER}\n{ROW},\n{SLUB_ROW},slub\n", "f")
    assert (slab.allocator, slub.allocator, slub.number("cpu_partial")) == ("slab", "slub", 13)
    assert slub.title == "one-node 1 pair slub size=64 cpus=1 cpu_partial=13 op"
    assert slab.question != slub.question


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (f"{ROW},slob", "allocator 'slob'"),
        (f"{SLUB_ROW},slab", "'cpu_partial' is no parameter of SLAB's rows"),
        (f"{ROW.replace('cpus=1', 'cpus=1 limit=8')},slub", "'limit' is no parameter of SLUB's rows"),
        (f"{ROW.replace('cpus=1', 'cpus=1 look_under_list_lock=1')},slub", "'look_under_list_lock' is no parameter"),
    ],
)
def test_other_allocators_and_their_tunables_are_refused(row, told):
    with pytest.raises(UserError, match=told):
        rows.parse(f"{SLUB_HEADER}\n{row}\n", "f")
