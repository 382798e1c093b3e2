import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from simslab.base.errors import UserError
from simslab.base.output import check_new, check_writable, write_file


def test_a_file_is_written_whole_and_nothing_else_is_left(tmp_path):
    file = tmp_path / "a.yaml"
    write_file(file, "one\n")
    write_file(file, b"two\n")
    assert file.read_bytes() == b"two\n"
    assert os.listdir(tmp_path) == ["a.yaml"]


def test_a_new_file_has_the_rights_of_new_files_and_a_replaced_one_keeps_its_own(tmp_path):
    file, plain = tmp_path / "a", tmp_path / "plain"
    plain.write_text("")
    write_file(file, "")
    assert stat.S_IMODE(file.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    file.chmod(0o640)
    write_file(file, "x")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_links_under_names_that_were_used_for_temporary_files_are_left_alone(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    for name in (".f.yaml.part", f".f.yaml.{os.getpid()}"):
        (tmp_path / name).symlink_to(victim)
    write_file(tmp_path / "f.yaml", "x")
    assert victim.read_text() == "mine"
    assert not (tmp_path / "f.yaml").is_symlink()


def test_a_link_is_not_followed(tmp_path):
    victim, link = tmp_path / "victim", tmp_path / "link"
    victim.write_text("mine")
    link.symlink_to(victim)
    with pytest.raises(UserError, match="is a symbolic link, which is not followed"):
        write_file(link, "x")
    assert victim.read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "is no name of a file"),
        (".", "is no name of a file"),
        ("folder", "is a directory"),
        ("no/file", "No such file or directory"),
        ("file/x", "Not a directory"),
        ("a\0b", "embedded null"),
        ("x" * 300, "File name too long"),
    ],
)
def test_a_name_that_cannot_be_written_is_refused_before_the_work(name, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=said):
        check_writable(Path(name))
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


def test_a_file_that_would_be_lost_is_refused_unless_forced(tmp_path):
    file = tmp_path / "a.yaml"
    check_new(file)
    file.write_text("mine")
    with pytest.raises(UserError, match="is there already; expected a new name, or --force"):
        check_new(file)
    check_new(file, force=True)


@pytest.mark.parametrize("force", [False, True])
def test_a_new_name_must_be_one_that_can_be_written(tmp_path, force):
    with pytest.raises(UserError, match="is a directory"):
        check_new(tmp_path, force)
    check_new(Path("/dev/null"), force)


def test_a_fifo_is_written_through(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    read = []
    reader = threading.Thread(target=lambda: read.append(fifo.read_text()))
    reader.start()
    write_file(fifo, "x")
    reader.join(10)
    assert read == ["x"]
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_a_device_is_written_through_and_a_full_one_is_told():
    write_file(Path("/dev/null"), "x")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    with pytest.raises(UserError, match="No space left on device"):
        write_file(Path("/dev/full"), "x")


STREAM = """
import sys
from pathlib import Path
from simslab.base.output import write_file
print("before")
write_file(Path(sys.argv[1]), "written\\n")
print("after")
"""


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_keeps_its_place_when_it_is_a_file(name, tmp_path):
    before = os.readlink("/dev/stdout")
    with open(tmp_path / "out", "wb") as out:
        subprocess.run([sys.executable, "-c", STREAM, name], stdout=out, check=True, timeout=60)
    assert (tmp_path / "out").read_text() == "before\nwritten\nafter\n"
    assert os.readlink("/dev/stdout") == before
