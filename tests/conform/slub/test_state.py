"""A cache's state and events in the words of a trace."""

import pytest
from slub_systems import Bench

from simslab.conform.slub.state import SlabNames, StateReader


@pytest.fixture
def watched(booted):
    """A cache whose slabs are numbered from the first on."""
    bench = Bench(booted("2n8c", slab_nomerge=True))
    names = SlabNames(bench.allocator)
    names.cache = bench.cache
    bench.allocator.observe(names)
    return bench, names, StateReader(names, [0, 5])


def test_objects_go_by_slab_and_index(watched):
    bench, names, _ = watched
    num = bench.cache.oo_objects
    objects = bench.alloc(num + 1)
    assert [names.name(objp) for objp in (objects[0], objects[1], objects[num], 0)] == [[0, 0], [0, 1], [1, 0], None]
    assert [names.address(tuple(names.name(objp))) for objp in objects] == objects


def test_slabs_are_told_as_they_come_move_and_go(watched):
    bench, names, _ = watched
    (slab,) = bench.full_slabs(1)
    order = bench.cache.oo_order
    assert names.events == [["g", 0, 0, order, bench.cache.oo_objects], ["g", 1, 0, order, bench.cache.oo_objects]]
    names.events.clear()
    bench.free(slab[0], cpu=5)
    bench.flush(of_cpu=5)
    assert names.events == [["p", 5, 0], ["F", 5], ["a", 0, 0, 1]]
    names.events.clear()
    for objp in slab[1:]:
        bench.free(objp, cpu=5)
    bench.cache.min_partial = 0
    bench.allocator.kmem_cache_shrink(bench.cpus[0], bench.cache)
    assert ["d", 0, 0] in names.events


def test_another_caches_slabs_have_no_number(watched):
    bench, names, _ = watched
    bench.allocator.kmalloc(bench.cpus[0], 4096, 0xCC0)
    assert names.events == []


def test_each_cpus_slab_freelist_and_list_are_read(watched):
    bench, _, reader = watched
    slabs = bench.full_slabs(2)
    bench.free(slabs[0][0], cpu=5)
    bench.free(slabs[1][0], cpu=5)
    state = reader.read()
    num = bench.cache.oo_objects
    assert state["c"] == [[2, num - 1, []], [-1, 0, [[1, 2, 2], [0, 1, 1]]]]
    assert state["fl"] == {0: list(range(1, num)), 5: []}


def test_each_slab_is_where_it_is(watched):
    bench, _, reader = watched
    slabs = bench.full_slabs(3)
    bench.free(slabs[0][2], cpu=5)
    bench.flush(of_cpu=5)
    bench.free(slabs[1][4], cpu=5)
    slab_states = reader.read()["s"]
    assert {number: state[3] for number, state in slab_states.items()} == {0: "P", 1: "L5", 2: "F", 3: "C0"}
    num = bench.cache.oo_objects
    assert slab_states[0] == [0, num - 1, 0, "P", [2], 0, num, bench.cache.oo_order]


def test_a_nodes_counters_and_list_are_read(watched):
    bench, _, reader = watched
    (slab,) = bench.full_slabs(1)
    bench.free(slab[0], cpu=5)
    bench.flush(of_cpu=5)
    num = bench.cache.oo_objects
    assert reader.read()["n"] == [[0, 1, 2, 2 * num, [0]], [1, 0, 0, 0, []]]
