"""Differences with their intervals: a row each, hollow where they are noise."""

from dataclasses import replace

import pytest

from simslab.base.errors import UserError
from simslab.report.canvas import house_style
from simslab.report.plot.effects import draw_effects
from simslab.report.plot.options import Options


def drawn(table, **options):
    with house_style():
        return draw_effects(table, Options(**options))


def test_a_row_for_each_point_beside_the_base(points):
    figure = drawn(points({"a": ["1", "2", "3"]}))
    axes = figure.figure.axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a 2", "a 3"]
    assert [row[8] for row in figure.rows] == [10.0, 20.0]


def test_long_names_are_folded_behind_commas_and_rows_grow(points):
    axes = {"tunables.mixed.batchcount": ["1", "2"], "links.upi.latency": ["1 ns", "2 ns"], "core.ipc": ["1", "2"]}
    long, short = drawn(points(axes)).figure, drawn(points(axes), width=7.0).figure
    names = [text.get_text() for text in long.axes[0].get_yticklabels()]
    assert names[0] == "mixed.batchcount 1,\nupi.latency 1 ns, core.ipc 2"
    assert [name.replace("\n", " ") for name in names] == [t.get_text() for t in short.axes[0].get_yticklabels()]
    assert long.get_figheight() > short.get_figheight()


def test_a_difference_that_is_noise_is_hollow_and_its_interval_holds_0(points):
    axes = drawn(points({"a": ["1", "2", "3"]})).figure.axes[0]
    marks = [line for line in axes.get_lines() if line.get_marker() == "o"]
    assert [mark.get_markerfacecolor() for mark in marks] == ["white", "#222222"]
    whiskers = [list(line.get_xdata()) for line in axes.get_lines() if line.get_marker() == "|"]
    assert whiskers == [[-10.0, 13.0], [17.0, 23.0]]


def test_a_single_point_has_nothing_to_compare(points):
    with pytest.raises(UserError, match="nothing to compare"):
        drawn(points({"a": ["1"]}))


def test_more_rows_than_a_page_holds_are_refused(points):
    with pytest.raises(UserError, match="121 rows do not fit"):
        drawn(points({"a": [str(number) for number in range(122)]}))


def sized(points, *factors):
    """A table of metrics whose differences are so many times those of the first."""
    table = points({"a": ["1", "2", "3"]}, [f"m{number}" for number in range(len(factors))])
    grown = [
        replace(
            metric,
            rows=tuple(
                row if row.difference is None else replace(row, difference=row.difference * factor)
                for row in metric.rows
            ),
        )
        for metric, factor in zip(table.metrics, factors, strict=True)
    ]
    return replace(table, metrics=tuple(grown))


def test_metrics_of_unlike_size_have_a_scale_each_and_others_one(points):
    near, far = drawn(sized(points, 1, 3)).figure.axes, drawn(sized(points, 1, 100)).figure.axes
    assert near[0].get_xlim() == near[1].get_xlim()
    assert far[0].get_xlim()[1] < 50 < 1000 < far[1].get_xlim()[1]
