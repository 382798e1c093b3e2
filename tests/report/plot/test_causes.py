from dataclasses import replace
from itertools import combinations

import pytest

from simslab.base.errors import UserError
from simslab.machine.accounting.causes import CAUSE_NAMES
from simslab.report.canvas import LINES, house_style
from simslab.report.plot.causes import OTHER_SHADE, SHADES, draw_attribution, lightness
from simslab.report.plot.options import Options
from simslab.report.plot.sources import measurement_arm

APART = 0.1  # of black to white


def test_every_cause_has_a_look_of_its_own_on_grey_paper():
    assert set(SHADES) == set(CAUSE_NAMES)
    for (colour, hatch), (other, hatch_of_other) in combinations([*SHADES.values(), OTHER_SHADE], 2):
        assert hatch != hatch_of_other or abs(lightness(colour) - lightness(other)) >= APART


def test_lines_differ_in_dashes_or_clearly_in_width():
    for (_, dashes, width), (_, other, width_of_other) in combinations(LINES, 2):
        assert dashes != other or max(width, width_of_other) / min(width, width_of_other) >= 1.9


def test_the_bars_of_several_arms_stand_together_by_path(make_measurement):
    arms = [measurement_arm(make_measurement(1), "base"), measurement_arm(make_measurement(2, 140), "far")]
    with house_style():
        drawn = draw_attribution("t", arms, Options())
    labels = list(dict.fromkeys(row[0] for row in drawn.rows))
    assert labels[:2] == ["alloc hit | base", "alloc hit | far"]
    cycles = sum(row[3] for row in drawn.rows)
    assert cycles == sum(row.total for arm in arms for row in arm.measurement.attribution)


def test_nodes_hold_the_whole_time_of_their_cpus(measurement):
    with house_style():
        drawn = draw_attribution("t", [measurement_arm(measurement, "a")], Options(by="node"))
    assert sum(row[3] for row in drawn.rows) == sum(sum(cpu.causes.values()) for cpu in measurement.cpus)


def of_two_caches(measurement):
    """An arm of a run that was made again: each row halved between two caches."""
    halves = {
        name: [
            replace(row, operations=part(row.operations), total=0, causes={"l1": part(row.total)})
            for row in measurement.attribution
        ]
        for name, part in {"dentry": lambda n: n // 2, "filp": lambda n: n - n // 2}.items()
    }
    rows = {name: [replace(row, total=row.causes["l1"]) for row in rows] for name, rows in halves.items()}
    return replace(measurement_arm(measurement, "a"), by_cache=rows)


def test_the_bars_of_caches_hold_their_own_cycles(measurement):
    with house_style():
        drawn = draw_attribution("t", [of_two_caches(measurement)], Options(by="cache"))
    assert {row[0] for row in drawn.rows} == {"alloc dentry", "alloc filp", "free dentry", "free filp"}
    assert sum(row[3] for row in drawn.rows) == sum(row.total for row in measurement.attribution)


def test_one_cache_may_be_drawn_by_path(measurement):
    arm = of_two_caches(measurement)
    cache = measurement.latency[0].cache
    arm = replace(arm, by_cache={cache: arm.by_cache["filp"], "other": arm.by_cache["dentry"]})
    with house_style():
        drawn = draw_attribution("t", [arm], Options(caches=(cache,)))
    assert {row[0] for row in drawn.rows} == {f"{row.operation} {row.path}" for row in measurement.attribution}
    assert sum(row[3] for row in drawn.rows) == sum(row.total for row in arm.by_cache[cache])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"by": "arm"}, "cycles are not kept by arm; expected path, operation, cache or node"),
        ({"by": "cache"}, "by cache it is run again; expected `simslab plot RESULT --kind attribution --by cache`"),
        ({"operations": ("aloc",)}, "--operation aloc: does not occur; expected alloc, free; did you mean 'alloc'?"),
        ({"by": "node", "operations": ("free",)}, "all time of the CPUs, also outside operations; expected no --oper"),
    ],
)
def test_what_is_not_kept_is_refused_with_the_reason(measurement, options, told):
    with pytest.raises(UserError) as refused:
        draw_attribution("t", [measurement_arm(measurement, "a")], Options(**options))
    assert told in str(refused.value)
