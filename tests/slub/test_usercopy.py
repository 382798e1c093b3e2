"""Whether user space may copy part of an object."""

import pytest

from simslab.kernel.mm import gfp
from simslab.slub.usercopy import check_heap_object


def copied(booted, offset, length, **options):
    allocator = booted("1n1c", slab_nomerge=True, **options)
    cache = allocator.kmem_cache_create("files", 192, useroffset=16, usersize=64)
    cpu = allocator.kernel.machine.cpus[0]
    objects = [allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL) for _ in range(3)]
    return check_heap_object(allocator, objects[2] + offset, length)


@pytest.mark.parametrize(
    ("offset", "length", "told"),
    [
        (16, 64, ""),
        (40, 8, ""),
        (0, 8, "SLUB object 'files' (offset 0, size 8)"),
        (72, 16, "SLUB object 'files' (offset 72, size 16)"),
    ],
)
def test_a_copy_must_lie_in_the_window_of_its_cache(booted, offset, length, told):
    assert copied(booted, offset, length) == told


def test_red_zones_are_no_part_of_an_object(booted):
    assert copied(booted, 16, 64, slub_debug="Z") == ""
    assert copied(booted, -8, 4, slub_debug="Z") == "SLUB object in left red zone 'files' (offset 0, size 4)"
