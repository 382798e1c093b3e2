import pytest

from simslab.allocator.cache import Cache
from simslab.kernel.mm import gfp
from simslab.slab_common.failslab import FailSlab
from simslab.slab_common.flags import SLAB_FAILSLAB

CACHE = Cache(1, 0, "files")
CACHE.object_size = 100


def failures(faults, count=1000, cache=CACHE, flags=0):
    return [faults.should_failslab(cache, flags) for _ in range(count)]


def test_about_the_given_percentage_fails():
    assert 200 < sum(failures(FailSlab(25, seed=1))) < 300


def test_equal_seeds_fail_the_same_allocations():
    assert failures(FailSlab(25, seed=4)) == failures(FailSlab(25, seed=4)) != failures(FailSlab(25, seed=5))


def test_only_every_nth_allocation_may_fail():
    assert failures(FailSlab(100, interval=3), 6) == [False, False, True, False, False, True]


def test_failures_end_after_so_many_times():
    assert sum(failures(FailSlab(100, times=2), 10)) == 2


def test_the_first_bytes_are_spared():
    assert failures(FailSlab(100, space=250), 4) == [False, False, True, True]


@pytest.mark.parametrize(("flags", "spared"), [(gfp.NOFAIL, True), (gfp.DIRECT_RECLAIM, True), (gfp.GFP_ATOMIC, False)])
def test_requests_that_must_not_fail_or_may_reclaim_are_spared(flags, spared):
    assert FailSlab(100).should_failslab(CACHE, flags) is not spared


def test_requests_that_may_reclaim_fail_when_told_so():
    assert FailSlab(100, ignore_gfp_reclaim=False).should_failslab(CACHE, gfp.DIRECT_RECLAIM)


def test_only_the_caches_named_fail():
    faults = FailSlab(100, cache_filter=True, caches=frozenset({"inodes"}))
    assert not faults.should_failslab(CACHE, 0)
    assert faults.should_failslab(Cache(2, 0, "inodes"), 0)


def test_caches_marked_by_their_flag_fail_beside_those_named():
    marked = Cache(2, 0, "marked")
    marked.flags = SLAB_FAILSLAB
    assert FailSlab(100, cache_filter=True).should_failslab(marked, 0)
    assert FailSlab(100, cache_filter=True, caches=frozenset({"inodes"})).should_failslab(marked, 0)
    assert not FailSlab(100, cache_filter=True).should_failslab(CACHE, 0)


def test_without_the_filter_marked_caches_are_like_the_others():
    marked = Cache(2, 0, "marked")
    marked.flags = SLAB_FAILSLAB
    assert FailSlab(100).should_failslab(marked, 0)
    assert FailSlab(100).should_failslab(CACHE, 0)


def test_the_cache_of_caches_never_fails():
    assert not FailSlab(100).should_failslab(Cache(1, 0, "kmem_cache"), 0)
