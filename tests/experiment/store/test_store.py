import json
import sqlite3
from pathlib import Path

import pytest

from simslab.base.build import code_digest
from simslab.base.errors import UserError
from simslab.experiment.store.dump import dump_lines
from simslab.experiment.store.merge import merge
from simslab.experiment.store.store import Store


def test_the_whole_observation_of_a_cell_comes_back(swept):
    with Store.open(swept) as store:
        cell = store.cells()[0]
        observation = store.observation(cell)
    assert observation.measurement.seed == cell.seed
    assert sum(sum(row.counts) for row in observation.measurement.latency) > 100
    assert any(row.cache == "churn" for row in observation.parked)


def test_the_view_has_a_row_a_cell_and_metric_with_every_parameter(swept):
    query = """SELECT json_extract(parameters, '$."tunables.churn.limit"'), seed, value FROM rows
               WHERE metric = 'latency.mean'"""
    with Store.open(swept) as store:
        rows = store.connection.execute(query).fetchall()
    assert sorted(row[:2] for row in rows) == [("64", 1), ("64", 2), ("8", 1), ("8", 2)]
    assert all(row[2] > 0 for row in rows)


def test_configurations_hold_every_value_and_the_hashes_of_what_was_read(swept):
    with Store.open(swept) as store:
        made = store.configurations()
        cell = store.cells()[0]
        assert set(store.configurations_of(cell)) <= {each.hash for each in made}
    machine = next(each for each in made if each.kind == "machine")
    assert machine.resolved["core"]["frequency"] > 10**9
    assert set(machine.inputs) == {"one-node.yaml"}
    assert sorted(each.kind for each in made) == ["machine", "workload", "workload"]


def test_a_store_in_wal_mode_can_be_read_while_it_is_written(swept):
    with Store.create(swept) as writer, Store.open(swept) as reader:
        assert writer.connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert len(reader.cells()) == 4


def test_reading_never_changes_the_file(swept):
    before = swept.read_bytes()
    with Store.open(swept) as store:
        store.cells()
        with pytest.raises(sqlite3.OperationalError):
            store.connection.execute("DELETE FROM cells")
    assert swept.read_bytes() == before


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize("kept", [100, 5000, -3000, -40000])
def test_a_truncated_store_is_one_clear_error(swept, tmp_path, write, kept):
    broken = tmp_path / "broken.db"
    broken.write_bytes(swept.read_bytes()[:kept])
    with pytest.raises(UserError, match=r"broken\.db: (is damaged|is no store)"), opened(broken, write) as store:
        store.cells()


def opened(path, write):
    return Store.create(path) if write else Store.open(path)


@pytest.mark.parametrize("write", [False, True])
def test_a_store_of_another_version_is_refused_and_left_as_it_is(swept, tmp_path, write):
    other = tmp_path / "other.db"
    other.write_bytes(swept.read_bytes())
    connection = sqlite3.connect(other)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = other.read_bytes()
    with pytest.raises(UserError, match="is a store of version 99; expected version 1 or 2, which this simslab reads"):
        opened(other, write)
    assert other.read_bytes() == before


def test_a_store_of_version_1_is_read_and_not_added_to(swept, tmp_path):
    old = tmp_path / "old.db"
    old.write_bytes(swept.read_bytes())
    connection = sqlite3.connect(old)
    connection.executescript(
        "DROP TABLE inputs; UPDATE about SET value = '1' WHERE name = 'version'; PRAGMA user_version = 1;"
    )
    connection.close()
    with Store.open(old) as store, Store.open(swept) as new:
        assert store.cells() == new.cells()
        assert not any("input" in json.loads(line) for line in dump_lines(store))
    told = r"old\.db: is a store of version 1, to which nothing can be added.* another --store .* `simslab plot`"
    with pytest.raises(UserError, match=told):
        Store.create(old)
    with pytest.raises(UserError, match=r"old\.db: is a store of version 1, to which nothing can be added"):
        merge(tmp_path / "merged.db", [swept, old])


