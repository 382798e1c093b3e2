"""What lies around the objects of debugged caches, byte for byte."""

import pytest
from slub_systems import KERNEL

from simslab.slub.debug.contents import (
    RED_ACTIVE,
    RED_INACTIVE,
    TRACK_ALLOC,
    TRACK_FREE,
    Track,
    freeptr_outside_object,
    info_end,
    padding,
    size_from_object,
)


@pytest.fixture
def system(booted):
    """A debug kernel, its CPU and a cache of 56 bytes with two objects out."""
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="FZPU")
    cpu, cache = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("c", 56)
    return allocator, cpu, cache, [allocator.kmem_cache_alloc(cpu, cache, KERNEL) for _ in range(2)]


def around(system, objp):
    """The bytes of an object with its red zones, tracks apart."""
    allocator, _, cache, _ = system
    return allocator.debug.contents.bytes.read(objp - cache.red_left_pad, cache.red_left_pad + cache.inuse)


def test_an_object_in_use_has_active_red_zones_and_the_pattern(system):
    red = bytes([RED_ACTIVE])
    assert around(system, system[3][0]) == red * 8 + b"\x6b" * 55 + b"\xa5" + red * 8


def test_a_free_object_has_inactive_ones(system):
    allocator, cpu, cache, objects = system
    allocator.kmem_cache_free(cpu, cache, objects[0])
    red = bytes([RED_INACTIVE])
    assert around(system, objects[0]) == red * 8 + b"\x6b" * 55 + b"\xa5" + red * 8


def test_metadata_follow_the_object_and_padding_fills_the_stride(system):
    allocator, _, cache, objects = system
    assert freeptr_outside_object(cache)
    assert info_end(cache) == cache.offset + 8 == cache.inuse + 8
    begin, length = padding(cache)
    assert begin == info_end(cache) + 48
    assert begin + length == size_from_object(cache) == cache.size - cache.red_left_pad
    assert allocator.debug.contents.bytes.read(objects[0] + begin, length) == b"\x5a" * length


def test_tracks_say_who_allocated_and_who_freed(system):
    allocator, cpu, cache, objects = system
    contents, text = allocator.debug.contents, allocator.debug.reports.text
    allocated = contents.get_track(cache, objects[0], TRACK_ALLOC)
    assert (allocated.cpu, allocated.pid, text.symbol(allocated.addr)) == (0, 1, "swapper/0+0x10/0x40")
    assert contents.get_track(cache, objects[0], TRACK_FREE) == Track(0)
    allocator.kmem_cache_free(cpu, cache, objects[0])
    assert text.symbol(contents.get_track(cache, objects[0], TRACK_FREE).addr) == "swapper/0+0x20/0x40"


def test_zeroed_objects_are_zero_between_their_red_zones(system):
    allocator, cpu, cache, _ = system
    objp = allocator.kmem_cache_alloc(cpu, cache, KERNEL | 0x100)
    assert around(system, objp)[8:-8] == bytes(56)


def test_a_write_over_a_free_pointer_is_what_checks_read_and_lists_do_not(system):
    allocator, cpu, cache, objects = system
    allocator.kmem_cache_free(cpu, cache, objects[0])
    contents, following = allocator.debug.contents, allocator.pages.freelists.get_freepointer(cache, objects[0])
    assert contents.pointer(cache, objects[0]) == following != 0
    allocator.debug.write(objects[0] + cache.offset, b"\x01")
    assert contents.pointer(cache, objects[0]) == following & ~0xFF | 1
    assert allocator.pages.freelists.get_freepointer(cache, objects[0]) == following


def test_a_hardened_free_pointer_that_is_written_over_leads_anywhere(booted):
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="FZPU", freelist_hardened=True)
    cpu, cache = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("c", 56)
    objp = allocator.kmem_cache_alloc(cpu, cache, KERNEL)
    allocator.kmem_cache_free(cpu, cache, objp)
    allocator.debug.write(objp + cache.offset, bytes(8))
    assert allocator.debug.contents.pointer(cache, objp) >> 48 != 0


def test_the_bytes_go_with_the_slab(system):
    allocator, cpu, cache, objects = system
    for objp in objects:
        allocator.kmem_cache_free(cpu, cache, objp)
    assert allocator.debug.slab_at(objects[0]) is not None
    allocator.kmem_cache_shrink(cpu, cache)
    assert allocator.debug.slab_at(objects[0]) is None
