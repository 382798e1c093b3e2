"""The lists of a node: order, counts, and the lock that protects them."""

import pytest
from slub_systems import DEACTIVATE_TO_HEAD, DEACTIVATE_TO_TAIL, SITE, Bench

from simslab.kernel.bug import KernelBugError
from simslab.slub import flags as fl
from simslab.slub.layout import FULL


@pytest.fixture
def bench(booted):
    return Bench(booted("1n4c", slab_nomerge=True))


@pytest.fixture
def locked(bench):
    """The same with the node's lock held, and three slabs in no list."""
    pfns = [slab[0] >> 12 for slab in bench.full_slabs(3)]
    bench.cpus[0].irq_save(SITE)
    bench.node.list_lock.lock(bench.cpus[0], SITE)
    return bench, pfns


def add(bench, pfn, tail):
    bench.lists.add_partial(bench.cpus[0], bench.cache, bench.node, pfn, tail)


def test_slabs_enter_at_the_head_or_at_the_tail(locked):
    bench, (a, b, c) = locked
    add(bench, a, DEACTIVATE_TO_HEAD)
    add(bench, b, DEACTIVATE_TO_HEAD)
    add(bench, c, DEACTIVATE_TO_TAIL)
    assert bench.listed() == [b, a, c]
    assert bench.node.nr_partial == 3


def test_any_slab_can_be_taken_off(locked):
    bench, pfns = locked
    for pfn in pfns:
        add(bench, pfn, DEACTIVATE_TO_TAIL)
    bench.lists.remove_partial(bench.cpus[0], bench.cache, bench.node, pfns[1])
    assert bench.listed() == [pfns[0], pfns[2]]
    assert bench.node.nr_partial == 2


def test_full_slabs_are_listed_where_users_are_tracked_and_nowhere_else(locked):
    bench, (pfn, *_) = locked
    for flags, listed in ((0, []), (fl.SLAB_STORE_USER, [pfn])):
        bench.cache.flags = flags
        bench.lists.add_full(bench.cpus[0], bench.cache, bench.node, pfn)
        assert bench.listed(FULL) == listed
    bench.lists.remove_full(bench.cpus[0], bench.cache, bench.node, pfn)
    assert bench.listed(FULL) == []


@pytest.mark.parametrize("call", ["add_partial", "remove_partial", "add_full", "remove_full"])
def test_no_list_changes_without_its_lock(bench, call):
    bench.cache.flags |= fl.SLAB_STORE_USER
    more = (DEACTIVATE_TO_HEAD,) if call == "add_partial" else ()
    with pytest.raises(KernelBugError):
        getattr(bench.lists, call)(bench.cpus[0], bench.cache, bench.node, 1, *more)


def test_the_observer_is_told_which_slab_came_and_went(locked):
    bench, (pfn, *_) = locked
    told = []

    class Observer:
        def partial_added(self, cache, pfn, nid, tail):
            told.append(("added", cache.name, pfn, nid, tail))

        def partial_removed(self, cache, pfn, nid):
            told.append(("removed", cache.name, pfn, nid))

    bench.lists.observer = Observer()
    add(bench, pfn, DEACTIVATE_TO_TAIL)
    bench.lists.remove_partial(bench.cpus[0], bench.cache, bench.node, pfn)
    assert told == [("added", "c", pfn, 0, 1), ("removed", "c", pfn, 0)]
