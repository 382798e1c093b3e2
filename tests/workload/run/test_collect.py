"""From counters to rows: names instead of codes, only the region of interest."""

from types import SimpleNamespace

import pytest

from simslab.machine.library import load_machine
from simslab.workload.description.spec import Workload
from simslab.workload.run.collect import vector_names
from simslab.workload.run.runner import prepare

CHURN = {"pattern": "alloc_free", "cache": "files", "operations": 300, "live": 20}


@pytest.fixture(scope="module")
def run():
    threads = [{"name": "a", "cpus": "0", "steps": [CHURN, {"pattern": "barrier", "begin_region": True}, CHURN]}]
    document = {"name": "test", "caches": {"files": {"size": 256, "ctor": True}}, "threads": threads}
    ready = prepare(load_machine("one-node"), Workload.model_validate(document), seed=1)
    ready.execute()
    return ready


@pytest.fixture(scope="module")
def measured(run):
    return run.collector.measurement(run.threads, run.trace)


def test_paths_are_told_by_name_without_their_operation(run, measured):
    known = {name.removeprefix("alloc_").removeprefix("free_") for name in run.system.allocator.path_names}
    assert {row.path for row in measured.latency} <= known
    assert ("alloc", "hit", "files") in {(row.operation, row.path, row.cache) for row in measured.latency}


def test_only_the_region_of_interest_is_told(measured):
    assert sum(row.operations for row in measured.attribution) == 300
    assert measured.conservation["allocated"] + measured.conservation["freed"] == 600


def test_the_text_of_slabinfo_is_the_allocators(run, measured):
    assert measured.slabinfo == run.system.allocator.slabinfo()
    assert "\nfiles " in measured.slabinfo


def test_without_a_debug_kernel_no_errors_are_told(measured):
    assert "slab_errors" not in measured.events


def test_vectors_of_devices_have_their_names():
    device = SimpleNamespace(vector=50, program=SimpleNamespace(name="eth0"))
    assert vector_names([device])[50] == "eth0"
    assert "timer" in vector_names([]).values()
