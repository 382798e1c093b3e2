"""SLUB's structures as they are made."""

import pytest

from simslab.kernel.bug import KernelBugError
from simslab.slub.kmem_cache import KmemCache, KmemCacheCpu, KmemCacheNode
from simslab.slub.stat_item import NR_SLUB_STAT_ITEMS


def test_a_cpu_begins_without_a_slab():
    c = KmemCacheCpu(0x1000, 3)
    assert (c.freelist, c.page, c.partial, c.tid) == (0, -1, -1, 3)
    assert c.stats() == [0] * NR_SLUB_STAT_ITEMS


def test_the_counters_of_two_cpus_are_their_own():
    first, second = KmemCacheCpu(0, 0), KmemCacheCpu(0, 0)
    first.stat_owner[2] = 7
    assert first.stats()[2] == 7
    assert second.stats()[2] == 0


def test_a_node_begins_with_both_lists_empty(booted):
    n = KmemCacheNode(0x2000, 1, booted("1n1c").new_lock(0x2000, "list_lock"))
    assert list(n.lists_owner) == [-1] * 4
    assert (n.nr_partial, n.nr_slabs, n.total_objects) == (0, 0, 0)


def test_a_node_that_the_cache_does_not_have_is_a_bug_and_not_listed(booted):
    cache = KmemCache(1, 0, "c", 3)
    cache.node[2] = n = KmemCacheNode(0, 2, booted("1n1c").new_lock(0, "list_lock"))
    assert cache.nodes() == [n]
    assert cache.get_node(2) is n
    with pytest.raises(KernelBugError, match="cache c has no structure for node 1"):
        cache.get_node(1)
