import logging

import pytest
from memcg_systems import MemcgSystem

from simslab.allocator.cache import Cache
from simslab.conform.topologies import new_system
from simslab.slab import cflgs
from simslab.slab.creation.options import SlabOptions
from simslab.slab_common import flags as fl
from simslab.slab_common.merging import MergeRules, find_mergeable
from simslab.slab_common.slab_state import KernelPanicError


@pytest.fixture
def allocator():
    return new_system("2n8c", SlabOptions())


def create(allocator, name, size, **arguments):
    return allocator.kmem_cache_create(name, size, **arguments)


def plain_cache(size, align):
    cache = Cache(1, 0, "plain")
    cache.size, cache.align, cache.refcount = size, align, 1
    return cache


@pytest.mark.parametrize(
    ("align", "asked", "by_alignment", "shared"),
    [(8, 8, True, True), (8, 64, True, False), (8, 64, False, True), (96, 64, True, False), (128, 64, True, True)],
)
def test_where_alignment_counts_the_caches_own_must_be_a_multiple(align, asked, by_alignment, shared):
    cache = plain_cache(384, align)
    assert (find_mergeable([cache], 384, asked, 0, MergeRules(64, by_alignment)) is cache) is shared


@pytest.mark.parametrize(("references", "shared"), [(-1, False), (0, True), (1, True)])
def test_boot_caches_are_exempt_while_their_references_are_below_zero(references, shared):
    cache = plain_cache(384, 8)
    cache.refcount = references
    assert (find_mergeable([cache], 384, 8, 0, MergeRules(64, True)) is cache) is shared


@pytest.mark.parametrize(("size", "shared"), [(384, True), (377, True), (376, False), (385, False)])
def test_less_than_a_word_may_be_wasted(size, shared):
    cache = plain_cache(384, 8)
    assert (find_mergeable([cache], size, 8, 0, MergeRules(64, False)) is cache) is shared


def test_equal_caches_are_shared_and_counted(allocator):
    first = create(allocator, "first", 40)
    assert create(allocator, "second", 40) is first
    assert first.refcount == 2


def test_the_oldest_match_is_shared(allocator):
    for i in range(2):
        create(allocator, f"c{i}", 40, ctor=1)  # older, but never shared
    plain = create(allocator, "plain", 40)
    assert create(allocator, "later", 36) is plain
    older, newer = plain_cache(384, 8), plain_cache(384, 8)
    assert find_mergeable([older, newer], 384, 8, 0, MergeRules(64, False)) is older


def test_sharing_raises_object_size_for_good(allocator):
    cache = create(allocator, "small", 33)
    create(allocator, "large", 40)
    assert cache.object_size == 40
    allocator.kmem_cache_destroy(cache)
    assert (cache.refcount, cache.object_size) == (1, 40)


@pytest.mark.parametrize(
    "arguments",
    [{"ctor": 1}, {"flags": fl.SLAB_TYPESAFE_BY_RCU}, {"flags": fl.SLAB_NOLEAKTRACE}, {"usersize": 8}],
)
def test_some_caches_are_never_shared(allocator, arguments):
    first = create(allocator, "first", 40, **arguments)
    assert create(allocator, "second", 40, **arguments) is not first


def test_reclaimable_and_other_memory_do_not_mix(allocator):
    create(allocator, "plain", 40)
    cache = create(allocator, "inodes", 40, flags=fl.SLAB_RECLAIM_ACCOUNT)
    assert cache.name == "inodes"


def test_nomerge_keeps_caches_apart():
    allocator = new_system("1n1c", SlabOptions(slab_nomerge=True))
    assert create(allocator, "first", 40) is not create(allocator, "second", 40)


def test_a_forbidden_flag_makes_no_cache_and_warns(allocator, caplog):
    known = len(allocator.caches)
    with caplog.at_level(logging.WARNING, "simslab.kernel"):
        assert create(allocator, "bad", 64, flags=cflgs.CFLGS_OFF_SLAB) is None
    assert "kmem_cache_create(bad) failed with error -22" in caplog.text
    assert len(allocator.caches) == known


def test_a_creation_that_succeeds_says_nothing(allocator):
    create(allocator, "good", 64, flags=fl.SLAB_PANIC, ctor=1)
    assert allocator.kernel.log.lines == []


def test_panic_flag_stops_the_kernel(allocator):
    with pytest.raises(KernelPanicError, match=r"Failed to create slab 'huge'\. Error -7"):
        create(allocator, "huge", (4 << 20) + 8, flags=fl.SLAB_PANIC)


def live_objects(cache):
    free = sum(node.free_objects for node in cache.node) + sum(array.avail for array in cache.cpu_cache)
    return sum(node.total_slabs for node in cache.node) * cache.num - free


def test_a_failed_creation_gives_everything_back(allocator):
    before = live_objects(allocator.kmem_cache), len(allocator.by_index)
    assert create(allocator, "huge", (4 << 20) + 8) is None
    assert (live_objects(allocator.kmem_cache), len(allocator.by_index)) == before


def test_an_impossible_usercopy_window_is_dropped(allocator):
    cache = create(allocator, "window", 40, useroffset=32, usersize=16)
    assert (cache.useroffset, cache.usersize) == (0, 0)


@pytest.mark.parametrize("first_flags", [0, fl.SLAB_ACCOUNT])
@pytest.mark.parametrize("which", ["slab", "slub"])
def test_charged_and_other_objects_do_not_mix(which, first_flags):
    allocator = MemcgSystem(which).allocator
    first = allocator.kmem_cache_create("first", 1000, flags=first_flags)
    second = allocator.kmem_cache_create("second", 1000, flags=fl.SLAB_ACCOUNT)
    assert (first is second) == (first_flags == fl.SLAB_ACCOUNT)
