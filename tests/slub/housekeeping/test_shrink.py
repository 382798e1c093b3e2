"""Shrinking: empty slabs go, those with few free objects come first."""

import pytest

from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm import gfp
from simslab.slub.housekeeping.shrink import flush_all
from simslab.slub.layout import PARTIAL


def test_slabs_are_sorted_fullest_first_and_empty_ones_go(booted):
    allocator = booted("1n1c", slab_nomerge=True)
    cache = allocator.kmem_cache_create("c", 64)
    cpu = allocator.kernel.machine.cpus[0]
    num = cache.oo_objects
    slabs = [[allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL) for _ in range(num)] for _ in range(4)]
    for slab, free in zip(slabs, (40, 3, num, 10), strict=True):
        for objp in slab[:free]:
            allocator.kmem_cache_free(cpu, cache, objp)
    assert allocator.kmem_cache_shrink(cpu, cache) == 1
    order = allocator.lists.list_pfns(cache.get_node(0), PARTIAL)
    assert order == [slabs[1][0] >> 12, slabs[3][0] >> 12, slabs[0][0] >> 12]
    assert cache.get_node(0).nr_partial == 3


@pytest.mark.parametrize(("no_slub_debug", "told"), [(False, 1), (True, 0)])
def test_slabs_that_are_left_are_told_of_where_they_are_counted(booted, no_slub_debug, told):
    allocator = booted("1n1c", slab_nomerge=True, no_slub_debug=no_slub_debug)
    cache, cpu = allocator.kmem_cache_create("c", 64), allocator.kernel.machine.cpus[0]
    allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    assert allocator.kmem_cache_shrink(cpu, cache) == told


def test_shrinking_an_unused_cache_leaves_nothing(booted):
    allocator = booted("2n8c", slab_nomerge=True)
    cache = allocator.kmem_cache_create("c", 64)
    for cpu in allocator.kernel.machine.cpus:
        allocator.kmem_cache_free(cpu, cache, allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL))
    assert allocator.kmem_cache_shrink(allocator.kernel.machine.cpus[3], cache) == 0
    assert all(n.nr_slabs == 0 for n in cache.nodes())


class Flushes:
    """Which CPUs were flushed, in order."""

    def __init__(self):
        self.cpus = []

    def flush_begins(self, cache, cpu_id):
        self.cpus.append(cpu_id)


@pytest.mark.parametrize(("told", "order"), [([], [1, 6, 3]), ([3, 6, 1], [3, 6, 1]), ([7, 6], [6, 1, 3])])
def test_only_cpus_with_slabs_are_flushed_in_the_order_told(booted, told, order):
    allocator = booted("2n8c", slab_nomerge=True)
    cache = allocator.kmem_cache_create("c", 64)
    cpus = allocator.kernel.machine.cpus
    for number in (1, 3, 6):
        allocator.kmem_cache_alloc(cpus[number], cache, gfp.GFP_KERNEL)
    allocator.flush_order, allocator.slabs.observer = told, Flushes()
    flush_all(allocator, cpus[3], cache)
    assert allocator.slabs.observer.cpus == order
    assert all(c.page < 0 for c in cache.cpu_slab)


def left_behind(allocator, count):
    """Destroy a cache with `count` objects out of one slab: what is told, those objects."""
    cpu, cache = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("leak", 256)
    objects = [allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL) for _ in range(count + 1)]
    allocator.kmem_cache_free(cpu, cache, objects.pop(0))
    assert allocator.kmem_cache_destroy(cache) == -16
    return [line.split("] ", 1)[1] for line in allocator.kernel.log.lines], objects


def test_what_is_left_of_a_cache_is_told_object_by_object_when_it_is_to_be_destroyed(booted):
    lines, objects = left_behind(booted("1n1c", slab_nomerge=True), 2)
    assert lines[1] == "BUG leak (Not tainted): Objects remaining in leak on __kmem_cache_shutdown()"
    assert lines[4].startswith("INFO: Slab 0x")
    assert " objects=16 used=2 fp=0x" in lines[4]
    assert "Tainted: G    B" in lines[5]
    assert lines[6:8] == [f"INFO: Object {objp:#018x} @offset={objp % 4096}" for objp in objects]
    assert lines[8] == "kmem_cache_destroy leak: Slab cache still has objects"


def test_with_their_users_known_these_are_named_with_what_is_left(booted):
    lines, objects = left_behind(booted("1n1c", slab_nomerge=True, slub_debug="U"), 2)
    first, second = sorted(objects)
    assert [line.split(" age=")[0] for line in lines[6:10]] == [
        f"INFO: Object {first:#018x} @offset={first % 4096}",
        "INFO: Allocated in swapper/0+0x10/0x40",
        f"INFO: Object {second:#018x} @offset={second % 4096}",
        "INFO: Allocated in swapper/0+0x10/0x40",
    ]


def test_a_kernel_without_slub_debug_tells_of_no_objects(booted):
    lines, _ = left_behind(booted("1n1c", slab_nomerge=True, no_slub_debug=True), 2)
    assert lines[0] == "kmem_cache_destroy leak: Slab cache still has objects"


def test_a_kernel_without_slub_debug_does_not_see_full_slabs_and_lets_their_cache_go(booted):
    allocator = booted("1n1c", slab_nomerge=True, no_slub_debug=True)
    cpu, cache = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("leak", 256)
    objp, *_ = [allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL) for _ in range(cache.oo_objects)]
    assert allocator.kmem_cache_destroy(cache) == 0
    assert cache not in allocator.caches
    uses = [
        lambda: allocator.kfree(cpu, objp),
        lambda: allocator.ksize(cpu, objp),
        lambda: allocator.kmem_cache_free(cpu, cache, objp),
        lambda: allocator.kmem_cache_free_bulk(cpu, cache, [objp]),
    ]
    for use in uses:
        with pytest.raises(KernelBugError, match="destroyed"):
            use()
