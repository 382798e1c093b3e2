"""Files of others are read without trusting them."""

import pytest

from simslab.base.documents.input import read_bytes, read_text
from simslab.base.errors import UserError
from simslab.instruments.exchange.xml_input import read_xml

WHAT = "a file of something"
BOMB = '<!DOCTYPE a [<!ENTITY x "xxxx"><!ENTITY y "&x;&x;">]><a>&y;</a>'


@pytest.fixture
def file(tmp_path):
    return tmp_path / "input"


def told(error):
    (problem,) = error.value.problems
    return problem


def test_text_is_read_without_its_byte_order_mark(file):
    file.write_bytes(b"\xef\xbb\xbfhello")
    assert read_text(file, WHAT) == "hello"


def test_what_is_no_text_is_refused(file):
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="is not UTF-8 text") as error:
        read_text(file, WHAT)
    assert told(error).expected == WHAT


@pytest.mark.parametrize("name", ["missing", "a\0b"])
def test_a_file_that_cannot_be_read_is_told(tmp_path, name):
    with pytest.raises(UserError, match="cannot be read") as error:
        read_bytes(tmp_path / name, WHAT)
    assert told(error).file == str(tmp_path / name)


def test_a_file_may_have_the_largest_size_and_no_more(file):
    file.write_bytes(b"x" * (1 << 20))
    assert len(read_bytes(file, WHAT, 1 << 20)) == 1 << 20
    file.write_bytes(b"x" * ((1 << 20) + 1))
    with pytest.raises(UserError, match="is larger than 1 MiB"):
        read_bytes(file, WHAT, 1 << 20)


def test_malformed_xml_is_told_with_its_place(file):
    file.write_text("<a>\n  <b></a>")
    with pytest.raises(UserError, match="is not well-formed XML: mismatched tag") as error:
        read_xml(file, WHAT)
    assert (told(error).line, told(error).column) == (2, 8)


@pytest.mark.parametrize("text", [BOMB, '<!DOCTYPE a SYSTEM "file:///etc/passwd" [<!ENTITY e SYSTEM "x">]><a>&e;</a>'])
def test_entities_are_refused(file, text):
    file.write_text(text)
    with pytest.raises(UserError, match="holds XML entities"):
        read_xml(file, WHAT)


def test_an_unknown_encoding_is_told(file):
    file.write_text('<?xml version="1.0" encoding="klingon"?><a/>')
    with pytest.raises(UserError, match=r"is not (well-formed )?XML"):
        read_xml(file, WHAT)


def test_the_root_of_good_xml_is_returned(file):
    file.write_text("<a><b/></a>")
    assert [child.tag for child in read_xml(file, WHAT)] == ["b"]
