"""Cells of a map as outlines by shade."""

import pytest

from simslab.report.canvas import house_style, new_figure
from simslab.report.plot.shades import STEPS, draw_shades, rectangles

NAN = float("nan")


def test_neighbours_of_one_shade_are_one_rectangle_and_what_is_no_number_is_none():
    assert rectangles([[0, 0, 4], [NAN, 4, 0]], 4) == {
        0: [(0, 0, 1), (1, 2, 2)],
        STEPS: [(0, 2, 2), (1, 1, 1)],
    }


def test_the_ends_of_the_scale_have_the_ends_of_the_colour_map():
    import matplotlib as mpl

    with house_style():
        axes = new_figure(1.0).subplots()
        mapped = draw_shades(axes, [0, 1, 2], [0, 1], [[0.0, 5.0]], "Blues", 5.0)
    assert [patch.get_facecolor() for patch in axes.patches] == [
        mpl.colormaps["Blues"](0.0),
        mpl.colormaps["Blues"](1.0),
    ]
    assert [patch.get_path().get_extents().bounds for patch in axes.patches] == [(0, 0, 1, 1), (1, 0, 1, 1)]
    assert mapped.get_clim() == (0.0, 5.0)


def test_a_map_of_64_nodes_is_no_more_outlines_than_shades():
    with house_style():
        axes = new_figure(1.0).subplots()
        edges = range(65)
        draw_shades(axes, edges, edges, [[float(x * y) for x in range(64)] for y in range(64)], "Blues", 63.0 * 63)
    assert len(axes.patches) <= STEPS + 1
    covered = sum(last - first + 1 for boxes in rectangles([[0, 1], [1, 1]], 1).values() for _, first, last in boxes)
    assert covered == pytest.approx(4)
