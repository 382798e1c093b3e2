"""What names need of a figure's width: folded titles and labels, columns of legends."""

import pytest

from simslab.report.canvas import house_style, new_figure, settle_layout
from simslab.report.fitting import LEAST_LETTERS, fitting_columns, folded, folded_label, folded_names, panel_inches


def drawn(columns=1, title="", above=""):
    with house_style():
        figure = new_figure(2.0)
        for axes in figure.subplots(1, columns, squeeze=False)[0]:
            axes.plot([1, 2], [1, 2])
            axes.set_title(title)
        if above:
            figure.suptitle(above)
        settle_layout(figure)
        figure.draw_without_rendering()
    return figure


LONG = "a workload with a name that is much longer than one column on some machine with a long name"


@pytest.mark.parametrize("columns", [1, 2])
def test_a_title_ends_within_its_panel_however_long(columns):
    figure = drawn(columns, LONG)
    for number, axes in enumerate(figure.axes, 1):
        title = axes._left_title  # matplotlib tells the extent of the artist alone
        assert title.get_text().replace("\n", " ") == LONG
        assert title.get_window_extent().x1 <= figure.bbox.x1 * number / columns


def test_a_title_above_all_panels_ends_within_the_figure():
    figure = drawn(above=LONG)
    box = figure._suptitle.get_window_extent()
    assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1


def test_a_short_title_stays_as_it_is():
    assert drawn(2, "free").axes[1].get_title(loc="left") == "free"


def test_words_are_kept_whole_where_they_fit_and_lines_stay_lines():
    assert folded("one two-socket three four\nshort", 15) == "one two-socket\nthree four\nshort"
    assert folded("x" * 30, 1) == "\n".join(["x" * LEAST_LETTERS] * 2 + ["x" * 6])


def test_a_legend_has_as_many_columns_as_its_names_leave():
    assert fitting_columns(["a", "b"], 2, 3.4, 3.4, 6.0) == 2
    assert fitting_columns(["a" * 40, "b"], 2, 3.4, 3.4, 6.0) == 1
    assert fitting_columns([], 3, 1.0, 3.4, 6.0) == 3


def test_a_label_longer_than_a_panel_is_folded():
    assert "\n" not in folded_label("short", 3.4, 3.4, 6.0)
    assert "\n" in folded_label("long " * 20, 3.4, 3.4, 6.0)


def test_names_of_rows_leave_half_of_the_figure():
    names, lines = folded_names(["hit", "alloc hit | " + "long " * 10], 3.4, 7.0)
    assert (names[0], lines) == ("hit", names[1].count("\n") + 1)
    assert lines > 1


def test_a_panel_is_as_wide_as_its_column():
    figure = drawn(2)
    assert [panel_inches(axes) for axes in figure.axes] == [1.7, 1.7]
