"""A small run with every operation written down, made once."""

from functools import cache

from small_runs import workload

from simslab.experiment.figures.zones import zone_states
from simslab.machine.library import load_machine
from simslab.workload.run.event_log import EventLog
from simslab.workload.run.lines.line_log import LineLog
from simslab.workload.run.runner import run_workload

STEPS = (
    {"pattern": "lifetimes", "cache": "c", "objects": 60, "lifetime": {"exponential": 20}},  # warm-up
    {"pattern": "barrier", "begin_region": True},
    {"pattern": "lifetimes", "cache": "c", "objects": 150, "lifetime": {"exponential": 40}, "remote": 0.3},
    {"pattern": "alloc_free", "kmalloc": 100, "operations": 40, "live": 4},
)


@cache
def logged(slowest=5, everything=True):
    """Return what was measured, the log, and the zones at the end."""
    log, zones = EventLog(slowest, everything, LineLog() if everything else None), []
    group = {"name": "w", "cpus": "spread 4", "steps": list(STEPS)}
    load = workload(group, caches={"c": {"size": 200}}, kernel={"slab_nomerge": True})
    measured = run_workload(load_machine("two-socket"), load, log=log, at_end=lambda s: zones.extend(zone_states(s)))
    return measured, log, zones
