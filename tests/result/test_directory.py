import errno
import json
import os
from pathlib import Path

import pytest

from simslab.base.errors import UserError
from simslab.base.output import write_file
from simslab.result.directory import check_replaceable, result_directory
from simslab.result.manifest import FORMAT


def write(path, content):
    with result_directory(path) as directory:
        (directory / "result.json").write_text(content)
        (directory / "manifest.json").write_text(json.dumps({"format": FORMAT, "files": ["result.json"]}))


def test_the_directory_appears_whole(tmp_path):
    write(tmp_path / "a" / "out", "one")
    assert sorted(file.name for file in (tmp_path / "a" / "out").iterdir()) == ["manifest.json", "result.json"]


def test_a_failure_leaves_nothing(tmp_path):
    with pytest.raises(TypeError):
        write(tmp_path / "out", None)
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_result_is_replaced(tmp_path):
    write(tmp_path / "out", "one")
    write(tmp_path / "out", "two")
    assert (tmp_path / "out" / "result.json").read_text() == "two"
    assert len(list(tmp_path.iterdir())) == 1


def test_an_empty_directory_is_used(tmp_path):
    (tmp_path / "out").mkdir()
    write(tmp_path / "out", "one")
    assert (tmp_path / "out" / "result.json").exists()


def test_a_directory_of_something_else_is_kept(tmp_path):
    (tmp_path / "thesis.tex").write_text("years")
    with pytest.raises(UserError, match="not a simslab result directory"):
        write(tmp_path, "one")
    assert (tmp_path / "thesis.tex").read_text() == "years"


def test_a_result_with_notes_beside_it_is_kept(tmp_path):
    write(tmp_path / "out", "one")
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match=r"holds 'notes\.txt'"):
        write(tmp_path / "out", "two")
    assert (tmp_path / "out" / "result.json").read_text() == "one"


def test_a_file_in_the_way_is_kept(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UserError, match="not a directory"):
        write(tmp_path / "out", "one")


def test_a_result_that_cannot_be_put_in_place_leaves_the_earlier_one(tmp_path, monkeypatch):
    write(tmp_path / "out", "one")
    rename = type(tmp_path).rename

    def refuse(path, target):
        if path.name.startswith(".out.") and target == tmp_path / "out":
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(type(tmp_path), "rename", refuse)
    with pytest.raises(UserError, match="cannot be written: No space left"):
        write(tmp_path / "out", "two")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out" / "result.json").read_text() == "one"


def test_an_earlier_result_that_cannot_be_moved_away_stays_and_nothing_beside_it(tmp_path, monkeypatch):
    write(tmp_path / "out", "one")
    rename = Path.rename

    def refuse(self, target):
        if self == tmp_path / "out":
            raise PermissionError(errno.EACCES, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(UserError, match="cannot be written: Permission denied"):
        write(tmp_path / "out", "two")
    assert (tmp_path / "out" / "result.json").read_text() == "one"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_a_name_too_long_is_told(tmp_path):
    with pytest.raises(UserError, match="File name too long"):
        write(tmp_path / ("x" * 300), "one")


def test_a_fault_while_writing_is_told_of_the_directory_that_was_asked_for(tmp_path):
    with pytest.raises(UserError) as caught, result_directory(tmp_path / "r") as work:
        write_file(work / "none" / "a.png", b"x")
    assert str(caught.value).startswith(f"{tmp_path / 'r'}/none/a.png: cannot be written: ")


@pytest.mark.parametrize("name", ["n" * 300, "a\0b", "file/r"])
def test_a_name_that_cannot_be_is_refused_before_the_work(tmp_path, name):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be created"):
        check_replaceable(tmp_path / name)


def test_a_folder_where_nothing_can_be_made_is_refused_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    with pytest.raises(UserError, match="cannot be created: Permission denied"):
        check_replaceable(tmp_path / "below" / "r")


def test_a_directory_that_could_not_be_moved_away_is_refused_before_the_work(tmp_path, monkeypatch):
    write(tmp_path / "r", "one")
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path / "r")
    with pytest.raises(UserError, match="cannot be replaced: Permission denied"):
        check_replaceable(tmp_path / "r")


def test_what_a_killed_process_left_goes_with_the_next_result(tmp_path):
    left, foreign = tmp_path / ".r.simslab-abcdefgh", tmp_path / ".r.abcdefgh"
    for folder in (left, foreign):
        folder.mkdir()
        (folder / "result.json").write_text("")
    write(tmp_path / "r", "1")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".r.abcdefgh", "r"]


def test_an_earlier_result_that_a_kill_left_aside_comes_back(tmp_path):
    write(tmp_path / "r", "1")
    aside = tmp_path / ".r.simslab-abcdefgh"
    aside.mkdir()
    (tmp_path / "r").rename(aside / "old")
    with pytest.raises(ZeroDivisionError), result_directory(tmp_path / "r"):
        1 / 0  # noqa: B018
    assert (tmp_path / "r" / "result.json").read_text() == "1"
    assert not aside.exists()


def test_what_another_process_is_writing_stays(tmp_path):
    with result_directory(tmp_path / "r") as first:
        (first / "a").write_text("1")
        write(tmp_path / "r", "2")
        assert (first / "a").read_text() == "1"


def test_the_root_of_all_folders_is_refused_like_any_other_that_holds_something():
    with pytest.raises(UserError, match=r"^/: exists and is not a simslab result directory"):
        check_replaceable("/")
