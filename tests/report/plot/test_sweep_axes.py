"""Which parameter is which axis, and where its values stand."""

import pytest

from simslab.base.errors import UserError
from simslab.report.plot.options import Options
from simslab.report.plot.sweep_axes import axis_of, chosen_axes, grid_of, last, names_of, short, sweep_panels

LIMITS = {"tunables.mixed.limit": ["120", "30", "60"], "machine": ["two-socket", "four-socket"]}


def test_numbers_stand_at_their_size_whatever_the_order(points):
    axis = axis_of(points(LIMITS), "tunables.mixed.limit")
    assert (axis.values, axis.places, axis.scale) == (("30", "60", "120"), (30.0, 60.0, 120.0), "linear")


def test_values_that_span_much_stand_on_a_logarithmic_axis_and_keep_their_unit(points):
    axis = axis_of(points({"links.upi.latency": ["20 ns", "200 ns"]}), "links.upi.latency")
    assert (axis.scale, axis.label, axis.ticks) == ("log", "upi.latency (ns)", ("20", "200"))


def test_words_and_quantities_of_several_kinds_stand_side_by_side(points):
    assert axis_of(points(LIMITS), "machine").scale == ""
    assert axis_of(points({"a": ["1 ns", "1 KiB"]}), "a").places == (0.0, 1.0)


def test_factors_are_numbers_too(points):
    assert axis_of(points({"a": ["x1", "x2"]}), "a").ticks == ("x1", "x2")


def test_the_axis_with_most_values_is_x_unless_another_is_asked_for(points):
    table = points(LIMITS)
    assert names_of(table)[0] == "tunables.mixed.limit"
    assert chosen_axes(table, Options(), 2) == ["tunables.mixed.limit", "machine"]
    assert chosen_axes(table, Options(y="limit"), 2) == ["machine", "tunables.mixed.limit"]
    with pytest.raises(UserError, match=r"--x mixed.limits: does not vary; .* did you mean"):
        chosen_axes(table, Options(x="mixed.limits"), 2)


def test_two_axes_are_not_made_of_one(points):
    with pytest.raises(UserError, match="only a varies; expected --kind lines"):
        chosen_axes(points({"a": ["1", "2"]}), Options(), 2)


def test_other_parameters_and_metrics_have_panels_of_their_own(points):
    table = points({"a": ["1", "2", "3"], "b": ["1", "2"], "c.d.e": ["7", "8"]}, metrics=("m", "n"))
    panels = sweep_panels(table, ["a", "b"], Options())
    told = [(panel.title, panel.held) for panel in panels]
    assert told == [("m (ns)", "d.e 7"), ("m (ns)", "d.e 8"), ("n (ns)", "d.e 7"), ("n (ns)", "d.e 8")]
    assert {len(panel.rows) for panel in panels} == {6}


def test_more_panels_than_a_page_holds_are_refused(points):
    table = points({"a": ["1", "2"], "b": ["1", "2"], "c": list("abcdefghijklm")})
    with pytest.raises(UserError, match="13 plots do not fit"):
        sweep_panels(table, ["a", "b"], Options())


def test_parameters_that_always_have_one_value_are_one_axis(with_orders):
    assert names_of(with_orders) == ["kernel.slub_min_order", "cpu_partial"]
    axis = axis_of(with_orders, "kernel.slub_min_order")
    assert axis.label == "slub_min_order =\nslub_max_order"
    assert (axis.values, axis.ticks) == (("", "0", "2"), ("not set", "0", "2"))
    assert chosen_axes(with_orders, Options(x="slub_max_order"), 1)[0] == "kernel.slub_min_order"


def test_nothing_that_varies_is_refused(points):
    with pytest.raises(UserError, match="nothing varies"):
        names_of(points({}))


def test_paths_are_named_by_their_end(points):
    assert last("links.upi.latency") == "upi.latency"
    assert short(points({"links.upi.latency": ["20 ns"], "nodes": ["4"]}).metrics[0].rows[0]) == (
        "upi.latency 20 ns, nodes 4"
    )


@pytest.mark.parametrize(
    ("panels", "width", "wanted"), [(1, 7.0, (1, 1)), (4, 7.0, (2, 2)), (5, 7.0, (2, 3)), (4, 3.4, (4, 1))]
)
def test_panels_fill_the_width(panels, width, wanted):
    assert grid_of(panels, width) == wanted


def test_quantities_of_one_kind_stand_on_one_axis_in_the_unit_of_the_smallest(points):
    axis = axis_of(points({"links.upi.latency": ["60 ns", "0.1 us", "30 ns"]}), "links.upi.latency")
    assert (axis.values, axis.places) == (("30 ns", "60 ns", "0.1 us"), (30, 60, 100))
    assert (axis.label, axis.ticks) == ("upi.latency (ns)", ("30", "60", "100"))
    assert axis_of(points({"latency": ["60 ns", "100 cycles"]}), "latency").scale == ""
