"""What a cache's arrays hold over time: at the end as the run left them, and nothing of warm-up."""

import pytest
from small_runs import workload

from simslab.base.errors import UserError
from simslab.machine.library import load_machine
from simslab.workload.run.event_log import EventLog
from simslab.workload.run.over_time.array_timeline import ArrayTimeline
from simslab.workload.run.runner import run_workload

STEPS = [
    {"pattern": "lifetimes", "cache": "c", "objects": 60, "lifetime": {"exponential": 20}},
    {"pattern": "barrier", "begin_region": True},
    {"pattern": "lifetimes", "cache": "c", "objects": 200, "lifetime": {"exponential": 40}, "remote": 0.3},
]


def seen(every, cache="c"):
    """Return the timeline of a small run, what was measured, and what was parked at its end."""
    timeline, parked = ArrayTimeline(cache, every), []
    load = workload(
        {"name": "w", "cpus": "spread 4", "steps": STEPS}, caches={"c": {"size": 200}}, kernel={"slab_nomerge": True}
    )

    def at_end(system):
        parked.append(system.allocator.parked(system.find_cache("c")))

    log = EventLog(timeline=timeline)
    measured = run_workload(load_machine("two-socket"), load, log=log, at_end=at_end)
    return timeline, measured, parked[0]


def test_arrays_of_cpus_and_nodes_are_seen_until_the_end():
    timeline, _, parked = seen(1)
    last = timeline.samples[-1].levels
    held = {kind: sum(level.avail for level in last if level.kind == kind) for kind in ("cpu", "shared", "alien")}
    assert held == {
        "cpu": parked.in_cpu_arrays,
        "shared": parked.in_shared_arrays,
        "alien": parked.in_alien_arrays,
    }
    assert held["cpu"] > 0
    assert timeline.nodes == (0, 1)


def test_times_rise_from_the_start_of_the_region_in_steps_of_about_that_many_cycles():
    timeline, measured, _ = seen(500)
    times = [sample.time for sample in timeline.samples]
    assert times[0] >= 0
    assert times[-1] <= measured.cycles
    places = [time // 500 for time in times]
    assert places == sorted(set(places))


def test_an_unknown_cache_is_refused_with_the_near_one():
    with pytest.raises(UserError, match=r"there is no cache 'kmaloc-64'; .*; did you mean 'kmalloc-64'"):
        seen(500, "kmaloc-64")
