import gzip

import pytest

from simslab.base.errors import UserError
from simslab.workload.trace import trace_text
from simslab.workload.trace.trace_text import first_bytes, text_pieces

LINES = b"".join(b"line %d\n" % i for i in range(1000))


def whole(path):
    """The lines of all pieces."""
    return b"".join(text[:end] for text, end in text_pieces(path))


@pytest.fixture(params=[64, 1000, 1 << 20])
def piece(request, monkeypatch):
    monkeypatch.setattr(trace_text, "PIECE", request.param)


@pytest.mark.parametrize("end", [b"", b"a last line"])
def test_pieces_end_at_line_ends(tmp_path, piece, end):
    path = tmp_path / "t"
    path.write_bytes(LINES + end)
    pieces = list(text_pieces(path))
    assert whole(path) == LINES + end
    assert all(text[at - 1 : at] == b"\n" for text, at in pieces[:-1])
    assert pieces[-1][0][: pieces[-1][1]].endswith(end or b"\n")


def test_gzip_members_and_padding_are_one_text(tmp_path, piece):
    path = tmp_path / "t.gz"
    path.write_bytes(gzip.compress(LINES) + gzip.compress(b"") + gzip.compress(LINES) + bytes(512))
    assert whole(path) == 2 * LINES


def test_rubbish_behind_gzip_data_is_told(tmp_path):
    path = tmp_path / "t.gz"
    path.write_bytes(gzip.compress(LINES) + b"rubbish")
    with pytest.raises(UserError, match="damaged gzip"):
        whole(path)


def test_gzip_data_that_expands_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(trace_text, "EXPANDED", 1 << 20)
    path = tmp_path / "t.gz"
    path.write_bytes(gzip.compress(b"a line like any other\n" * (1 << 17)))
    with pytest.raises(UserError, match="expands more than 200-fold"):
        whole(path)


def test_a_line_without_end_is_refused(tmp_path):
    path = tmp_path / "t"
    path.write_bytes(b"x" * (3 << 20))
    with pytest.raises(UserError, match="2 MiB"):
        whole(path)


def test_text_in_utf_16_is_told_as_such(tmp_path):
    path = tmp_path / "t"
    path.write_bytes("# tracer: nop\n".encode("utf-16"))
    with pytest.raises(UserError, match="text in UTF-16, as PowerShell writes it; expected UTF-8: ftrace text"):
        whole(path)


def test_a_device_without_end_is_refused_at_once():
    with pytest.raises(UserError, match="not a text file"):
        whole(trace_text.Path("/dev/zero"))


@pytest.mark.parametrize("data", [b"\x17\x08\x44tracing6\0", b"PERFILE2\0", b"2ELIFREP\0"])
def test_binary_recordings_are_named(tmp_path, data):
    path = tmp_path / "t"
    path.write_bytes(data)
    with pytest.raises(UserError, match="binary"):
        whole(path)
    assert trace_text.is_recording(first_bytes(path))


@pytest.mark.parametrize(("data", "what"), [(b"\xfd7zXZ\0\0", "xz"), (b"BZh9", "bzip2"), (b"\x28\xb5\x2f\xfd", "zstd")])
def test_other_packing_is_named(tmp_path, data, what):
    path = tmp_path / "t"
    path.write_bytes(data)
    with pytest.raises(UserError, match=f"packed with {what}"):
        whole(path)


def test_packed_text_is_recognised_too(tmp_path):
    (tmp_path / "t").write_bytes(gzip.compress(LINES))
    assert first_bytes(tmp_path / "t") == LINES
    (tmp_path / "t").write_bytes(gzip.compress(LINES)[:9])
    assert first_bytes(tmp_path / "t") == gzip.compress(LINES)[:9]


def test_the_first_bytes_of_what_cannot_be_read_are_none(tmp_path):
    assert first_bytes(tmp_path) == first_bytes(tmp_path / "none") == first_bytes(trace_text.Path("/dev/zero")) == b""
