from rich.text import Text

from simslab.report.tables import fixed, meanings_table, percent, plain_text, table, whole

ROWS = [["alloc", "hit", "1,000"], ["free", "a path with a long name", "7"]]


def test_text_stands_left_and_figures_right():
    told = plain_text([table("Title", ("operation", "path", "count"), ROWS, texts=2)]).splitlines()
    assert told == [
        "Title",
        "operation   path                      count",
        "-------------------------------------------",
        "alloc       hit                       1,000",
        "free        a path with a long name       7",
    ]


def test_the_last_column_of_text_is_folded_where_the_width_does_not_suffice():
    told = plain_text([table("Title", ("operation", "path", "count"), ROWS, texts=2)], width=34).splitlines()
    assert max(map(len, told)) <= 34
    assert [line.split() for line in told[-2:]] == [["free", "a", "path", "with", "a", "7"], ["long", "name"]]


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
