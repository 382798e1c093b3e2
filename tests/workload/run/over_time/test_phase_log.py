"""What a replay of several phases counts in each: together all that the run counted."""

from collections import Counter

import pytest

from simslab.experiment.inputs import load_inputs
from simslab.experiment.run import measure_once


def measured(*settings):
    return measure_once(load_inputs("two-socket", "untar-rm", ["scale=0.05", *settings]))


def counts(rows):
    found = Counter()
    for row in rows:
        found.update({(row.operation, row.path, row.cache, c): n for c, n in zip(row.cycles, row.counts, strict=True)})
    return found


PHASES = "trace.phases={early: 0, late: 0.5}"


@pytest.mark.parametrize("setting", ["trace.warm_up=0", "trace.warm_up=0.3"])
def test_phases_add_up_to_the_run(setting):
    run = measured(PHASES, setting)
    assert [row.phase for row in run.trace_phases] == ["early", "late"]
    assert sum((counts(row.latency) for row in run.trace_phases), Counter()) == counts(run.latency)
    assert sum(row.cycles for row in run.trace_phases) == run.cycles
    for row in run.trace_phases:
        by_latency = sum(c * n for each in row.latency for c, n in zip(each.cycles, each.counts, strict=True))
        assert sum(each.total for each in row.attribution) == by_latency > 0
        assert all(sum(each.causes.values()) == each.total for each in row.attribution)


def test_a_phase_that_ended_before_the_region_of_interest_is_left_out():
    run = measured(PHASES, "trace.warm_up=0.5")
    assert [row.phase for row in run.trace_phases] == ["late"]
    assert counts(run.trace_phases[0].latency) == counts(run.latency)


def test_a_run_of_one_phase_tells_none():
    assert measured("trace.warm_up=0").trace_phases == []
