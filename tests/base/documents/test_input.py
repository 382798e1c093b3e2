import pytest

from simslab.base.documents.input import read_bytes, read_json, read_text, writable
from simslab.base.errors import UserError


def told(read, *arguments):
    with pytest.raises(UserError) as caught:
        read(*arguments)
    return str(caught.value)


def test_a_file_without_end_is_refused_after_what_it_may_have():
    assert told(read_bytes, "/dev/zero", "a table", 3 << 20) == "/dev/zero: is larger than 3 MiB; expected a table"


def test_what_is_not_there_is_one_message(tmp_path):
    assert told(read_text, tmp_path / "a") == f"{tmp_path / 'a'}: cannot be read: No such file or directory"
    assert "Is a directory" in told(read_text, tmp_path)
    assert "null" in told(read_text, "a\0b")


def test_a_byte_order_mark_is_no_text(tmp_path):
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfmachine\n")
    assert read_text(tmp_path / "a") == "machine\n"


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "a").write_bytes(b"\xff\xff")
    assert told(read_text, tmp_path / "a") == f"{tmp_path / 'a'}: is not UTF-8 text; expected UTF-8"


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_text_in_utf_16_is_told_as_such(tmp_path, mark):
    (tmp_path / "a").write_bytes(mark + b"a\0")
    message = "a: text in UTF-16, as PowerShell writes it; expected UTF-8: a table"
    assert told(read_text, tmp_path / "a", "a table").endswith(message)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "9" * 5000])
def test_what_is_no_json_is_refused(tmp_path, text):
    (tmp_path / "a").write_text(text)
    assert told(read_json, tmp_path / "a").endswith("is no JSON")


def test_half_a_character_is_refused_and_a_whole_one_is_read(tmp_path):
    (tmp_path / "a").write_text(r'{"a": ["\udcff"]}')
    assert told(read_json, tmp_path / "a").endswith("contains half a character (a surrogate)")
    (tmp_path / "a").write_text(r'{"a": ["\ud83d\ude00"]}')
    assert read_json(tmp_path / "a") == {"a": ["\U0001f600"]}


def test_a_file_may_have_the_largest_size_and_no_more(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"x" * (1 << 20))
    assert len(read_bytes(file, most=1 << 20)) == 1 << 20
    file.write_bytes(b"x" * ((1 << 20) + 1))
    with pytest.raises(UserError, match="is larger than 1 MiB"):
        read_bytes(file, most=1 << 20)


def test_a_name_that_cannot_be_is_told_with_what_was_expected(tmp_path):
    with pytest.raises(UserError, match="cannot be read") as error:
        read_bytes(tmp_path / "a\0b", "a file of something")
    (problem,) = error.value.problems
    assert (problem.file, problem.expected) == (str(tmp_path / "a\0b"), "a file of something")


@pytest.mark.parametrize(
    ("name", "written"),
    [("ü", "ü"), ("\udcc3\udcbc", "ü"), ("l\udcfc", "l\\xfc"), ("\ud800l\udcfc", "\\ud800l\\udcfc")],
)
def test_a_name_is_written_as_utf_8_whatever_its_bytes(name, written):
    assert writable(name) == written
