"""What a cache gets when it is created, and gives back when it goes."""

import pytest
from one_fails import OneFails

from simslab.conform.topologies import new_system
from simslab.kernel.mm import gfp
from simslab.slab.cflgs import CFLGS_OFF_SLAB
from simslab.slab.creation.geometry import cache_geometry
from simslab.slab.creation.options import SlabOptions
from simslab.slab.creation.set_up import kmem_cache_release, rules_of
from simslab.slab_common import flags as fl
from simslab.slab_common.alignment import reciprocal_value


@pytest.fixture
def allocator():
    return new_system("2n8c", SlabOptions())


@pytest.fixture
def cpu(allocator):
    return allocator.kernel.machine.cpus[0]


def test_what_sizing_decided_is_stored(allocator):
    cache = allocator.kmem_cache_create("files", 1000, flags=fl.SLAB_RECLAIM_ACCOUNT, ctor=1)
    sized = cache_geometry(1000, 8, fl.SLAB_RECLAIM_ACCOUNT, True, rules_of(allocator))
    for name in ("align", "flags", "size", "num", "gfporder", "colour", "colour_off", "freelist_size", "allocflags"):
        assert getattr(cache, name) == getattr(sized, name), name
    assert (cache.reciprocal_m, cache.reciprocal_sh1, cache.reciprocal_sh2) == reciprocal_value(cache.size)
    assert cache.allocflags & gfp.RECLAIMABLE


def test_a_freelist_off_the_slab_comes_from_the_kmalloc_cache_that_holds_it(allocator):
    cache = allocator.kmem_cache_create("large", 2048, ctor=1)
    assert cache.flags & CFLGS_OFF_SLAB
    assert cache.freelist_cache is allocator.kmalloc_slab(cache.num, 0)
    assert allocator.kmem_cache_create("small", 100, ctor=1).freelist_cache is None


def test_rules_are_those_of_the_options_and_of_boot():
    options = SlabOptions(debug_slab=True, debug_pagealloc=True, init_on_free=True, slab_max_order=3)
    rules = rules_of(new_system("1n1c", options))
    assert (rules.debug_slab, rules.debug_pagealloc, rules.init_on_free, rules.slab_max_order) == (True, True, True, 3)
    assert rules.kmalloc_slab(100).name == "kmalloc-128"
    assert rules.kmalloc_slab(8 << 20) is None


@pytest.mark.parametrize("debug", [False, True])
def test_debug_flags_reach_a_cache_of_a_debug_kernel_only(debug):
    allocator = new_system("1n1c", SlabOptions(debug_slab=debug))
    assert bool(allocator.kmem_cache_create("files", 100, flags=fl.SLAB_POISON).flags & fl.SLAB_POISON) is debug


def test_a_size_that_no_slab_holds_is_refused_and_nothing_is_kept(allocator):
    used = allocator.kernel.percpu.used()
    assert allocator.kmem_cache_create("huge", (4 << 20) + 8) is None
    assert allocator.kernel.percpu.used() == used


def in_use(allocator):
    """Bytes of per-CPU arrays, and objects of each kmalloc cache that somebody has."""
    used = [allocator.kernel.percpu.used()]
    for cache in (cache for cache in allocator.caches if "kmalloc" in cache.name):
        free = sum(array.avail for array in cache.cpu_cache)
        for node in cache.node:
            free += node.free_objects + (node.shared.avail if node.shared else 0)
            free += sum(alien.ac.avail for alien in node.alien if alien is not None)
        used.append(sum(node.total_slabs for node in cache.node) * cache.num - free)
    return used


def test_a_cache_released_has_no_nodes_and_arrays_with_room_for_nothing(allocator, cpu):
    before = in_use(allocator)
    cache = allocator.kmem_cache_create("files", 512, ctor=1)
    assert all(now >= then for now, then in zip(in_use(allocator), before, strict=True))
    assert in_use(allocator) != before
    kmem_cache_release(allocator, cpu, cache)
    assert in_use(allocator) == before
    assert cache.node == [None, None]
    assert {(ac.avail, ac.limit) for ac in cache.cpu_cache} == {(0, 0)}


@pytest.mark.parametrize("number", range(2, 8))
def test_a_cache_that_gets_some_of_its_arrays_only_gives_them_back(allocator, number):
    before = in_use(allocator)
    allocator.set_failslab(OneFails(number))
    assert allocator.kmem_cache_create("files", 512, ctor=1) is None
    assert in_use(allocator) == before


def test_caches_with_a_constructor_are_not_shared(allocator):
    plain = allocator.kmem_cache_create("first", 200)
    assert allocator.kmem_cache_create("second", 200) is plain
    assert allocator.kmem_cache_create("third", 200, ctor=1) is not plain
