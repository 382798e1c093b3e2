"""Distributions are drawn from what was counted: bins, shares, tails and percentiles."""

import pytest

from simslab.base.errors import UserError
from simslab.report.canvas import LINES, house_style
from simslab.report.plot.distributions import MOST_PANELS, MOST_ROWS, draw_distribution
from simslab.report.plot.options import Options
from simslab.report.plot.series import Panel, Series
from simslab.result.latency import distribution

GHZ = 10**9  # cycles are nanoseconds


def series(label="", pairs=((10, 6), (20, 3), (400, 1))):
    return Series(label, distribution(pairs), GHZ)


def drawn(kind, *panels, **options):
    with house_style():
        return draw_distribution(kind, "title", panels, Options(**options))


def test_a_cumulative_share_rises_to_one():
    assert drawn("cdf", Panel("p", (series("s"),))).rows == (
        ("p", "s", 10.0, 6, 0.6),
        ("p", "s", 20.0, 3, 0.9),
        ("p", "s", 400.0, 1, 1.0),
    )


def test_a_tail_begins_at_one_and_ends_at_the_share_of_the_longest():
    rows = drawn("ccdf", Panel("p", (series("s"),))).rows
    assert [row[2:] for row in rows] == [(10.0, 6, 1.0), (20.0, 3, 0.4), (400.0, 1, 0.1)]


def test_each_latency_lies_in_its_bin():
    rows = drawn("histogram", Panel("p", (series("s"),))).rows
    assert [(count, share) for *_, count, share in rows] == [(6, 0.6), (3, 0.3), (1, 0.1)]
    for (_, _, low, high, *_), value in zip(rows, (10, 20, 400), strict=True):
        assert low <= value < high
        assert high / low == pytest.approx(10 ** (1 / 20), rel=1e-3)


def test_bins_of_a_linear_axis_are_equally_wide_from_0_on():
    rows = drawn("histogram", Panel("p", (series("s"),)), x_scale="linear").rows
    assert [high - low for _, _, low, high, *_ in rows] == pytest.approx([400 / 60] * 3, abs=1e-5)
    assert sum(row[4] for row in rows) == 10


@pytest.mark.parametrize("pairs", [((10, 6), (20, 3), (400, 1)), ((10, 6),)])
def test_every_bar_stands_on_a_logarithmic_axis_that_ends_near_the_largest_share(pairs):
    figure = drawn("histogram", Panel("p", (series("s", pairs),)))
    shares = [row[-1] for row in figure.rows]
    bottom, top = figure.figure.axes[0].get_ylim()
    assert 0.5 * min(shares) < bottom < min(shares)
    assert max(shares) < top < 1.5 * max(shares)


def test_percentiles_are_latencies_that_occurred():
    figure = drawn("percentiles", Panel("p", (series("s"),)))
    assert figure.columns == ("panel", "series", "operations", "percentile", "ns")
    assert {row[3]: row[4] for row in figure.rows} == {"p50": 10, "p90": 20, "p99": 400, "p99.9": 400, "max": 400}
    assert [text.get_text() for text in figure.figure.axes[0].get_yticklabels()] == ["s"]


def test_paths_of_a_histogram_get_a_panel_each():
    figure = drawn("histogram", Panel("free", (series("hit"), series("alien"))))
    assert [row[0] for row in figure.rows[::3]] == ["free hit", "free alien"]
    assert len(figure.figure.axes) == 2


def test_arms_of_a_histogram_stay_in_one_panel():
    arms = (series("base"), series("far"))
    figure = drawn("histogram", Panel("alloc", arms, of_arms=True), Panel("free", arms, of_arms=True))
    assert [axes.get_title(loc="left") or axes.get_title() for axes in figure.figure.axes][1] == "free"
    assert len(figure.figure.axes) == 2
    assert len(drawn("histogram", Panel("free", arms, of_arms=True)).figure.axes) == 1


def test_more_lines_than_have_looks_of_their_own_become_percentiles_and_it_is_told():
    many = tuple(series(str(number)) for number in range(len(LINES) + 1))
    figure = drawn("cdf", Panel("p", many))
    assert figure.columns[3] == "percentile"
    assert f"{len(many)} lines in one plot cannot be told apart" in figure.notes[0]


@pytest.mark.parametrize(
    ("kind", "count", "told"),
    [("cdf", MOST_PANELS + 1, "15 panels do not fit"), ("percentiles", MOST_ROWS + 1, "121 rows do not fit")],
)
def test_more_than_a_page_holds_is_refused(kind, count, told):
    with pytest.raises(UserError, match=told):
        drawn(kind, *(Panel(str(number), (series(),)) for number in range(count)))


def test_only_the_lowest_panel_names_the_time_axis():
    figure = drawn("cdf", Panel("a", (series("s"),)), Panel("b", (series("s"),)))
    assert [axes.get_xlabel() for axes in figure.figure.axes] == ["", "latency (ns)"]


def test_equal_legends_stand_once_and_none_where_none_is_wanted():
    panels = [Panel(name, (series("base"), series("far"))) for name in "ab"]
    assert [axes.get_legend() is not None for axes in drawn("cdf", *panels).figure.axes] == [True, False]
    assert [axes.get_legend() for axes in drawn("cdf", *panels, legend="none").figure.axes] == [None, None]


def test_shares_of_a_cumulative_plot_end_at_100_percent_of_a_linear_axis():
    axes = drawn("cdf", Panel("p", (series("s"),))).figure.axes[0]
    assert (axes.get_yscale(), axes.get_ylim()) == ("linear", (0, 1.02))
    assert axes.yaxis.get_major_formatter()(0.25, 0) == "25%"
    assert axes.get_xscale() == "log"


def test_equal_bins_divide_what_the_axis_shows_and_hold_what_lies_beyond():
    rows = drawn("histogram", Panel("p", (series("s"),)), x_scale="linear", x_limits=(None, 60.0)).rows
    assert all(high - low == pytest.approx(1.0) for _, _, low, high, *_ in rows if high <= 60)
    assert sum(row[4] for row in rows) == series("s").cycles.count


def test_an_axis_that_ends_before_all_latencies_leaves_none_out():
    rows = drawn("histogram", Panel("p", (series("s"),)), x_scale="linear", x_limits=(None, 1e-12)).rows
    assert sum(row[4] for row in rows) == 10


def test_an_axis_that_ends_before_0_is_refused():
    with pytest.raises(UserError, match="nothing to draw"):
        drawn("histogram", Panel("p", (series("s"),)), x_scale="linear", x_limits=(None, -5.0))
