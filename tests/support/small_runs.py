"""Whole runs of small workloads that are written down where they are used."""

from simslab.machine.library import load_machine
from simslab.workload.description.spec import Workload
from simslab.workload.run.runner import run_workload

CHURN = {"pattern": "alloc_free", "kmalloc": 64, "operations": 2000, "live": 20, "order": "random"}


def workload(*groups, **more):
    return Workload.model_validate({"name": "test", "threads": list(groups), **more})


def group(*steps, name="a", cpus="first 2", **more):
    return {"name": name, "cpus": cpus, "steps": list(steps), **more}


def run(machine, *groups, seed=1, quantum=10_000, **more):
    """Run groups of threads on a shipped machine and return what was measured."""
    return run_workload(load_machine(machine), workload(*groups, **more), seed=seed, quantum=quantum)


def nothing_lost(measured):
    """The run came to its end, and no object was lost."""
    kept = measured.conservation
    assert kept["allocated"] - kept["freed"] == kept["live"]


def check(measured):
    """What must hold of every run."""
    assert measured.events["attribution_violations"] == 0
    for row in measured.attribution:
        assert sum(row.causes.values()) == row.total
    kept = measured.conservation
    assert kept["allocated"] - kept["freed"] == kept["live"]
    operations = sum(row.operations for row in measured.attribution)
    assert sum(sum(row.counts) for row in measured.latency) == operations
    assert sum(cpu.operations for cpu in measured.cpus) == operations
    for cpu in measured.cpus:
        assert sum(cpu.causes.values()) == cpu.clock
    totals = {(row.operation, row.path): row.total for row in measured.attribution}
    for (operation, path), total in totals.items():
        rows = [row for row in measured.latency if (row.operation, row.path) == (operation, path)]
        assert sum(c * n for row in rows for c, n in zip(row.cycles, row.counts, strict=True)) == total
