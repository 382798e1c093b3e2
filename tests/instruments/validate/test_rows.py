"""The tables of measured rows."""

import pytest

from simslab.base.errors import UserError
from simslab.instruments.validate import rows
from simslab.instruments.validate.questions import WORKLOADS
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
    ("text", "told"),
    [
        ("machine,nodes\n", "no column 'source'"),
        (f"{HEADER}\n{ROW.replace('prediction', 'guess')}\n", "use 'guess'"),
        (f"{HEADER}\n{ROW.replace(',10,', ',ten,')}\n", "no row of figures"),
    ],
)
def test_a_bad_table_is_told_where(text, told):
    with pytest.raises(UserError, match=told):
        rows.parse(text, "t.csv")


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        rows.read_file(tmp_path / "none.csv")
