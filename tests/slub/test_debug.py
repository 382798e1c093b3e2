"""The paths of debugged caches."""

import pytest

from simslab.kernel.mm import gfp
from simslab.slub.shrink import FULL, PARTIAL


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
