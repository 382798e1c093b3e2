import csv

import pytest

import simslab
from simslab.base.errors import UserError

HOW = {"overrides": {"scale": 0.005}, "metrics": ["latency.mean", "throughput"], "processes": 1}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("api") / "a.db"
    with simslab.sweep("one-node", "local-churn", {"core.ipc": [2, "x1"]}, store=path, seeds=2, **HOW):
        pass
    return path


def test_a_sweep_has_cells_rows_and_whole_results(store):
    with simslab.open_store(store) as sweep:
        assert len(sweep.cells) == 4
        assert sweep.rows.rows == 8
        assert sweep.rows.where(metric="latency.mean")["value"].max() > 0
        result = sweep.result(sweep.cells[0])
        assert result.metric("latency.mean") == sweep.cells[0].figures["latency.mean"]
        assert "4 cells" in repr(sweep)
        assert "core.ipc=2" in sweep.text()


def test_a_closed_sweep_says_so(store):
    with simslab.open_store(store) as sweep:
        pass
    assert repr(sweep) == f"<Sweep: closed, in {store}>"
    assert "closed" in sweep._repr_html_()
    with pytest.raises(UserError, match=r"the store is closed; expected open_store\(path\), or work within `with`"):
        sweep.text()


def test_the_same_call_goes_on_and_its_table_has_the_base_asked_for(store):
    with simslab.sweep("one-node", "local-churn", {"core.ipc": [2, "x1"]}, store=store, seeds=2, **HOW) as sweep:
        assert sweep.table("core.ipc=x1").base == "core.ipc=x1"
        assert "paired by seed" in sweep.text()


def test_machines_can_be_an_axis(tmp_path):
    axes = {"machine": ["one-node", "two-socket"]}
    with simslab.sweep(None, "local-churn", axes, store=tmp_path / "a.db", **HOW) as sweep:
        assert {cell.parameters["machine"] for cell in sweep.cells} == {"one-node", "two-socket"}


def test_workloads_can_be_objects(tmp_path):
    workload = simslab.load_workload("local-churn", {"name": "mine", "scale": 0.005})
    with simslab.sweep("one-node", workload, store=tmp_path / "a.db", metrics=["throughput"], processes=1) as sweep:
        assert sweep.cells[0].parameters["workload"] == "mine"


def test_mistakes_leave_no_store_locked(tmp_path):
    with pytest.raises(UserError, match="--base"):
        simslab.sweep("one-node", "local-churn", store=tmp_path / "a.db", base="core.ipc=9", **HOW)
    with simslab.sweep("one-node", "local-churn", store=tmp_path / "a.db", **HOW) as sweep:
        assert len(sweep.cells) == 1


def test_what_varies_cannot_be_set_for_all_points():
    with pytest.raises(UserError, match=r"'core.ipc' varies, and is set for all points"):
        simslab.sweep("one-node", "larson", axes={"core.ipc": [2, 3]}, overrides={"core.ipc": 4}, store=":memory:")


def test_a_sweeps_table_compares_with_the_base_that_it_was_called_with_as_the_store_does(tmp_path):
    axes, base = {"tunables.churn.limit": [8, 64]}, "tunables.churn.limit=64"
    with simslab.sweep("one-node", "local-churn", axes, store=tmp_path / "a.db", base=base, **HOW) as sweep:
        assert sweep.table().base == base
        assert f"minus base ({base})" in sweep.text()
        assert sweep.table("tunables.churn.limit=8").base == "tunables.churn.limit=8"
    with simslab.open_store(tmp_path / "a.db") as opened:
        assert opened.table().base == base


def test_text_and_figure_are_of_the_seeds_and_metrics_that_the_sweep_asked_for(store, tmp_path):
    how = HOW | {"metrics": ["throughput"]}
    with simslab.sweep("one-node", "local-churn", {"core.ipc": [2, "x1"]}, store=store, **how) as sweep:
        assert [row.seeds for metric in sweep.table().metrics for row in metric.rows] == [1, 1]
        sweep.figure(path=tmp_path / "a.svg")
        assert sweep.rows.rows == 8
    with (tmp_path / "a.csv").open() as file:
        assert {(row["metric"], row["seeds"]) for row in csv.DictReader(file)} == {("throughput", "1")}


def test_a_table_is_over_the_seeds_that_a_precision_took(tmp_path):
    axes = {"tunables.churn.limit": [8, 16, 24, 64]}
    with simslab.sweep("one-node", "local-churn", axes, store=tmp_path / "a.db", precision=0.1, **HOW) as sweep:
        assert "reached (4 seeds" in sweep.text()
        assert sweep.table().metrics[0].rows[0].seeds == 4


def test_intervals_are_columns_of_numbers():
    axes = {"tunables.churn.limit": [8, 64]}
    how = {"overrides": {"scale": 0.005}, "seeds": 2, "metrics": ["latency.mean"], "store": ":memory:", "processes": 1}
    with simslab.sweep("one-node", "local-churn", axes, **how) as made:
        found, table = made.intervals(), made.table()
    assert found["tunables.churn.limit"].tolist() == ["8", "64"]
    assert found["difference_low"].dtype == float
    assert found["difference_low"][1] == table.metrics[0].rows[1].difference_low
