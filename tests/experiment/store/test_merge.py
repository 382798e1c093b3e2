import sqlite3
import zlib

import pytest

from simslab.base.errors import UserError
from simslab.experiment.grid.design import Design, make_grid
from simslab.experiment.store.dump import dump_lines
from simslab.experiment.store.merge import merge
from simslab.experiment.store.store import FAILED, Store
from simslab.experiment.sweep import Shard, sweep


def test_merging_a_store_with_itself_changes_nothing(swept, tmp_path):
    assert merge(tmp_path / "a.db", [swept, swept]) == (4, 4)
    with Store.open(swept) as one, Store.open(tmp_path / "a.db") as other:
        assert list(dump_lines(one)) == list(dump_lines(other))


def test_a_finished_run_takes_the_place_of_a_failed_one(swept, small_grid, tmp_path):
    path = tmp_path / "a.db"
    path.write_bytes(swept.read_bytes())
    connection = sqlite3.connect(path)
    connection.execute("UPDATE runs SET status = ?, measured = NULL", (FAILED,))
    connection.execute("DELETE FROM metrics")
    connection.commit()
    connection.close()
    merge(path, [swept])
    with Store.create(path) as store:
        assert sweep(small_grid(), store).found == 4


def test_two_results_of_one_run_that_differ_are_refused(swept, tmp_path):
    path = tmp_path / "a.db"
    path.write_bytes(swept.read_bytes())
    connection = sqlite3.connect(path)
    connection.execute("UPDATE runs SET measured = ?", (zlib.compress(b"another"),))
    connection.commit()
    connection.close()
    with pytest.raises(UserError, match="differs from the other store's"):
        merge(path, [swept])


def test_a_missing_shard_is_told_before_anything_is_written(swept, tmp_path):
    with pytest.raises(UserError, match="there is no such store"):
        merge(tmp_path / "a.db", [swept, tmp_path / "no.db"])
    assert not (tmp_path / "a.db").exists()


@pytest.mark.parametrize("damaged", [b"no zlib", None])
def test_a_run_whose_result_is_damaged_is_refused(damaged, swept, tmp_path):
    path = tmp_path / "a.db"
    path.write_bytes(swept.read_bytes())
    connection = sqlite3.connect(path)
    connection.execute("UPDATE runs SET measured = ?", (damaged,))
    connection.commit()
    connection.close()
    with pytest.raises(UserError, match="a run whose result is damaged"):
        merge(path, [swept])


def test_nothing_is_written_when_a_later_store_is_another_versions(swept, tmp_path):
    path = tmp_path / "b.db"
    path.write_bytes(swept.read_bytes())
    connection = sqlite3.connect(path)
    connection.execute("UPDATE about SET value = '0.0.9' WHERE name = 'simslab_version'")
    connection.commit()
    connection.close()
    with pytest.raises(UserError, match=r"0\.0\.9"):
        merge(tmp_path / "out.db", [swept, path])
    assert not (tmp_path / "out.db").exists()


def test_the_base_is_that_of_the_first_store_that_has_one(swept, small_grid, tmp_path):
    based = tmp_path / "a.db"
    based.write_bytes(swept.read_bytes())
    point = small_grid().points[1]
    with Store.create(based) as store:
        store.compare_with(point.label)
    merge(tmp_path / "b.db", [swept, based])
    with Store.open(tmp_path / "b.db") as store:
        assert store.base() == point.parameters
        assert "base" not in store.about()


def test_metrics_that_only_one_store_holds_are_taken_of_all_runs(small_grid, tmp_path):
    names = ("latency.mean", "latency.p99")
    for number, name in enumerate(names, 1):
        with Store.create(tmp_path / f"{number}.db") as store:
            sweep(small_grid(metrics=(name,)), store, shard=Shard(number, 2))
    merge(tmp_path / "all.db", [tmp_path / "1.db", tmp_path / "2.db"])
    with Store.create(tmp_path / "whole.db") as whole, Store.open(tmp_path / "all.db") as merged:
        sweep(small_grid(metrics=names), whole)
        assert list(dump_lines(merged)) == list(dump_lines(whole))


def test_nothing_is_taken_when_a_later_store_has_other_inputs_than_the_one_merged_into(tmp_path):
    def made(name, latency, seed):
        machine = tmp_path / "m.yaml"
        machine.write_text(f"extends: one-node\nname: m\ndram: {{latency: {latency} ns}}\n")
        design = Design(str(machine), "local-churn", ("scale=0.005",), first_seed=seed, metrics=("throughput",))
        with Store.create(tmp_path / name) as store:
            sweep(make_grid(design), store)
        return tmp_path / name

    out, other = made("out.db", 90, 1), made("other.db", 120, 3)
    source = tmp_path / "source.db"
    with Store.create(source) as store:
        sweep(make_grid(Design("one-node", "local-churn", ("scale=0.005",), metrics=("throughput",))), store)
    with Store.open(out) as store:
        before = list(dump_lines(store))
    with pytest.raises(UserError, match=r"other\.db: was made from another machine .*m\.yaml than the other stores"):
        merge(out, [source, other])
    with Store.open(out) as store:
        assert list(dump_lines(store)) == before
