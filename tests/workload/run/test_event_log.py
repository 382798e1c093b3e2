"""Single operations written down: every one of the region, with the figures that the run itself counted."""

from collections import Counter

import pytest
from logged_runs import logged
from small_runs import group, workload

from simslab.machine.library import load_machine
from simslab.result.latency import merge_rows
from simslab.workload.description.spec import Workload
from simslab.workload.run.event_log import EventLog, whole_pages
from simslab.workload.run.runner import run_workload


def written_down(*groups, **more):
    """What was measured, and the log of everything."""
    log = EventLog(slowest=1, everything=True)
    return run_workload(load_machine("two-socket"), workload(*groups, **more), log=log), log


def test_a_log_changes_nothing_that_is_measured():
    assert logged()[0] == logged(slowest=0, everything=False)[0]


def test_every_operation_of_the_region_is_there_with_its_latency():
    measured, log, _ = logged()
    told = Counter((each.operation, each.path, each.cache, each.cycles) for each in log.operations)
    counted = Counter()
    for row in measured.latency:
        for cycles, count in zip(row.cycles, row.counts, strict=True):
            counted[row.operation, row.path, row.cache, cycles] += count
    assert told == counted


def test_the_slowest_are_the_slowest_and_their_causes_add_up():
    measured, log, _ = logged()
    assert log.worst[0].cycles == merge_rows(measured.latency).maximum
    assert [each.cycles for each in log.worst] == sorted((each.cycles for each in log.operations), reverse=True)[:5]
    assert all(sum(each.causes.values()) == each.cycles for each in log.worst)


def test_objects_are_allocated_before_they_are_freed_and_none_twice():
    _, log, _ = logged()
    live = set()
    freed = 0
    for each in log.objects:
        if each.event in ("kfree", "kmem_cache_free"):
            freed += each.address in live
            live.discard(each.address)
        else:
            assert each.address not in live
            live.add(each.address)
    assert freed > 400


def test_kmalloc_and_caches_have_events_of_their_own():
    _, log, _ = logged()
    asked = {(each.event, each.cache, each.bytes_req, each.bytes_alloc) for each in log.objects if each.bytes_alloc}
    assert asked == {("kmem_cache_alloc", "c", 200, 200), ("kmalloc", "kmalloc-128", 100, 128)}


def test_a_lock_is_held_by_one_cpu_at_a_time():
    _, log, _ = logged()
    assert log.holds
    by_lock = {}
    for hold in log.holds:
        assert hold.start <= hold.end
        assert by_lock.get(hold.lock, -1) <= hold.start
        by_lock[hold.lock] = hold.end


def test_the_longest_stretch_with_interrupts_off_is_the_one_that_was_counted():
    measured, log, _ = logged()
    longest = max(measured.irqs_off, key=lambda row: row.maximum)
    found = log.longest_masked
    assert (found.end - found.start, found.site) == (longest.maximum, longest.site)


def test_without_everything_only_the_slowest_are_kept():
    _, log, _ = logged(slowest=2, everything=False)
    assert (len(log.worst), log.operations, log.objects) == (2, [], [])


def test_time_counts_from_the_region_or_from_the_first_thread():
    measured, log, _ = logged()
    assert log.began == log.region_start
    without, log = written_down(group({"pattern": "alloc_free", "kmalloc": 64, "operations": 40, "live": 4}))
    assert log.region_start == 0
    for each, begun in ((measured, logged()[1]), (without, log)):
        assert begun.operations[0].start >= begun.began
        assert begun.operations[-1].end - begun.began <= each.cycles


@pytest.mark.parametrize("operations", range(14, 63, 7))
def test_operations_and_events_are_those_that_the_run_counts(operations):
    """Also where warm-up ends while the softirq of another CPU allocates."""
    region = {"pattern": "barrier", "begin_region": True}
    nic = {"name": "nic", "cpu": 5, "every": "300 ns", "interrupts": 60, "burst": 4, "kmalloc": 4096, "ring": 1000}
    warm_up = {"pattern": "alloc_free", "kmalloc": 64, "operations": operations, "live": 4}
    consumer = group(region, {"pattern": "consume", "of": "nic"}, name="c", cpus="last 1")
    measured, log = written_down(group(warm_up, region, warm_up), consumer, devices=[nic])
    assert len(log.objects) == len(log.operations) == sum(row.operations for row in measured.attribution)
    assert {each.in_softirq for each in log.objects if each.cpu == 5} == {True}
    assert {each.in_softirq for each in log.objects if each.cpu != 5} == {False}


def test_a_failed_allocation_is_an_event_of_its_own():
    _, log = written_down(
        group({"pattern": "alloc_free", "kmalloc": 128, "operations": 40, "live": 4}),
        failslab={"probability": 50, "times": -1, "ignore_gfp_wait": False},
    )  # fmt: skip
    assert [each.address for each in log.objects].count(0) > 5


def test_nothing_of_size_0_is_no_event(tmp_path):
    line = "t-1 [000] .... 1.{:06}: kmalloc: call_site=a ptr={} bytes_req={} bytes_alloc={} gfp_flags=GFP_KERNEL\n"
    free = "t-1 [000] .... 1.000003: kfree: call_site=a ptr=10"
    (tmp_path / "t.txt").write_text(line.format(1, "10", 0, 0) + line.format(2, "100", 9, 16) + free)
    log = EventLog(everything=True)
    load = Workload.model_validate({"trace": {"file": str(tmp_path / "t.txt")}})
    run_workload(load_machine("two-socket"), load, log=log)
    assert len(log.operations) == 3
    assert [(each.event, each.bytes_req) for each in log.objects] == [("kmalloc", 9)]


def test_what_no_cache_holds_takes_whole_pages():
    assert [whole_pages(size) for size in (8192, 8193, 16384, 16385)] == [8192, 16384, 16384, 32768]
