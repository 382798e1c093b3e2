"""What counts as lost when a command is ended from outside: `python tools/faults.py`."""

import json

import pytest
from faults import damaged, found_wrong, half_written


@pytest.fixture
def result(tmp_path):
    """A result directory as a run leaves it."""
    folder = tmp_path / "r"
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps({"files": ["result.json", "slabinfo.txt"]}))
    (folder / "result.json").write_text("{}")
    (folder / "slabinfo.txt").write_text("slabinfo")
    return folder


def test_a_whole_result_is_no_loss(result):
    assert found_wrong("done", result.parent) == []


def test_a_file_that_is_not_there_or_empty_is_a_loss(result):
    (result / "result.json").unlink()
    (result / "slabinfo.txt").write_text("")
    assert half_written(result) == ["half a result: no result.json", "half a result: no slabinfo.txt"]


def test_a_result_without_a_manifest_is_a_loss(result):
    (result / "manifest.json").write_text("{")
    (found,) = half_written(result)
    assert found.startswith("half a result: ")


def test_a_traceback_and_what_is_left_beside_are_losses(tmp_path):
    (tmp_path / ".r.simslab-x").mkdir()
    assert found_wrong("Traceback (most recent call last)", tmp_path)[1:] == ["leaves .r.simslab-x"]
    assert found_wrong("", tmp_path, killed=True) == []


def test_a_store_that_is_no_database_is_damaged_and_an_empty_one_is_not_begun(tmp_path):
    store = tmp_path / "s.db"
    store.write_bytes(b"")
    assert damaged(store) == []
    store.write_bytes(b"no database" * 1000)
    assert len(damaged(store)) == 1
