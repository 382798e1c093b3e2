"""Sweeps as lines and heat maps: what stands in them, and what is refused."""

from dataclasses import replace
from itertools import pairwise

import pytest

from simslab.base.errors import UserError
from simslab.report.canvas import house_style, settle_layout
from simslab.report.comparison.sweep_text import LEVELLED
from simslab.report.plot.options import Options
from simslab.report.plot.sweeps import amount, draw_bars, draw_heat_map, draw_lines

AXES = {"tunables.mixed.limit": ["30", "60", "120"], "nodes": ["2", "4"]}


def drawn(draw, table, **options):
    with house_style():
        return draw(table, Options(**options))


def test_a_line_for_each_value_goes_through_the_means(points):
    figure = drawn(draw_lines, points(AXES)).figure
    lines = figure.axes[0].get_lines()
    assert [line.get_label() for line in lines] == ["nodes 2", "nodes 4"]
    assert [(list(line.get_xdata()), list(line.get_ydata())) for line in lines] == [
        ([30.0, 60.0, 120.0], [100.0, 120.0, 140.0]),
        ([30.0, 60.0, 120.0], [110.0, 130.0, 150.0]),
    ]


def test_a_band_holds_each_interval(points):
    (band,) = drawn(draw_lines, points({"limit": ["30", "60"]})).figure.axes[0].collections
    corners = {tuple(map(float, corner)) for corner in band.get_paths()[0].vertices}
    assert {(30.0, 95.0), (30.0, 105.0), (60.0, 105.0), (60.0, 115.0)} <= corners


def test_points_that_leave_a_parameter_alone_are_a_line_too(with_orders):
    lines = drawn(draw_lines, with_orders, y="slub_min_order").figure.axes[0].get_lines()
    assert [(line.get_label(), len(line.get_xdata())) for line in lines] == [
        ("kernel.slub_min_order not set", 2),
        ("kernel.slub_min_order 0", 2),
        ("kernel.slub_min_order 2", 2),
    ]


def test_ticks_name_the_values_themselves(points):
    axes = drawn(draw_lines, points(AXES)).figure.axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["30", "60", "120"]


def test_no_two_lines_look_alike_and_more_than_can_be_told_apart_are_refused(points):
    eight = drawn(draw_lines, points({"a": list("123456789"), "b": list("12345678")}))
    looks = {(line.get_color(), line.get_linestyle(), line.get_marker()) for line in eight.figure.axes[0].get_lines()}
    assert len(looks) == 8
    with pytest.raises(UserError, match=r"9 lines .b. cannot be told apart .* expected --kind heat-map"):
        drawn(draw_lines, points({"a": list("1234567890"), "b": list("123456789")}))


def test_the_cells_of_a_heat_map_hold_mean_and_difference(points):
    figure = drawn(draw_heat_map, points(AXES), width=7.0)
    texts = {(text.get_position(), text.get_text()) for text in figure.figure.axes[0].texts}
    assert ((0, 0), "100") in texts
    assert ((1, 0), "120\n+20%") in texts
    assert ((0, 1), "110\nnoise") in texts
    assert figure.notes == (
        "base (differences in %, 'noise' where the interval holds 0): tunables.mixed.limit=30, nodes=2",
    )


def test_bars_of_the_same_value_stand_side_by_side_as_high_as_the_means(points):
    axes = drawn(draw_bars, points(AXES)).figure.axes[0]
    four, eight = (group.patches for group in axes.containers if hasattr(group, "patches") and group.patches)
    assert [bar.get_height() for bar in four] == [100.0, 120.0, 140.0]
    assert [bar.get_height() for bar in eight] == [110.0, 130.0, 150.0]
    for place, (left, right) in enumerate(zip(four, eight, strict=True)):
        assert place - 0.4 <= left.get_x() < left.get_x() + left.get_width() < right.get_x() < place + 0.4


def test_every_bar_has_its_interval(points):
    axes = drawn(draw_bars, points({"limit": ["30", "60"]})).figure.axes[0]
    (lines,) = (group for group in axes.containers if not getattr(group, "patches", ()))
    (ends,) = lines[2]
    assert [[tuple(map(float, end)) for end in segment] for segment in ends.get_segments()] == [
        [(0.0, 95.0), (0.0, 105.0)],
        [(1.0, 105.0), (1.0, 115.0)],
    ]


