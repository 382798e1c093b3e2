"""A pointer chase shows the sizes and the latencies of the caches."""

import pytest

from simslab.instruments.measure.chase import chase_curve, level_latencies, memory_end
from simslab.machine.library import load_machine

SMALL = ("l2.size=64 KiB", "l2.ways=4", "l3.size=256 KiB", "l3.ways=4")


def test_each_level_has_the_latency_of_its_parameter():
    levels = level_latencies(load_machine("one-node", SMALL))
    assert [(level.level, level.cycles) for level in levels] == [("L1", 4), ("L2", 12), ("L3", 30)]


def test_latency_steps_up_where_a_cache_ends():
    curve = {point.bytes: point.cycles for point in chase_curve(load_machine("one-node", SMALL), largest=1 << 19)}
    assert curve[32 << 10] == 4
    assert curve[64 << 10] == 12
    assert curve[256 << 10] == 30
    assert curve[512 << 10] == pytest.approx(30 + 53 * 3.4, abs=1)


def test_a_missing_private_l2_leaves_the_shared_one_as_second_level():
    levels = level_latencies(load_machine("knights-landing"))
    assert [(level.level, level.cycles) for level in levels] == [("L1", 4), ("L2", 17)]


@pytest.mark.parametrize(("memory", "last", "end"), [(None, 1 << 20, None), ("1536 KiB", 1 << 19, 3 << 19)])
def test_the_curve_is_in_the_nodes_memory(memory, last, end):
    spec = load_machine("one-node", (*SMALL, *([f"nodes[0].memory={memory}"] if memory else [])))
    assert chase_curve(spec)[-1].bytes == last
    assert memory_end(spec) == end


def test_a_level_for_which_the_node_has_no_memory_is_left_out():
    small = load_machine("one-node", (*SMALL, "nodes[0].memory=1056 KiB"))
    assert [level.level for level in level_latencies(small)] == ["L1"]


@pytest.mark.parametrize("size", ["40 KiB", "48 KiB", "60 KiB"])
def test_a_level_less_than_twice_as_large_as_that_above_has_its_own_latency(size):
    changes = ("l2.size=" + size, f"l2.ways={int(size[:2]) // 4}", *SMALL[2:])
    assert [level.cycles for level in level_latencies(load_machine("one-node", changes))] == [4, 12, 30]


def test_a_level_that_is_hardly_larger_than_that_above_is_left_out():
    levels = level_latencies(load_machine("one-node", ("l2.size=34 KiB", "l2.ways=17", *SMALL[2:])))
    assert [(level.level, level.cycles) for level in levels] == [("L1", 4), ("L3", 30)]
