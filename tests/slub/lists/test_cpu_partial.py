"""A CPU's list of partial slabs: what it adds up to, and how it goes to the nodes."""

import pytest
from slub_systems import Bench, holders_who_let_in

from simslab.kernel.bug import KernelBugError
from simslab.slub.layout import FROZEN


@pytest.fixture
def bench(booted):
    return Bench(booted("2n8c", slab_nomerge=True))


def put(bench, slabs, free=1):
    """Free so many objects of each full slab: it is put on the list of CPU 0; the pfns in the order of the list."""
    for slab in slabs:
        for objp in slab[:free]:
            bench.free(objp)
    return [slab[0] >> 12 for slab in reversed(slabs)]


def test_the_first_slab_knows_how_many_follow_and_the_objects_that_were_free_when_they_came(bench):
    pfns = put(bench, bench.full_slabs(3), free=2)
    assert bench.partial.entries(bench.c) == [(pfns[0], 3, 3), (pfns[1], 2, 2), (pfns[2], 1, 1)]


def test_slabs_on_the_list_are_frozen_and_off_it_they_are_not(bench):
    pfns = put(bench, bench.full_slabs(2))
    assert [bench.pages.frozen(pfn) for pfn in pfns] == [1, 1]
    bench.irqs_off(bench.partial.unfreeze_partials, bench.c)
    assert [bench.pages.frozen(pfn) for pfn in pfns] == [0, 0]
    assert (bench.c.partial, bench.listed()) == (-1, pfns)


def test_each_slab_goes_to_the_list_of_its_own_node(bench):
    here, there = bench.full_slabs(1), bench.full_slabs(1, cpu=4)
    put(bench, [*here, *there])
    _, counts = bench.irqs_off(bench.partial.unfreeze_partials, bench.c)
    assert (bench.listed(), bench.listed(node=1)) == ([here[0][0] >> 12], [there[0][0] >> 12])
    assert counts == {"FREE_ADD_PARTIAL": 2}


def test_a_list_with_more_objects_than_cpu_partial_is_drained_before_the_next_slab(bench):
    bench.cache.cpu_partial = 2
    slabs = bench.full_slabs(4)
    pfns = put(bench, slabs)
    assert bench.partial.entries(bench.c) == [(pfns[0], 1, 1)]
    assert bench.listed() == pfns[1:]
    assert bench.allocator.statistics(bench.cache)[25] == 1  # CPU_PARTIAL_DRAIN


def test_a_cache_that_keeps_none_on_its_cpus_gives_the_list_to_the_node_at_once(bench):
    bench.cache.cpu_partial = 0
    pfns = put(bench, bench.full_slabs(2))
    assert (bench.c.partial, bench.listed()) == (-1, pfns[::-1])
    assert [bench.pages.frozen(pfn) for pfn in pfns] == [0, 0]


@pytest.mark.parametrize(("min_partial", "kept"), [(0, 0), (1, 1), (5, 2)])
def test_empty_slabs_are_given_back_once_the_nodes_list_is_long_enough(bench, min_partial, kept):
    put(bench, bench.full_slabs(2), free=bench.cache.oo_objects)
    bench.cache.min_partial = min_partial
    _, counts = bench.irqs_off(bench.partial.unfreeze_partials, bench.c)
    assert len(bench.listed()) == kept
    assert counts.get("FREE_SLAB", 0) == counts.get("DEACTIVATE_EMPTY", 0) == 2 - kept
    assert bench.node.nr_slabs == kept + 1  # and the CPU's slab


def test_interrupts_must_be_off(bench):
    with pytest.raises(KernelBugError, match="unfreeze_partials with interrupts on"):
        bench.partial.unfreeze_partials(bench.cpus[0], bench.cache, bench.c)


def test_a_listed_slab_that_is_not_frozen_is_a_bug(bench):
    (pfn,) = put(bench, bench.full_slabs(1))
    bench.mem_map.set("s_mem", pfn, bench.mem_map.get("s_mem", pfn) & ~FROZEN)
    with pytest.raises(KernelBugError, match=f"slab {pfn} of c on a CPU's list is not frozen"):
        bench.irqs_off(bench.partial.unfreeze_partials, bench.c)


def test_the_observer_is_told_which_slab_a_cpu_put_on_its_list(bench):
    told = []

    class Observer:
        def cpu_partial_put(self, cache, cpu, pfn):
            told.append((cache.name, cpu, pfn))

    bench.partial.observer = Observer()
    (slab,) = bench.full_slabs(1, cpu=4)
    bench.free(slab[0], cpu=5)
    assert told == [("c", 5, slab[0] >> 12)]


def test_others_come_to_the_nodes_lock_between_the_slabs_of_a_list(bench):
    bench.cache.cpu_partial = 100
    put(bench, bench.full_slabs(12))
    seen = holders_who_let_in(
        bench.allocator, bench.cache, lambda _: bench.irqs_off(bench.partial.unfreeze_partials, bench.c)
    )
    assert seen == {0}
