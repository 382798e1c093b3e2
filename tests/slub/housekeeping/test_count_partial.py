"""Objects of the slabs on a node's list."""

from slub_systems import Bench

from simslab.slub.housekeeping.count_partial import count_free, count_inuse, count_partial


def test_only_slabs_on_the_list_count_their_objects_free_and_out(booted):
    bench = Bench(booted("1n1c", slab_nomerge=True))
    first, _ = bench.full_slabs(2)  # the CPU's own has one object out, and goes to the list with the first slab
    for objp in first[:3]:
        bench.free(objp)
    bench.flush()
    counts = [count_partial(bench.pages, bench.lists, bench.node, count) for count in (count_free, count_inuse)]
    num = bench.cache.oo_objects
    assert counts == [num - 1 + 3, 1 + num - 3]
