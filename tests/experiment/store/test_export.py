import csv
import io
import json
from dataclasses import replace

import pytest

from simslab.base.errors import UserError
from simslab.experiment.grid.axes import Axis
from simslab.experiment.grid.design import make_grid
from simslab.experiment.store.export import csv_text, export, json_lines, tidy_rows
from simslab.experiment.store.store import Store
from simslab.experiment.sweep import sweep


def test_csv_has_one_row_a_cell_and_metric_with_every_parameter(swept):
    with Store.open(swept) as store:
        rows = list(csv.DictReader(io.StringIO(csv_text(store))))
        figures = store.cells()[0].figures
    assert len(rows) == 12
    assert {row["tunables.churn.limit"] for row in rows} == {"8", "64"}
    assert float(rows[0]["value"]) == figures[rows[0]["metric"]]
    assert {row["unit"] for row in rows} == {"ns", "operations/s", "bytes"}


def test_json_lines_hold_the_same_rows(swept):
    with Store.open(swept) as store:
        assert [json.loads(line) for line in json_lines(store).splitlines()] == list(tidy_rows(store))


def test_relative_values_stand_as_absolute_ones_and_as_typed(small_grid, tmp_path):
    grid = small_grid(["8"], seeds=1, axes=(Axis("dram.latency", ("x2",)),))
    with Store.create(tmp_path / "a.db") as store:
        sweep(grid, store)
        row = next(iter(tidy_rows(store)))
    assert row["dram.latency (typed)"] == "x2"
    assert row["dram.latency"].endswith(" ns")
    assert "tunables.churn.limit (typed)" not in row


def test_a_value_of_which_a_part_varies_says_so(small_grid, tmp_path):
    whole = "tunables.churn={limit: 60, batchcount: 30, shared: 8}"
    grid = small_grid(["40"], seeds=1)
    grid = make_grid(replace(grid.design, settings=(*grid.design.settings, whole)))
    with Store.create(tmp_path / "a.db") as store:
        sweep(grid, store)
        row = next(iter(tidy_rows(store)))
    assert row["tunables.churn"] == "{limit: 60, batchcount: 30, shared: 8} (but for tunables.churn.limit)"
    assert "tunables.churn (typed)" not in row


def test_a_failure_has_a_row_with_its_error(small_grid, tmp_path):
    grid = small_grid(["8"], seeds=1, axes=(Axis("threads[0].cpus", ("0-63",)),))
    with Store.create(tmp_path / "a.db") as store:
        sweep(grid, store)
        (row,) = tidy_rows(store)
    assert (row["status"], row["value"], row["metric"]) == ("failed", None, None)
    assert "no CPU" in row["error"]


def test_a_file_that_is_there_is_not_replaced_without_being_asked(swept, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("mine")
    with Store.open(swept) as store:
        with pytest.raises(UserError, match="is there already"):
            export(store, path)
        assert path.read_text() == "mine"
        export(store, path, force=True)
        assert path.read_text() == csv_text(store)


@pytest.mark.parametrize("name", ["a", "a.xls", "a.jsnl"])
def test_an_unknown_format_is_told(swept, tmp_path, name):
    with Store.open(swept) as store, pytest.raises(UserError, match="csv or jsonl or parquet"):
        export(store, tmp_path / name)


def test_parquet_needs_its_extra_or_reads_back(swept, tmp_path):
    with Store.open(swept) as store:
        try:
            import pyarrow.parquet
        except ImportError:
            with pytest.raises(UserError, match=r"pip install '\.\[data\]'"):
                export(store, tmp_path / "a.parquet")
        else:
            export(store, tmp_path / "a.parquet")
            assert pyarrow.parquet.read_table(tmp_path / "a.parquet").num_rows == 12
