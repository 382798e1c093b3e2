"""Where each line came from, by line: together what the run counted by source, and named by what lies there."""

from collections import Counter
from types import SimpleNamespace

from logged_runs import logged

from simslab.kernel import layout
from simslab.workload.run.lines.line_log import LineLog, Region


def test_the_lines_together_are_those_that_the_run_counted():
    measured, log, _ = logged()
    counted = Counter()
    for row in measured.transfers:
        counted[row.source] += row.lines
    assert sum(_fetched(each) for each in log.lines.lines.values()) == sum(counted.values())
    for source in ("l2", "local_dram", "remote_dram"):
        assert sum(getattr(each, source) for each in log.lines.lines.values()) <= counted[source]
    dirty = sum(each.hitm for each in log.lines.lines.values())
    assert 0 < dirty <= counted["other_core"] + counted["remote_cache"]


def _fetched(each):
    return each.loads - each.l1 + each.stores - each.l1_stores


def test_most_accesses_are_answered_by_the_l1():
    lines = logged()[1].lines.lines.values()
    loads, stores = sum(each.loads for each in lines), sum(each.stores for each in lines)
    assert 0.5 < sum(each.l1 for each in lines) / loads < 1
    assert 0.3 < sum(each.l1_stores for each in lines) / stores < 1


def test_hits_of_warm_up_are_forgotten():
    """The log is of the region: its loads of a line that only warm-up touched are gone."""
    meeting = SimpleNamespace(region_start=0)
    log = LineLog()
    log._meeting, log._node = meeting, [0, 1]
    log.hit(0, 7, 0)
    meeting.region_start = 500
    log.hit(1, 8, 1)
    assert {line: (each.loads, each.stores, each.nodes) for line, each in log.lines.items()} == {8: (0, 1, {1})}


def test_every_load_came_from_somewhere():
    for each in logged()[1].lines.lines.values():
        parts = (
            each.l1,
            each.l2,
            each.llc,
            each.local_hitm,
            each.remote_hitm,
            each.remote_hit,
            each.local_dram,
            each.remote_dram,
        )
        assert sum(parts) == each.loads


def test_locks_and_arrays_that_cpus_share_are_hit_while_modified():
    log = logged()[1].lines
    names = [log.name(line) for line, counts in log.lines.items() if counts.hitm]
    assert any(name.startswith("alien_cache of c, node") for name in names)
    assert any("kmem_cache_node of c, node" in name for name in names)


def test_a_line_is_named_by_the_fields_that_lie_in_it():
    log = LineLog()
    log.regions = [Region(0x1000, 0x1000 + layout.NODE_BYTES, "kmem_cache_node", "c, node 0")]
    assert log.name(0x1000 >> 6) == "kmem_cache_node of c, node 0: list_lock..total_slabs"
    assert log.name(0x1040 >> 6) == "kmem_cache_node of c, node 0: free_slabs..free_touched"
    assert log.name(0x2000 >> 6) == "kernel data"


def test_what_lies_in_an_object_is_told_rather_than_the_object():
    log = LineLog()
    log.regions = [
        Region(0x1000, 0x2000, "object", "kmalloc-128"),
        Region(0x1000, 0x1000 + layout.ALIEN_CACHE_AC, "alien_cache", "c, node 0 for node 1"),
    ]
    assert log.name(0x1000 >> 6) == "alien_cache of c, node 0 for node 1: lock"
    assert log.name(0x1080 >> 6) == "object of kmalloc-128"


def test_an_array_has_its_entries_behind_its_numbers():
    log = LineLog()
    log.regions = [Region(0x1000, 0x1200, "array_cache", "c, CPU 0")]
    assert log.name(0x1000 >> 6) == "array_cache of c, CPU 0: avail..entry[]"
    assert log.name(0x1040 >> 6) == "array_cache of c, CPU 0: entry[]"
