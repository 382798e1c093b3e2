"""What can be read only once is copied once; what lasts is read where it is."""

import os
import resource
import signal
import threading
from pathlib import Path

import pytest

from simslab.base.documents.copies import HEAD, Copies
from simslab.base.errors import UserError

ALL = Copies(lambda path, file: -1)


def written(pipe, data):
    """Begin to write into a new pipe, for whoever reads it first."""
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(data,))
    writer.start()
    return writer


def test_a_file_that_lasts_is_read_where_it_is(tmp_path):
    (tmp_path / "a").write_text("a")
    assert ALL.readable(tmp_path / "a") == tmp_path / "a"
    assert ALL.names() == {}


@pytest.mark.parametrize("name", ["missing", "a\0b", "x" * 5000, "."])
def test_what_cannot_be_copied_is_left_to_who_reads_it(tmp_path, name):
    assert ALL.readable(tmp_path / name) == tmp_path / name


def test_a_pipe_is_read_once_and_its_copy_as_often_as_one_likes(tmp_path):
    pipe = tmp_path / "pipe"
    writer = written(pipe, b"x" * (3 * HEAD + 1))
    kept = Copies(lambda path, file: -1)
    copy = kept.readable(pipe)
    writer.join()
    assert copy.read_bytes() == kept.readable(pipe).read_bytes() == b"x" * (3 * HEAD + 1)
    assert (copy.name, kept.names()) == ("pipe", {str(copy): str(pipe)})


@pytest.mark.parametrize("most", [0, HEAD + 5, 2 * HEAD, 9 * HEAD])
def test_no_more_is_copied_than_is_wanted_after_the_beginning(most):
    seen = []

    def wanted(path, file):
        seen.append((str(path), file.stat().st_size))
        return most

    assert Copies(wanted).readable(Path("/dev/zero")).stat().st_size == max(HEAD, most)
    assert seen == [("/dev/zero", HEAD)]


def test_a_stream_of_this_process_is_copied_even_where_it_is_a_file(tmp_path):
    (tmp_path / "a").write_text("lasts")
    with (tmp_path / "a").open() as file:
        stream = Path(f"/dev/fd/{file.fileno()}")
        copy = Copies(lambda path, file: -1).readable(stream)
    assert copy != stream
    assert copy.read_text() == "lasts"


def test_a_pipe_without_an_end_is_refused_and_leaves_nothing_behind():
    seen = []
    endless = Copies(lambda path, file: seen.append(file) or -1, most=4 * HEAD)
    with pytest.raises(UserError, match="/dev/zero: more than 1 MiB through a pipe; expected a part"):
        endless.readable(Path("/dev/zero"))
    assert seen[0].stat().st_size == 0


def test_a_pipe_that_ends_with_the_most_that_is_kept_is_taken(tmp_path):
    writer = written(tmp_path / "pipe", b"x" * (2 * HEAD))
    assert Copies(lambda path, file: -1, most=2 * HEAD).readable(tmp_path / "pipe").stat().st_size == 2 * HEAD
    writer.join()


def test_a_copy_for_which_there_is_no_room_is_told_and_not_read_from_where_it_began(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * HEAD, before[1]))
    try:
        with pytest.raises(UserError, match=r"cannot be copied to .*: File too large; expected room"):
            ALL.readable(Path("/dev/zero"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
