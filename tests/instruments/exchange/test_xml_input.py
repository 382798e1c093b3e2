"""Files of others are read without trusting them."""

import pytest

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


def test_utf_16_is_read_where_the_xml_says_so_and_told_where_it_does_not(file):
    text = '<?xml version="1.0" encoding="{}"?><a/>'
    file.write_text(text.format("UTF-16"), encoding="utf-16")
    assert read_xml(file, WHAT).tag == "a"
    file.write_text(text.format("UTF-8"), encoding="utf-16")
    with pytest.raises(UserError, match=f"text in UTF-16, as PowerShell writes it; expected UTF-8: {WHAT}"):
        read_xml(file, WHAT)
