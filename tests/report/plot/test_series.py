"""Which latencies stand in which panel, and what its lines are called."""

import pytest

from simslab.base.errors import UserError
from simslab.report.plot.options import Options
from simslab.report.plot.series import panels, select_arms, select_parts
from simslab.report.plot.sources import ALL, Arm, Part
from simslab.result.latency import distribution

PARTS = [("alloc", "hit", "a", 9), ("alloc", "grow", "a", 1), ("alloc", "grow", "b", 2), ("free", "hit", "b", 4)]


def part(operation, path, cache, count):
    return Part(operation, path, cache, distribution([(10, count)]))


def arm(label, *parts, frequency_hz=10**9):
    return Arm(label, "w on m", frequency_hz, tuple(part(*each) for each in parts or PARTS))


def shown(arms, **options):
    """Panels as (title, {label: operations})."""
    return [
        (panel.title, {series.label: series.cycles.count for series in panel.series})
        for panel in panels(arms, Options(**options))
    ]


def test_a_single_arm_has_a_panel_for_each_operation_and_lines_for_its_paths_with_their_shares():
    assert shown([arm("x")]) == [("alloc", {"hit (75.0%)": 9, "grow (25.0%)": 3}), ("free", {"hit (100.0%)": 4})]


def test_the_most_frequent_line_comes_first():
    (_, alloc), _ = shown([arm("x", ("alloc", "a", "c", 1), ("alloc", "b", "c", 5), ("free", "a", "c", 1))])
    assert list(alloc) == ["b (83.3%)", "a (16.7%)"]


def test_a_share_below_a_tenth_of_a_percent_keeps_its_digits():
    ((_, lines),) = shown([arm("x", ("free", "a", "c", 100_000), ("free", "b", "c", 12))])
    assert list(lines) == ["a (100.0%)", "b (0.012%)"]


def test_by_operation_all_stand_in_one_panel():
    assert shown([arm("x")], by="operation") == [("", {"alloc": 12, "free": 4})]


def test_by_cache_the_paths_of_a_cache_are_one_line():
    assert shown([arm("x")], by="cache")[0] == ("alloc", {"a (83.3%)": 10, "b (16.7%)": 2})


def test_the_lines_of_several_arms_are_the_arms():
    assert shown([arm("x"), arm("y")]) == [("alloc", {"x": 12, "y": 12}), ("free", {"x": 4, "y": 4})]


def test_several_arms_by_path_have_a_panel_for_each_path_the_most_frequent_first_and_only_arms_that_took_it():
    only = arm("y", ("alloc", "grow", "a", 1))
    assert shown([arm("x"), only], by="path") == [
        ("alloc hit", {"x": 9}),
        ("alloc grow", {"x": 3, "y": 1}),
        ("free hit", {"x": 4}),
    ]


def test_each_line_keeps_the_frequency_of_its_arm():
    drawn = panels([arm("x", frequency_hz=2), arm("y", frequency_hz=3)], Options())
    assert [series.frequency_hz for series in drawn[0].series] == [2, 3]


def test_arms_come_in_the_order_asked():
    arms = [arm("x"), arm("y"), arm("z")]
    assert [each.label for each in select_arms(arms, Options(arms=("z", "x")))] == ["z", "x"]
    assert select_arms(arms, Options()) == tuple(arms)


def test_what_is_asked_for_must_hold_together():
    kept = select_parts([arm("x")], Options(operations=("alloc",), paths=("grow",), caches=("b",)))
    assert [(each.operation, each.path, each.cache) for each in kept["x"]] == [("alloc", "grow", "b")]
    with pytest.raises(UserError, match="there are no latencies to draw"):
        select_parts([arm("x")], Options(operations=("free",), paths=("grow",)))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"operations": ("alloca",)}, r"--operation alloca: does not occur.*did you mean 'alloc'"),
        ({"paths": ("grwo",)}, r"--path grwo: does not occur; expected grow, hit"),
        ({"caches": ("c",)}, r"--cache c: does not occur; expected a, b"),
        ({"by": "node"}, r"--by node: a result keeps latencies by operation"),
    ],
)
def test_what_does_not_occur_is_told_with_what_does(options, told):
    with pytest.raises(UserError, match=told):
        panels([arm("x")], Options(**options))


def test_a_comparison_has_no_paths_to_draw():
    with pytest.raises(UserError, match="--by path: a comparison keeps latencies by operation only"):
        panels([arm("x", ("alloc", ALL, ALL, 3))], Options(by="path"))
