import itertools
import signal

import pytest

from simslab.base.errors import UserError
from simslab.report.canvas import (
    LINES,
    check_drawable,
    draw_tail,
    house_style,
    interrupts_held,
    legend_above,
    line_look,
    log_time_axis,
    new_figure,
    place_legend,
    save,
    steps,
    write_figure,
)


@pytest.fixture
def axes():
    with house_style():
        yield new_figure(2.0).subplots()


def test_the_house_style_ends_with_its_block():
    import matplotlib as mpl

    before = mpl.rcParams["font.size"]
    with house_style():
        assert mpl.rcParams["font.size"] == 7.0
    assert mpl.rcParams["font.size"] == before


@pytest.mark.parametrize("name", ["a.txt", "a", "a.PDF", "pdf"])
def test_a_name_that_tells_no_format_is_refused(tmp_path, name):
    with pytest.raises(UserError, match=r"ends in \.pdf, \.svg, \.png or \.pgf"):
        check_drawable(tmp_path / name)


@pytest.mark.parametrize("name", ["a.pdf", "a.png", "a.svg"])
def test_a_name_that_tells_a_format_is_taken_and_nothing_written(tmp_path, name):
    check_drawable(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_figure_is_saved_in_every_kind_asked_for(tmp_path):
    with house_style():
        files = save(new_figure(1.0), tmp_path / "figure", ("svg", "png"))
    assert [file.name for file in files] == ["figure.svg", "figure.png"]
    assert files[0].read_text().startswith("<?xml")
    assert files[1].read_bytes().startswith(b"\x89PNG")


def test_the_same_drawing_has_the_same_bytes(tmp_path):
    for name in ("a.svg", "b.svg"):
        with house_style():
            figure = new_figure(1.5)
            figure.subplots().plot([1, 2], [3, 4], label="x")
            write_figure(figure, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_names_that_leave_no_room_for_the_plot_are_refused(tmp_path):
    with house_style():
        figure = new_figure(1.5)
        axes = figure.subplots()
        axes.set_yticks([0, 1], ["one", "a long name " * 12])
        with pytest.raises(UserError, match="names leave no room for the plot; expected a greater --width"):
            write_figure(figure, tmp_path / "a.svg")
    assert list(tmp_path.iterdir()) == []


def test_a_curve_of_shares_begins_at_nothing():
    assert steps([10, 20], [0.5, 1.0]) == ([10, 10, 20], [0.0, 0.5, 1.0])


def test_the_tail_is_what_took_at_least_so_long(axes):
    draw_tail(axes, [10, 20, 30], [0.5, 0.9, 1.0], 1, "arm")
    (line,) = axes.lines
    assert list(line.get_xdata()) == [10, 20, 30]
    assert list(line.get_ydata()) == pytest.approx([1.0, 0.5, 0.1])
    assert (line.get_color(), axes.get_yscale()) == (line_look(1)["color"], "log")


def test_a_tail_of_one_latency_has_a_mark(axes):
    draw_tail(axes, [10], [1.0], 0, "one")
    draw_tail(axes, [10, 20], [0.5, 1.0], 1, "two")
    assert [line.get_marker() for line in axes.lines] == ["|", "None"]


def test_every_look_is_another():
    assert len({str(look) for look in LINES}) == len(LINES)
    with pytest.raises(IndexError):
        line_look(len(LINES))


def test_a_time_axis_has_plain_numbers_at_its_decades(axes):
    axes.plot([1, 100_000], [0, 1])
    log_time_axis(axes)
    axes.figure.draw_without_rendering()
    told = [label.get_text() for label in axes.get_xticklabels()]
    assert (axes.get_xscale(), axes.get_xlabel()) == ("log", "latency (ns)")
    assert {"1", "1,000", "100,000"} <= set(told)


def test_a_legend_makes_room_below_its_title_for_every_row(axes):
    for name in "abc":
        axes.plot([1, 2], [1, 2], label=name)
    legend_above(axes, "title", columns=2)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b", "c"]
    assert axes.titleOffsetTrans.get_matrix()[1, 2] == pytest.approx((5 + 8.5 * 2) / 72 * axes.figure.dpi)


@pytest.mark.parametrize("height", [1.2, 12.0])
def test_a_legend_above_a_plot_lies_over_nothing_of_it_however_high_the_plot_is(height):
    with house_style():
        axes = new_figure(height).subplots()
        axes.plot([1, 2], [1, 2], label="a")
        legend_above(axes, "title")
        axes.figure.draw_without_rendering()
    text = axes.get_legend().get_texts()[0].get_window_extent()
    assert text.y0 >= axes.get_window_extent().y1


@pytest.mark.parametrize("width", [2.2, 2.6, 3.0, 3.4])
def test_numbers_below_a_time_axis_do_not_touch(width):
    with house_style():
        axes = new_figure(2.0, width).subplots()
        axes.set_xlim(13, 190_000)
        log_time_axis(axes)
        axes.figure.draw_without_rendering()
        boxes = [label.get_window_extent() for label in axes.get_xticklabels() if label.get_text()]
    assert len(boxes) > 2
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))


def test_a_tail_of_one_value_is_on_an_axis_that_ends_at_100_percent(axes):
    draw_tail(axes, [393.0], [1.0], 0, "grow")
    axes.figure.draw_without_rendering()
    assert max(axes.get_yticks()) == 1.0


def test_without_curves_there_is_no_legend(axes):
    legend_above(axes, "title")
    assert axes.get_legend() is None
    assert axes.get_title(loc="left") == "title"


@pytest.mark.parametrize(("place", "there"), [("above", True), ("right", True), ("inside", True), ("none", False)])
def test_a_legend_stands_where_it_is_asked_for(place, there):
    with house_style():
        axes = new_figure(2).subplots()
        axes.plot([1, 2], [1, 2], label="a")
        place_legend(axes, "heading", place)
        axes.figure.draw_without_rendering()
    legend = axes.get_legend()
    assert (legend is not None) is there
    assert axes.get_title(loc="left") == "heading"
    if place in ("above", "right"):
        drawn, plot = legend.get_window_extent(), axes.get_window_extent()
        assert drawn.y0 >= plot.y1 - 3 if place == "above" else drawn.x0 >= plot.x1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_takes_effect_after_what_is_loaded_meanwhile(number):
    def stopped(*_):
        raise KeyboardInterrupt

    before, done = signal.signal(number, stopped), []
    try:
        with pytest.raises(KeyboardInterrupt), interrupts_held():
            done += [signal.raise_signal(number), "loaded"]
        assert done == [None, "loaded"]
        assert signal.getsignal(number) is stopped
    finally:
        signal.signal(number, before)
