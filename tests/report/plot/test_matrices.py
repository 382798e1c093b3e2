"""Maps between nodes or CPUs: cells, their figures, and what does not fit."""

from itertools import pairwise

import pytest

from simslab.base.errors import UserError
from simslab.report.canvas import house_style, new_figure, settle_layout
from simslab.report.plot.matrices import MOST_MAPS, draw_map, draw_nodes
from simslab.report.plot.options import Options
from simslab.report.plot.sources import Arm, measurement_arm


def mapped(matrix):
    with house_style():
        figure = new_figure(2.0)
        axes = figure.subplots()
        draw_map(axes, matrix, [str(place) for place in range(len(matrix))], "ns")
    return figure, axes


def texts(axes):
    return {text.get_position(): text.get_text() for text in axes.texts}


def test_each_cell_holds_its_figure_column_by_row():
    _, axes = mapped([[1, 2.25], [None, 4000]])
    assert texts(axes) == {(0, 0): "1", (1, 0): "2.2", (1, 1): "4,000"}


def test_figures_on_dark_cells_are_white():
    _, axes = mapped([[10, 100], [59, 61]])
    assert [text.get_color() for text in axes.texts] == ["black", "white", "black", "white"]


def test_the_first_row_is_the_upper_one():
    _, axes = mapped([[1, 2], [3, 4]])
    assert axes.get_ylim() == (1.5, -0.5)


def test_shades_of_a_large_map_have_a_scale_instead_of_figures_and_every_other_name():
    figure, axes = mapped([[reader + home for home in range(20)] for reader in range(20)])
    assert texts(axes) == {}
    assert [axes.get_xlabel() for axes in figure.axes[1:]] == ["ns"]
    assert [text.get_text() for text in axes.get_xticklabels()] == [str(place) for place in range(0, 20, 2)]


@pytest.mark.parametrize("columns", [1, 2])
def test_names_beside_a_map_of_64_nodes_do_not_touch_nor_does_its_scale_reach_into_its_title(columns):
    names = [str(node) for node in range(64)]
    with house_style():
        figure = new_figure(4.0 / columns)
        all_axes = figure.subplots(1, columns, squeeze=False)[0]
        for axes in all_axes:
            draw_map(axes, [[float(a == b) for a in range(64)] for b in range(64)], names, "objects")
            axes.set_title("objects allocated")
        settle_layout(figure)
        figure.draw_without_rendering()
    for axes in all_axes:
        across = [label.get_window_extent() for label in axes.get_xticklabels()]
        down = [label.get_window_extent() for label in axes.get_yticklabels()]
        assert all(left.x1 < right.x0 for left, right in pairwise(across))
        assert all(upper.y0 > lower.y1 for upper, lower in pairwise(down))
        title = axes._left_title.get_window_extent()
        assert not any(title.overlaps(other.get_window_extent()) for other in figure.axes if other is not axes)


def test_a_map_without_any_figure_is_empty():
    _, axes = mapped([[None, None], [None, None]])
    assert texts(axes) == {}


def nodes(*arms):
    with house_style():
        return draw_nodes("title", arms, Options())


def test_objects_by_node_are_rows_of_cpu_node_by_memory_node(measurement):
    rows = {row[1:4]: row[4] for row in nodes(measurement_arm(measurement, "a")).rows}
    assert rows["allocated", 1, 0] == 12
    assert rows["freed", 0, 1] == 610
    assert len(rows) == 2 * 2 * 2


def test_each_arm_has_a_pair_of_maps_that_names_it(measurement):
    figure = nodes(measurement_arm(measurement, "a"), measurement_arm(measurement, "b")).figure
    assert [axes.get_title() or axes.get_title(loc="left") for axes in figure.axes] == [
        "a: allocated", "a: freed", "b: allocated", "b: freed"
    ]  # fmt: skip


def test_what_keeps_no_objects_by_node_is_refused():
    with pytest.raises(UserError, match="objects by node are not stored"):
        nodes(Arm("a", "w on m", 10**9, ()))


def test_more_arms_than_a_page_holds_are_refused(measurement):
    with pytest.raises(UserError, match="9 arms do not fit on a page"):
        nodes(*(measurement_arm(measurement, str(number)) for number in range(MOST_MAPS + 1)))
