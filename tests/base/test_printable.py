import pytest

from simslab.base.printable import csv_cell, one_line, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;pwn\x07", "\\x1b]0;pwn\\x07"),
        ("a\x9b31mb", "a\\x9b31mb"),
        ("a\u202eb", "a\\u202eb"),
        ("a\rb\x7f", "a\\x0db\\x7f"),
        ("lone \udcff", "lone \\udcff"),
    ],
)
def test_what_a_terminal_would_obey_becomes_visible(text, shown):
    assert printable(text) == shown


@pytest.mark.parametrize("text", ["", "tab\tand line\n", "Größe, мера, 尺寸, İ, 😀", "[bold]{x}$y$<b>"])
def test_other_text_stays_as_it_is(text):
    assert printable(text) == text


def test_one_line_has_no_line_ends():
    assert one_line("a\r\nb\x85c\u2028d\x1be") == "a b c d\\x1be"


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-1+1", "\t=1"])
def test_what_begins_as_a_formula_is_text_in_a_spreadsheet(text):
    assert csv_cell(text) == "'" + text


@pytest.mark.parametrize("value", ["-5", "+20 ns", "1e-9", "a=b", "", "kmalloc-64", 3, -1.5, None, "-"])
def test_numbers_and_plain_text_stay(value):
    assert csv_cell(value) == value
