"""Caches checked on demand."""

import pytest

from simslab.kernel.mm import gfp
from simslab.slub.housekeeping.validate import validate_slab_cache


def bugs(allocator):
    return [line.split("): ", 1)[1] for line in allocator.kernel.log.lines if "BUG " in line]


@pytest.fixture
def system(booted):
    """A kernel that checks everything, its CPU, a cache, and its objects out: one full slab and two of the next."""
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="FZPU")
    cpu, cache = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("c", 500)
    objects = [allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL) for _ in range(cache.oo_objects + 2)]
    return allocator, cpu, cache, objects


def test_a_sound_cache_is_said_nothing_of(system):
    allocator, cpu, cache, _ = system
    validate_slab_cache(allocator, cpu, cache)
    assert bugs(allocator) == []
    assert not cpu.irqs_off


@pytest.mark.parametrize("which", [0, -1])
def test_a_write_beside_an_object_is_found_on_full_and_on_partial_slabs(system, which):
    allocator, cpu, cache, objects = system
    allocator.debug.write(objects[which] + 500, b"A")
    validate_slab_cache(allocator, cpu, cache)
    assert bugs(allocator) == ["Right Redzone overwritten"]


def test_a_write_into_a_free_object_is_found(system):
    allocator, cpu, cache, objects = system
    allocator.kmem_cache_free(cpu, cache, objects[0])
    allocator.debug.write(objects[0] + 9, b"A")
    assert allocator.write_attribute(cpu, cache, "validate", 1) == 1
    assert bugs(allocator) == ["Poison overwritten"]


def test_only_a_1_starts_it(system):
    allocator, cpu, cache, objects = system
    allocator.debug.write(objects[0] + 500, b"A")
    assert allocator.write_attribute(cpu, cache, "validate", 0) == -22
    assert bugs(allocator) == []


def test_a_cache_without_debugging_is_flushed(booted):
    allocator = booted("1n1c", slab_nomerge=True)
    cpu, cache = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("c", 500)
    allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    validate_slab_cache(allocator, cpu, cache)
    assert cache.cpu_slab[0].page == -1
