from dataclasses import replace

import pytest

from simslab.report.canvas import house_style
from simslab.report.comparison.comparison_figure import comparison_figure, save_comparison_figure


def panels(comparison):
    with house_style():
        return comparison_figure(comparison).axes


def test_the_figure_is_written_as_pdf_and_png_with_the_same_bytes_twice(comparison, tmp_path):
    first, second = (save_comparison_figure(comparison, tmp_path, name) for name in ("a", "b"))
    assert [file.suffix for file in first] == [".pdf", ".png"]
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]


def test_it_has_a_panel_for_each_operation_and_one_of_all(comparison):
    drawn = panels(comparison)
    assert [axes.get_title(loc="left").split("\n")[-1] for axes in drawn] == ["alloc", "free", "all operations"]
    assert all(len(axes.lines) == 2 for axes in drawn)


def test_an_arm_looks_the_same_in_every_panel_and_like_no_other(comparison):
    looks = {tuple(line.get_color() for line in axes.lines) for axes in panels(comparison)}
    assert len(looks) == 1
    assert len(set(looks.pop())) == 2


def test_a_cumulative_curve_ends_at_the_whole_and_a_tail_begins_there(comparison):
    *uppers, lower = panels(comparison)
    assert [line.get_ydata()[-1] for axes in uppers for line in axes.lines] == pytest.approx([1.0] * 4)
    assert [line.get_ydata()[0] for line in lower.lines] == [1.0, 1.0]


def test_an_arm_keeps_its_look_where_another_lacks_the_operation(comparison):
    base, far = comparison.arms
    only = replace(comparison, arms=(replace(base, by_operation={"free": base.by_operation["free"]}), far))
    alloc, free, _ = panels(only)
    assert [line.get_label() for line in alloc.lines] == ["far"]
    assert alloc.lines[0].get_color() == free.lines[1].get_color()


def test_without_operations_all_stand_together(comparison):
    drawn = panels(replace(comparison, arms=tuple(replace(arm, by_operation={}) for arm in comparison.arms)))
    assert [axes.get_title(loc="left").split("\n")[-1] for axes in drawn] == ["all operations"] * 2
