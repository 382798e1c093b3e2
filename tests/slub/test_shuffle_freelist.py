"""With SLAB_FREELIST_RANDOM the objects of a new slab come in an order drawn for the cache, from any place in it on."""

import pytest
from slub_systems import KERNEL, Bench


def handed_out(booted, count=1, **options):
    """The indices of the objects of a cache's first slabs in the order in which they are handed out, and the cache."""
    bench = Bench(booted("1n1c", slab_nomerge=True, **options))
    objects = [bench.alloc(bench.cache.oo_objects) for _ in range(count)]
    freelists = bench.pages.freelists
    return [[freelists.index(bench.cache, objp) for objp in slab] for slab in objects], bench.cache


def test_without_the_option_objects_are_handed_out_in_order(booted):
    (order,), cache = handed_out(booted)
    assert order == list(range(cache.oo_objects))


def test_every_object_is_handed_out_once_and_slabs_begin_at_different_places_of_one_sequence(booted):
    orders, cache = handed_out(booted, 4, freelist_random=True)
    for order in orders:
        start = order.index(cache.random_seq[0])
        assert order[start:] + order[:start] == cache.random_seq
    assert sorted(orders[0]) == list(range(cache.oo_objects))
    assert len({order[0] for order in orders}) > 1


@pytest.mark.parametrize("seed", [2, 3])
def test_the_order_comes_from_the_seed(booted, seed):
    def drawn(seed):
        return handed_out(booted, freelist_random=True, freelist_seed=seed)[0]

    assert drawn(seed) == drawn(seed) != drawn(seed + 10)


def test_a_smaller_slab_passes_over_the_objects_that_it_lacks(booted):
    allocator = booted("1n1c", slab_nomerge=True, freelist_random=True)
    cache = allocator.kmem_cache_create("c", 700)
    order = allocator.pages.shuffle.shuffle_freelist(cache, cache.min_objects)
    assert sorted(order) == list(range(cache.min_objects))
    doubled = [index for index in cache.random_seq * 2 if index < cache.min_objects]
    assert ",".join(map(str, order)) in ",".join(map(str, doubled))


def test_the_first_caches_are_shuffled_from_the_end_of_boot_on(booted):
    allocator = booted("1n1c", freelist_random=True)
    cache = allocator.kmalloc_slab(64, KERNEL)
    assert cache.random_seq is not None
    assert allocator.pages.shuffle.shuffle_freelist(cache, 1) == []


class FailsAlways:
    def should_failslab(self, cache, flags):
        return cache.name.startswith("kmalloc")


def in_use(allocator, addr):
    """Whether somebody has the object of kmalloc at an address: it is not handed out again."""
    cpu = allocator.kernel.machine.cpus[0]
    return allocator.kmalloc(cpu, 64, KERNEL) != addr


def test_a_cache_keeps_its_sequence_in_memory_from_kmalloc_as_long_as_it_lives(booted):
    allocator = booted("1n1c", slab_nomerge=True, freelist_random=True)
    cache = allocator.kmem_cache_create("c", 256)
    addr = cache.random_seq_addr
    assert allocator.kmalloc_slab(4 * cache.oo_objects, KERNEL).name == "kmalloc-64"
    assert in_use(allocator, addr)
    allocator.kmem_cache_destroy(cache)
    assert not in_use(allocator, addr)


def test_a_cache_without_memory_for_its_sequence_is_not_created(booted, caplog):
    allocator = booted("1n1c", slab_nomerge=True, freelist_random=True)
    allocator.set_failslab(FailsAlways())
    assert allocator.kmem_cache_create("c", 64) is None
    assert "SLUB: Unable to initialize free list for c" in caplog.text


def test_at_the_end_of_boot_the_newest_cache_gets_its_sequence_first(booted):
    """All of one size come from one slab, in order of the addresses where that was not shuffled itself."""
    allocator = booted("1n1c", slab_nomerge=True, freelist_random=True)
    made = [cache for cache in allocator.caches if cache.oo_objects == 16 and "dma" not in cache.name]
    assert len(made) > 2
    addresses = [cache.random_seq_addr for cache in made]
    assert addresses == sorted(addresses, reverse=True)