@pytest.mark.parametrize("draw", [draw_lines, draw_bars, draw_heat_map])
def test_the_data_beside_the_figure_has_every_point(points, draw):
    figure = drawn(draw, points(AXES, metrics=("m", "n")))
    rows = [dict(zip(figure.columns, row, strict=True)) for row in figure.rows]
    assert len(rows) == 12
    assert {row["verdict"] for row in rows} == {"", "noise", "higher"}


def test_figures_are_told_in_few_letters():
    assert [amount(value) for value in (0.25, 7, 914.4, 1036, 34_512_345)] == ["0.25", "7", "914", "1,036", "34.51M"]


@pytest.mark.parametrize("draw", [draw_lines, draw_bars, draw_heat_map])
def test_means_that_are_not_over_the_bases_seeds_are_told(draw, points):
    table = points(AXES)
    rows = [replace(row, levelled=number == 2) for number, row in enumerate(table.metrics[0].rows)]
    few = replace(table, metrics=(replace(table.metrics[0], rows=tuple(rows)),))
    assert LEVELLED in drawn(draw, few).notes
    assert LEVELLED not in drawn(draw, table).notes


@pytest.mark.parametrize("draw", [draw_lines, draw_bars])
def test_the_values_of_40_points_are_named_where_they_have_room(draw, points):
    table = points({"limit": [str(60 + 5 * number) for number in range(40)]})
    with house_style():
        figure = draw(table, Options()).figure
        settle_layout(figure)
        figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_xticklabels()]
    assert 5 < len(boxes) < 20
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_words_are_all_named_though_they_end_in_digits(points):
    table = points({"workload": [f"slab_test-{number}" for number in range(6)]})
    with house_style():
        axes = draw_bars(table, Options()).figure.axes[0]
    assert len(axes.get_xticklabels()) == 6


@pytest.mark.parametrize("draw", [draw_lines, draw_bars])
def test_panels_of_one_metric_have_one_scale(draw, points):
    table = points({"a": ["1", "2"], "b": ["1", "2"], "c": ["1", "2"]})
    with house_style():
        axes = draw(table, Options(x="a", y="b")).figure.axes
    assert axes[0].get_ylim() == axes[1].get_ylim()


def test_a_difference_that_is_no_noise_is_never_told_as_0(points):
    table = points({"a": ["1", "2"], "b": ["1", "2"]})
    rows = table.metrics[0].rows
    tiny = replace(rows[3], difference=-0.08, difference_low=-0.09, difference_high=-0.07)
    table = replace(table, metrics=(replace(table.metrics[0], rows=(*rows[:3], tiny)),))
    with house_style():
        texts = [text.get_text() for text in draw_heat_map(table, Options()).figure.axes[0].texts]
    assert "130\n-0.08%" in texts


@pytest.mark.parametrize("width", [3.4, 5.2, 7.0])
@pytest.mark.parametrize(
    "names", [["hackbench-sockets", "memory-bugs", "network-receive", "untar-rm"], ["1", "2", "4"]]
)
def test_names_of_a_heat_maps_columns_do_not_lie_on_one_another(points, names, width):
    table = points({"workload": names, "machine": ["two-socket", "emerald-rapids-16-2n"]})
    with house_style():
        figure = draw_heat_map(table, Options(x="workload", y="machine", width=width)).figure
        settle_layout(figure)
        labels = figure.axes[0].get_xticklabels()
        places = [label.get_window_extent() for label in labels]
    assert [label.get_text() for label in labels] == names
    for label, before, after in zip(labels, *zip(*pairwise(places), strict=True), strict=False):
        gap = (after.x1 - before.x1) if label.get_rotation() else after.x0 - before.x1
        assert gap > (label.get_fontsize() if label.get_rotation() else 0)


def test_figures_below_a_heat_maps_columns_stand_upright_where_they_have_room(points):
    figure = drawn(draw_heat_map, points(AXES)).figure
    assert {label.get_rotation() for label in figure.axes[0].get_xticklabels()} == {0.0}
