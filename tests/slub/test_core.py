"""kmalloc, kfree and ksize of SLUB: caches for the small, pages for the large."""

import pytest
from slub_systems import ZERO_SIZE_PTR

from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm import gfp
from simslab.slub import flags as fl
from simslab.slub.core import slab_ksize
from simslab.slub.creation.kmalloc import KMALLOC_MAX_ORDER

KERNEL = gfp.GFP_KERNEL


@pytest.fixture(scope="module")
def system():
    from simslab.conform.slub.topologies import new_system
    from simslab.slub.creation.options import SlubOptions

    allocator = new_system("2n8c", SlubOptions(slab_nomerge=True))
    return allocator, allocator.kernel.machine.cpus


@pytest.mark.parametrize(
    ("size", "flags", "name"),
    [
        (1, 0, "kmalloc-8"),
        (65, 0, "kmalloc-96"),
        (192, 0, "kmalloc-192"),
        (193, 0, "kmalloc-256"),
        (8192, gfp.RECLAIMABLE, "kmalloc-rcl-8k"),
        (100, gfp.DMA | gfp.RECLAIMABLE, "dma-kmalloc-128"),
    ],
)
def test_the_smallest_class_that_holds_a_request_serves_it(system, size, flags, name):
    allocator, _ = system
    assert allocator.kmalloc_slab(size, flags).name == name


def test_beyond_the_largest_class_there_are_pages_of_the_least_order(system):
    allocator, cpus = system
    assert allocator.kmalloc_slab(8192 + 1, 0) is None
    objp = allocator.kmalloc(cpus[0], 5 * 4096, KERNEL)
    assert allocator.ksize(cpus[0], objp) == 8 * 4096
    assert objp % (8 * 4096) == 0
    allocator.kfree(cpus[0], objp)
    with pytest.raises(KernelBugError, match="neither in a slab nor a large block in use"):
        allocator.kfree(cpus[0], objp)


def test_large_blocks_come_from_the_node_that_is_asked_or_that_of_the_cpu(system):
    allocator, cpus = system
    mem_map = allocator.kernel.mem_map
    blocks = [allocator.kmalloc(cpus[4], 1 << 15, KERNEL), allocator.kmalloc_node(cpus[4], 1 << 15, KERNEL, 0)]
    assert [mem_map.nid(objp >> 12) for objp in blocks] == [1, 0]


def test_more_than_the_page_allocator_has_in_one_piece_is_null(system):
    allocator, cpus = system
    assert allocator.kmalloc(cpus[0], (4096 << KMALLOC_MAX_ORDER) + 1, KERNEL) == 0


@pytest.mark.parametrize("call", ["kmalloc", "kmalloc_node"])
def test_nothing_is_a_pointer_that_may_be_freed(system, call):
    allocator, cpus = system
    more = (0,) if call == "kmalloc_node" else ()
    objp = getattr(allocator, call)(cpus[0], 0, KERNEL, *more)
    assert objp == ZERO_SIZE_PTR
    assert allocator.ksize(cpus[0], objp) == allocator.ksize(cpus[0], 0) == 0
    assert allocator.kfree(cpus[0], objp) == allocator.kfree(cpus[0], 0) == 0


def test_an_object_of_kmalloc_may_be_used_to_the_end_of_its_class(system):
    allocator, cpus = system
    assert allocator.ksize(cpus[0], allocator.kmalloc(cpus[0], 65, KERNEL)) == 96


@pytest.mark.parametrize(
    ("flags", "usable"),
    [(0, "size"), (fl.SLAB_RED_ZONE, "object_size"), (fl.SLAB_TYPESAFE_BY_RCU, "inuse"), (fl.SLAB_STORE_USER, "inuse")],
)
def test_what_lies_behind_an_object_is_not_its_users(system, flags, usable):
    allocator, _ = system
    cache = allocator.kmem_cache_create(f"c{flags}", 40)
    cache.object_size, cache.inuse, cache.size, cache.flags = 40, 48, 56, flags
    assert slab_ksize(cache) == getattr(cache, usable)


def test_statistics_are_sums_over_cpus(system):
    allocator, cpus = system
    cache = allocator.kmem_cache_create("counted", 64)
    for cpu in cpus[:3]:
        allocator.kmem_cache_alloc(cpu, cache, KERNEL)
    assert allocator.statistics(cache)[1] == 3  # ALLOC_SLOWPATH


def test_an_observer_is_told_by_every_part(system):
    allocator, _ = system
    observer = object()
    allocator.observe(observer)
    parts = (allocator.pages, allocator.lists, allocator.partial, allocator.slabs)
    assert all(part.observer is observer for part in parts)
    allocator.observe(None)


@pytest.mark.parametrize(("by_node", "told"), [(False, 1), (True, 0)])
def test_flags_that_no_slab_can_have_are_told_of_and_dropped_for_large_blocks_too(booted, by_node, told):
    allocator = booted("1n1c")
    cpu, flags = allocator.kernel.machine.cpus[0], gfp.GFP_KERNEL | gfp.DMA32
    objp = allocator.kmalloc_node(cpu, 1 << 20, flags, -1) if by_node else allocator.kmalloc(cpu, 1 << 20, flags)
    assert objp
    assert sum("Unexpected gfp: 0x4" in line for line in allocator.kernel.log.lines) == told
