"""Free pointers, kept beside the simulated memory."""

import pytest

from simslab.kernel.bug import KernelBugError
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


@pytest.mark.parametrize("word", [0, 0x80, 0x12345678, 0x7F00_1234_5678, (1 << 62) + 0xFF])
def test_swapping_bytes_is_that_of_the_processor(booted, word):
    swapped = int.from_bytes(word.to_bytes(8, "little"), "big", signed=True)
    assert booted("1n1c").pages.freelists.swab(word) == swapped


@pytest.fixture
def hardened(booted):
    """An allocator with SLAB_FREELIST_HARDENED, a cache and an object of it, which is free again."""
    allocator = booted("1n1c", slab_nomerge=True, freelist_hardened=True)
    cache, cpu = allocator.kmem_cache_create("c", 64), allocator.kernel.machine.cpus[0]
    objp = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    allocator.kmem_cache_free(cpu, cache, objp)
    return allocator, cache, cpu, objp


def test_a_hardened_pointer_can_only_be_read_with_the_caches_number_and_its_address(hardened):
    allocator, cache, _, objp = hardened
    freelists = allocator.pages.freelists
    word = freelists.owner[allocator.kernel.mem_map.get("slot", objp >> 12)]
    assert freelists.get_freepointer(cache, objp) == objp + 64
    assert word != objp + 64
    address = (objp + cache.offset).to_bytes(8, "little")
    assert word ^ cache.random ^ int.from_bytes(address, "big", signed=True) == objp + 64


def test_caches_have_numbers_of_their_own_which_the_seed_draws(booted):
    first, other = (
        {cache.name: cache.random for cache in booted("1n1c", freelist_hardened=True, freelist_seed=seed).caches}
        for seed in (1, 2)
    )
    assert len(set(first.values())) == len(first)
    assert all(first[name] != other[name] for name in first)


def test_an_object_freed_twice_in_a_row_is_a_bug_when_pointers_are_hardened(hardened):
    allocator, cache, cpu, objp = hardened
    with pytest.raises(KernelBugError, match="of c freed twice in a row"):
        allocator.kmem_cache_free(cpu, cache, objp)


def test_hardened_pointers_cost_more(booted):
    took = []
    for hardened in (False, True):
        allocator = booted("1n1c", slab_nomerge=True, freelist_hardened=hardened)
        cache, cpu = allocator.kmem_cache_create("c", 64), allocator.kernel.machine.cpus[0]
        before = 0
        for _ in range(30):
            before = cpu.now
            allocator.kmem_cache_free(cpu, cache, allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL))
        took.append(cpu.now - before)
    assert 0 < took[1] - took[0] < took[0]
