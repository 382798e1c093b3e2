"""The paths of debugged caches."""

import pytest

from simslab.kernel.mm import gfp
from simslab.slub.housekeeping.shrink import FULL, PARTIAL


@pytest.fixture
def system(booted):
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="FZPU")
    return allocator, allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("c", 2048)


def test_the_slab_goes_back_to_its_node_after_every_allocation(system):
    allocator, cpu, cache = system
    objp = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    assert objp % 4096 == cache.red_left_pad == 8
    assert cache.cpu_slab[0].page == -1
    assert cache.get_node(0).nr_partial == 1


def test_a_full_slab_is_on_the_full_list_until_an_object_comes_back(system):
    allocator, cpu, cache = system
    n = cache.get_node(0)
    objects = [allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL) for _ in range(cache.oo_objects)]
    assert (len(allocator.lists.list_pfns(n, FULL)), n.nr_partial) == (1, 0)
    allocator.kmem_cache_free(cpu, cache, objects[0])
    assert allocator.lists.list_pfns(n, FULL) == []
    assert allocator.lists.list_pfns(n, PARTIAL) == [objects[0] >> 12 & -8]


def test_only_named_caches_are_debugged(booted):
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="FZPU,mine")
    assert allocator.kmem_cache_create("mine", 64).debug == 1
    assert allocator.kmem_cache_create("yours", 64).debug == 0


def test_checks_are_paid_for(system):
    allocator, cpu, cache = system
    plain = allocator.kmem_cache_create("plain", 2048)
    plain.debug = 0
    cost = []
    for which in (plain, cache):
        allocator.kmem_cache_alloc(cpu, which, gfp.GFP_KERNEL)
        before = cpu.instructions
        allocator.kmem_cache_alloc(cpu, which, gfp.GFP_KERNEL)
        cost.append(cpu.instructions - before)
    assert cost[1] > 5 * cost[0]


@pytest.fixture
def checked(booted):
    """A kernel that checks objects, a cache of it with one object out, and its CPU."""
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="F")
    cpu, cache = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("c", 192)
    return allocator, cpu, cache, allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)


def inuse(allocator, objp):
    return allocator.pages.inuse(allocator.kernel.mem_map.get("head", objp >> 12))


def test_an_object_freed_twice_is_told_and_not_freed(checked):
    allocator, cpu, cache, objp = checked
    allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    allocator.kmem_cache_free(cpu, cache, objp)
    assert inuse(allocator, objp) == 1
    allocator.kmem_cache_free(cpu, cache, objp)
    assert inuse(allocator, objp) == 1
    log = "\n".join(allocator.kernel.log.lines)
    assert "BUG c (Not tainted): Object already free" in log
    assert f"FIX c: Object at {objp:#x} not freed" in log
    assert allocator.pages.debug.reports == 1


def test_an_address_within_an_object_is_told_and_not_freed(checked):
    allocator, cpu, cache, objp = checked
    allocator.kmem_cache_free(cpu, cache, objp + 8)
    assert inuse(allocator, objp) == 1
    assert f"BUG c (Not tainted): Invalid object pointer {objp + 8:#x}" in "\n".join(allocator.kernel.log.lines)


def test_several_objects_of_a_slab_are_checked_one_by_one(checked):
    allocator, cpu, cache, first = checked
    second = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    allocator.kmem_cache_free_bulk(cpu, cache, [first, second])
    assert allocator.pages.debug.reports == 0
    third = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    assert inuse(allocator, third) == 1


def test_a_slab_whose_freelist_leads_astray_is_left_alone(checked):
    allocator, cpu, cache, objp = checked
    mem_map = allocator.kernel.mem_map
    spoiled = mem_map.get("head", objp >> 12)
    mem_map.set("freelist", spoiled, mem_map.get("freelist", spoiled) + 4)
    found = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    assert mem_map.get("head", found >> 12) != spoiled
    assert allocator.pages.inuse(spoiled) == allocator.pages.objects(spoiled)
    log = "\n".join(allocator.kernel.log.lines)
    assert "BUG c (Not tainted): Freelist Pointer check fails" in log
    assert "FIX c: Marking all objects used" in log
    assert allocator.kernel.log.tainted().startswith("Tainted")


def test_without_checks_nothing_is_looked_for(booted):
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="U")
    cpu, cache = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("c", 192)
    objp = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    other = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    allocator.kmem_cache_free(cpu, cache, objp)
    allocator.kmem_cache_free(cpu, cache, other)
    assert allocator.pages.debug.reports == 0
