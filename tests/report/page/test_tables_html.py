from simslab.report.page.tables_html import table_html
from simslab.report.tables import table


def test_figures_stand_to_the_right_and_parts_are_indented():
    text = table_html(table("T & t", ("path", "ns"), [["alloc", "1"], ["  hit <a>", "2"]], note="n"))
    assert "<h3>T &amp; t</h3>" in text
    assert "<th class=n tabindex=0>ns</th>" in text
    assert "<td>&emsp;hit &lt;a&gt;</td><td class=n>2</td>" in text
    assert "<p class=note>n</p>" in text
