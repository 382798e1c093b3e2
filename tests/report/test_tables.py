"""Tables fold texts, then stack: nothing in them is cut."""

import io

import pytest
from rich.console import Console
from rich.text import Text

from simslab.report.tables import fixed, meanings_table, percent, plain_text, print_parts, share, table, whole

HEADS = ("site", "taken", "wait total", "hold max")
ROWS = [["cache_alloc_refill", "292", "1,234,567", "18,959.9"], ["___cache_free", "7", "0", "+19,633,482"]]


def terminal(part, width):
    shown = io.StringIO()
    print_parts([part], Console(file=shown, width=width, force_terminal=True, color_system=None))
    return [line.rstrip() for line in shown.getvalue().splitlines()]


def test_a_table_that_fits_is_one_block():
    assert terminal(table("Locks", HEADS, ROWS), 60) == [
        "Locks",
        "site                 taken   wait total      hold max",
        "-----------------------------------------------------",
        "cache_alloc_refill     292    1,234,567      18,959.9",
        "___cache_free            7            0   +19,633,482",
        "",
    ]


def test_columns_go_below_each_other_with_the_names_again():
    assert terminal(table("Locks", HEADS, ROWS, note="Times in ns."), 40) == [
        "Locks",
        "site                 taken   wait total",
        "---------------------------------------",
        "cache_alloc_refill     292    1,234,567",
        "___cache_free            7            0",
        "",
        "site                    hold max",
        "--------------------------------",
        "cache_alloc_refill      18,959.9",
        "___cache_free        +19,633,482",
        "Times in ns.",
        "",
    ]


def test_a_terminal_narrower_than_a_name_and_a_figure_gets_a_line_for_each_cell():
    lines = terminal(table("Locks", HEADS, ROWS), 25)
    assert lines[1:5] == ["site: cache_alloc_refill", "taken: 292", "wait total: 1,234,567", "hold max: 18,959.9"]


def test_text_is_folded_at_spaces_only():
    part = table("t", ("path", "causes", "ns"), [["hit", "lock_wait 39.6%, store_buffer 19.3%", "1.5"]], texts=2)
    assert terminal(part, 34)[3:5] == ["hit    lock_wait 39.6%,        1.5", "       store_buffer 19.3%"]
    assert terminal(part, 50)[3].endswith("lock_wait 39.6%, store_buffer 19.3%   1.5")


def test_meanings_are_folded_and_figures_stay_to_the_right():
    part = meanings_table("Events", ("event", "count", "meaning"), [["settles", "7", "times that a CPU let others go"]])
    assert terminal(part, 36)[3:5] == ["settles       7   times that a CPU", "                  let others go"]


@pytest.mark.parametrize("columns", ["20", "80", "300"])
def test_piped_text_is_complete_at_any_columns(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    wide = table("Locks", HEADS * 8, [row * 8 for row in ROWS])
    piped = io.StringIO()
    print_parts([wide], Console(file=piped))
    assert piped.getvalue() == plain_text([wide])
    assert [line.split() for line in piped.getvalue().splitlines()[3:]] == [row * 8 for row in ROWS]


def test_wide_letters_take_two_places():
    lines = terminal(table("t", ("arm", "ns"), [["大きい", "1"], ["small", "22"]]), 40)
    assert lines[3:5] == ["大きい          1", "small          22"]


PATH_ROWS = [["alloc", "hit", "1,000"], ["free", "a path with a long name", "7"]]


def test_text_stands_left_and_figures_right():
    told = plain_text([table("Title", ("operation", "path", "count"), PATH_ROWS, texts=2)]).splitlines()
    assert told == [
        "Title",
        "operation   path                      count",
        "-------------------------------------------",
        "alloc       hit                       1,000",
        "free        a path with a long name       7",
    ]


def test_a_note_stands_below_its_table():
    assert plain_text([table("Title", ("a", "b"), [["x", "1"]], note="What it means.")]).endswith("What it means.\n")


def test_meanings_are_folded_and_names_and_figures_are_not():
    means = meanings_table("Events", ("event", "count", "meaning"), [["packets_dropped", "3", "word " * 30]])
    told = plain_text([means], width=60).splitlines()
    assert told[3].split()[:3] == ["packets_dropped", "3", "word"]
    assert all(line.startswith(" " * 20) for line in told[4:])
    assert " ".join(told[3:]).split().count("word") == 30
    assert max(map(len, told)) <= 60


def test_parts_are_separated_by_a_blank_line_and_lines_end_without_spaces():
    assert plain_text([Text("one  "), Text("two")]) == "one\n\ntwo\n"


def test_brackets_in_names_are_text():
    assert "[red]x" in plain_text([table("Title", ("name", "count"), [["[red]x", "1"]])])


def test_numbers_have_their_thousands_apart():
    assert (whole(1234567), fixed(1234.56), fixed(0.126, 2)) == ("1,234,567", "1,234.6", "0.13")


def test_a_share_of_nothing_is_a_dash():
    assert (percent(1, 3), percent(0, 5), percent(0, 0)) == ("33.3%", "0.0%", "-")


@pytest.mark.parametrize(
    ("count", "text"), [(1000, "100.0%"), (255, "25.5%"), (1, "0.1%"), (0.999, "0.1%"), (0.0125, "0.0013%"), (0, "0%")]
)
def test_a_small_share_keeps_two_digits(count, text):
    assert share(count, 1000) == text


def test_names_cannot_command_a_terminal():
    parts = [Text("run on \x1b]0;pwn\x07 [red]x[/] {y}")]
    stream = io.StringIO()
    print_parts(parts, Console(file=stream, force_terminal=True, color_system=None))
    for shown in (plain_text(parts), stream.getvalue()):
        assert "run on \\x1b]0;pwn [red]x[/] {y}" in shown  # rich itself drops the bell
        assert "\x07" not in shown
