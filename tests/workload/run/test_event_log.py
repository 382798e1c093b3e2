"""Single operations written down: every one of the region, with the figures that the run itself counted."""

from collections import Counter

from logged_runs import logged

from simslab.result.latency import merge_rows


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
