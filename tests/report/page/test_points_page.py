"""The page of a sweep: inputs, what may be claimed, figures and a table for each metric, in one file."""

import re

import pytest

from simslab.report.comparison.sweep_text import MetricTable, PointRow, SweepTable
from simslab.report.page.page import page_html
from simslab.report.page.points_page import COLUMNS, DRAWN
from simslab.report.plot.sources import Sources


def table(metrics=("latency.p99", "throughput")):
    points = [{"limit": limit, "nodes": nodes} for limit in ("30", "60") for nodes in ("2", "4")]
    rows = [PointRow("limit=30, nodes=2", 3, 100.0, 95.0, 105.0, parameters=points[0])]
    rows += [PointRow(str(p), 3, 110.0, 100.0, 120.0, 100.0, 10.0, 5.0, 15.0, False, p) for p in points[1:]]
    made = tuple(MetricTable(name, "ns", "lower", tuple(rows)) for name in metrics)
    return SweepTable(
        "two-socket", "mixed", ("scale=0.1",), "limit=30, nodes=2", "", made, ("best is <one>",), ("a note",)
    )


@pytest.fixture(scope="module")
def page():
    return page_html(Sources(tables=(table(),)), [("simslab", "0.1.0"), ("cells", "12, 0 failed")])


def test_it_tells_how_it_was_made_and_what_may_be_claimed(page):
    for text in ("<h1>mixed on two-socket</h1>", "12, 0 failed", "scale=0.1", "best is &lt;one&gt;", "a note"):
        assert text in page


def test_each_claim_stands_for_itself_and_in_ink_that_is_not_faint(page):
    assert "<ul><li>best is &lt;one&gt;</li>" in page
    assert "<li>a note</li></ul>" in page


def test_every_metric_has_three_figures_and_a_table(page):
    assert page.count("<svg") == 6
    assert page.count("<caption") == 0
    assert re.findall(r"<h3>([^<]+)</h3>", page)[1:] == [
        "latency.p99 (ns), lower is better", "throughput (ns), lower is better",
    ]  # fmt: skip
    assert (
        page.count(
            "".join(f"<th{'' if i < 2 else ' class=n'} tabindex=0>{name}</th>" for i, name in enumerate(COLUMNS))
        )
        == 2
    )


def test_nothing_is_loaded_from_anywhere(page):
    links = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert links
    assert all(link.startswith(("#", "data:")) for link in links)


def test_many_metrics_have_tables_but_not_all_have_figures():
    page = page_html(Sources(tables=(table([f"m{number}" for number in range(9)]),)))
    assert page.count("<svg") == 3 * DRAWN
    assert page.count("<table>") == 1 + 9
