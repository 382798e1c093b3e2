"""Free pointers, kept beside the simulated memory."""

import pytest

from simslab.kernel.mm import gfp


@pytest.fixture
def slab(booted):
    """An allocator, a cache of 24-byte objects and the addresses of the first slab's."""
    allocator = booted("1n1c", slab_nomerge=True)
    cache = allocator.kmem_cache_create("c", 24)
    cpu = allocator.kernel.machine.cpus[0]
    first = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    return allocator.pages.freelists, cache, [first + 24 * index for index in range(cache.oo_objects)]


def test_a_new_slab_is_chained_in_order(slab):
    freelists, cache, objects = slab
    assert freelists.objects(cache, objects[0]) == objects
    assert freelists.indices(cache, objects[0]) == list(range(cache.oo_objects))


def test_a_pointer_changes_what_follows(slab):
    freelists, cache, objects = slab
    freelists.set_freepointer(cache, objects[3], objects[100])
    assert freelists.get_freepointer(cache, objects[3]) == objects[100]
    assert freelists.objects(cache, objects[0])[:5] == [*objects[:4], objects[100]]


def test_a_circle_is_shown_and_ends(slab):
    freelists, cache, objects = slab
    freelists.set_freepointer(cache, objects[2], objects[1])
    assert freelists.objects(cache, objects[0]) == [*objects[:3], objects[1]]


@pytest.mark.parametrize("size", [8, 24, 72, 192, 1000, 4096, 40_000])
def test_the_reciprocal_finds_every_index(booted, size):
    allocator = booted("1n1c", slab_nomerge=True)
    cache = allocator.kmem_cache_create("c", size)
    freelists = allocator.pages.freelists
    for index in range(cache.oo_objects):
        for offset in (0, cache.size - 1):
            assert freelists.obj_to_index(cache, index * cache.size + offset) == index


def test_rows_of_slabs_given_back_are_used_again(booted):
    allocator = booted("1n1c", slab_nomerge=True)
    cache = allocator.kmem_cache_create("c", 64)
    cpu = allocator.kernel.machine.cpus[0]
    used = []
    for _ in range(5):
        objects = [allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL) for _ in range(64 * 20)]
        for objp in objects:
            allocator.kmem_cache_free(cpu, cache, objp)
        allocator.kmem_cache_shrink(cpu, cache)
        used.append(allocator.pages.freelists.used)
    assert used == [used[0]] * 5