def test_results_of_another_simslab_are_not_added_to(swept, tmp_path):
    other = tmp_path / "other.db"
    other.write_bytes(swept.read_bytes())
    connection = sqlite3.connect(other)
    connection.execute("UPDATE about SET value = '0.0.9' WHERE name = 'simslab_version'")
    connection.commit()
    connection.close()
    with pytest.raises(UserError, match=r"holds results of simslab 0\.0\.9"):
        Store.create(other)
    with Store.open(other) as store:
        assert store.about()["simslab_version"] == "0.0.9"


def test_results_of_other_code_are_read_and_not_added_to(swept, tmp_path, monkeypatch):
    monkeypatch.setattr("simslab.experiment.store.schema.code_digest", lambda: "0123456789abcdef")
    with pytest.raises(
        UserError, match=r"small\.db: holds results of other code of simslab .*, this is 0123456789abcdef"
    ):
        Store.create(swept)
    with pytest.raises(UserError, match=r"holds results of other code .*; expected another --store"):
        merge(tmp_path / "merged.db", [swept])
    with Store.open(swept) as store:
        assert store.about()["simslab_code"] == code_digest()


def test_a_database_of_something_else_is_refused(tmp_path):
    path = tmp_path / "else.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE mine (x)")
    connection.close()
    with pytest.raises(UserError, match="is a database of something else"):
        Store.create(path)
    with pytest.raises(UserError, match="is no store"):
        Store.open(path)


def test_what_is_no_database_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be looked at " * 20)
    before = path.read_text()
    for write in (False, True):
        with pytest.raises(UserError, match="is damaged or no store"):
            opened(path, write)
    assert path.read_text() == before


def test_a_missing_store_and_a_folder_are_told(tmp_path):
    with pytest.raises(UserError, match="there is no such store"):
        Store.open(tmp_path / "no.db")
    with pytest.raises(UserError, match="cannot be written"):
        Store.create(tmp_path)
    with pytest.raises(UserError, match="is a directory"):
        Store.open(tmp_path)


def test_a_full_disk_is_one_clear_error_and_costs_nothing_that_was_stored(swept, tmp_path):
    path = tmp_path / "full.db"
    path.write_bytes(swept.read_bytes())
    with Store.create(path) as store:
        pages = store.connection.execute("PRAGMA page_count").fetchone()[0]
        store.connection.execute(f"PRAGMA max_page_count = {pages}")
        rows = [(json.dumps({"x": "y" * 5000, "n": str(n)}), "{}", n, "key") for n in range(100)]
        with pytest.raises(UserError, match="cannot be written: database or disk is full"):
            store.claim(rows)
        assert len(store.cells()) == 4


def test_a_failed_run_has_no_observation(swept):
    with Store.open(swept) as store, pytest.raises(UserError, match="holds no result of nothing"):
        store.observation("nothing")


@pytest.mark.parametrize(
    ("statement", "read"),
    [
        ("UPDATE configurations SET resolved = '{\"a\": 1'", Store.configurations),
        ("UPDATE configurations SET inputs = '[1]'", Store.configurations),
        ("UPDATE cells SET resolved = 'x'", Store.cells),
        ("UPDATE inputs SET content = 'x'", Store.given),
        ("UPDATE runs SET measured = x'789c00'", lambda store: list(dump_lines(store))),
        ("UPDATE runs SET measured = 'text'", lambda store: list(dump_lines(store))),
        ("UPDATE runs SET measured = x'789c4b04000062006200'", lambda store: store.observation(store.cells()[0])),
    ],
)
def test_a_damaged_column_is_told_and_no_traceback(swept, tmp_path, statement, read):
    copy = tmp_path / "s.db"
    copy.write_bytes(Path(swept).read_bytes())
    connection = sqlite3.connect(copy)
    connection.execute(statement)
    connection.commit()
    connection.close()
    with Store.open(copy) as store, pytest.raises(UserError, match="is damaged"):
        read(store)


@pytest.mark.parametrize("statement", ["DROP TABLE about", "DELETE FROM about"])
def test_a_store_that_does_not_say_who_made_it_is_refused(swept, tmp_path, statement):
    copy = tmp_path / "copy.db"
    copy.write_bytes(swept.read_bytes())
    connection = sqlite3.connect(copy)
    connection.execute(statement)
    connection.commit()
    connection.close()
    with pytest.raises(UserError, match=r"copy\.db: is damaged"):
        Store.create(copy)
