"""Counts by CPU and by cache are together those of the run."""

from collections import Counter

import numpy as np
import pytest
from logged_runs import STEPS
from small_runs import workload

from simslab.machine.accounting.causes import CAUSE_NAMES, NR_CAUSES
from simslab.machine.library import load_machine
from simslab.workload.run.event_log import EventLog
from simslab.workload.run.runner import run_workload
from simslab.workload.run.tallies import Tallies


@pytest.fixture(scope="module")
def tallied():
    log = EventLog(tallies=Tallies())
    group = {"name": "w", "cpus": "spread 4", "steps": list(STEPS)}
    load = workload(group, caches={"c": {"size": 200}}, kernel={"slab_nomerge": True})
    return run_workload(load_machine("two-socket"), load, log=log), log


def test_latencies_by_node_are_together_those_counted(tallied):
    measured, log = tallied
    by_node = log.tallies.by_node({cpu.cpu: cpu.node for cpu in measured.cpus})
    told = Counter()
    for row in (row for rows in by_node.values() for row in rows):
        told.update({(row.operation, row.path, row.cache, c): n for c, n in zip(row.cycles, row.counts, strict=True)})
    assert len(by_node) == 2
    assert told == {
        (row.operation, row.path, row.cache, c): n
        for row in measured.latency
        for c, n in zip(row.cycles, row.counts, strict=True)
    }


def test_causes_by_cache_are_together_those_of_the_run(tallied):
    measured, log = tallied
    by_cache = log.tallies.by_cache()
    assert list(by_cache) == ["c", "kmalloc-128"]
    assert sums(row for rows in by_cache.values() for row in rows) == sums(measured.attribution)


def sums(rows):
    """Return operations and cycles, in all and by cause, of each operation and path."""
    found = Counter()
    for row in rows:
        key = row.operation, row.path
        found.update({(*key, "operations"): row.operations, (*key, "total"): row.total})
        found.update({(*key, name): cycles for name, cycles in row.causes.items()})
        assert sum(row.causes.values()) == row.total
    return found


def test_neither_operations_nor_locks_held_are_kept(tallied):
    _, log = tallied
    assert (log.operations, log.objects, log.holds) == ([], [], [])


def test_warm_up_is_forgotten():
    tallies, causes = Tallies(), np.zeros(NR_CAUSES, dtype=np.int64)
    tallies.add(0, ("alloc", "hit", "c"), 0, causes)
    tallies.clear()
    causes[0] = 7
    tallies.add(3, ("free", "hit", "c"), 7, causes)
    assert list(tallies.by_node({3: 1})) == [1]
    (row,) = tallies.by_cache()["c"]
    assert (row.operation, row.operations, row.total, row.causes) == ("free", 1, 7, {CAUSE_NAMES[0]: 7})
