import re

from simslab.report.page.tables_html import table_html
from simslab.report.tables import table


def test_figures_stand_to_the_right_and_parts_are_indented():
    text = table_html(table("T & t", ("path", "ns"), [["alloc", "1"], ["  hit <a>", "2"]], note="n"))
    assert "<h3>T &amp; t</h3>" in text
    assert "<th class=n tabindex=0>ns</th>" in text
    assert "<td>&emsp;hit &lt;a&gt;</td><td class=n>2</td>" in text
    assert "<p class=note>n</p>" in text


def test_columns_without_any_cell_are_left_out():
    text = table_html(table("T", ("arm", "low", "mean"), [["a", "", "1"], ["b", "", "2"]]))
    assert "low" not in text
    assert "<td>b</td><td class=n>2</td>" in text


def test_words_of_the_glossary_tell_their_meaning_under_the_pointer():
    text = table_html(table("T", ("cause", "cycles"), [["  irq_mask", "1"], ["irq_task", "2"]]))
    assert re.search('<td>&emsp;<abbr title="[^"]{20,}">irq_mask</abbr></td>', text)
    assert "<td>irq_task</td>" in text
