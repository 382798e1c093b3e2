"""Slabs from the nodes' lists: how many at once, and when from other nodes."""

import pytest
from slub_systems import holders_who_let_in

from simslab.kernel.mm import gfp

KERNEL = gfp.GFP_KERNEL


class Cycles:
    """What the cycle counter reads."""

    def __init__(self, value):
        self.value = value

    def get_cycles(self, cpu):
        return self.value


@pytest.fixture
def system(booted):
    allocator = booted("2n8c", slab_nomerge=True)
    return allocator, allocator.kernel.machine.cpus, allocator.kmem_cache_create("c", 192)


def list_slabs(allocator, cpu, cache, count):
    """Put slabs with one free object each on the list of the node of `cpu`."""
    allocator.write_attribute(cpu, cache, "cpu_partial", 0)
    num = cache.oo_objects
    objects = [allocator.kmem_cache_alloc(cpu, cache, KERNEL) for _ in range(count * num + 1)]
    for slab in range(count):
        allocator.kmem_cache_free(cpu, cache, objects[slab * num])
    cache.cpu_partial = 6  # without the flush that writing the attribute brings


def test_slabs_are_taken_until_half_of_cpu_partial_is_exceeded(system):
    allocator, cpus, cache = system
    list_slabs(allocator, cpus[0], cache, 7)
    allocator.kmem_cache_alloc(cpus[1], cache, KERNEL)
    assert cache.get_node(0).nr_partial == 7 - 4
    assert [entry[2] for entry in allocator.partial.entries(cache.cpu_slab[1])] == [3, 2, 1]


@pytest.mark.parametrize(("cycles", "node"), [(0, 0), (1000, 0), (1001, 1), (1023, 1), (1024, 0)])
def test_the_cycle_counter_decides_whether_other_nodes_are_searched(system, cycles, node):
    allocator, cpus, cache = system
    list_slabs(allocator, cpus[0], cache, 7)
    allocator.get_partial.cycles = Cycles(cycles)
    objp = allocator.kmem_cache_alloc(cpus[4], cache, KERNEL)
    assert allocator.kernel.mem_map.nid(objp >> 12) == node


def test_another_nodes_list_is_left_alone_while_it_is_short(system):
    allocator, cpus, cache = system
    list_slabs(allocator, cpus[0], cache, 5)
    assert cache.get_node(0).nr_partial == cache.min_partial
    allocator.get_partial.cycles = Cycles(0)
    objp = allocator.kmem_cache_alloc(cpus[4], cache, KERNEL)
    assert allocator.kernel.mem_map.nid(objp >> 12) == 1


@pytest.mark.parametrize("flags", [KERNEL | gfp.THISNODE])
def test_a_request_for_this_node_alone_searches_no_other(system, flags):
    allocator, cpus, cache = system
    list_slabs(allocator, cpus[0], cache, 7)
    allocator.get_partial.cycles = Cycles(0)
    objp = allocator.kmem_cache_alloc(cpus[4], cache, flags)
    assert allocator.kernel.mem_map.nid(objp >> 12) == 1


def test_a_ratio_of_zero_never_searches(system):
    allocator, cpus, cache = system
    list_slabs(allocator, cpus[0], cache, 7)
    allocator.write_attribute(cpus[0], cache, "remote_node_defrag_ratio", 0)
    objp = allocator.kmem_cache_alloc(cpus[4], cache, KERNEL)
    assert allocator.kernel.mem_map.nid(objp >> 12) == 1


def test_others_come_to_the_nodes_lock_between_the_slabs_that_are_taken(system):
    allocator, cpus, cache = system
    list_slabs(allocator, cpus[1], cache, 7)
    cache.cpu_partial = 20
    cpus[0].now = max(cpu.now for cpu in cpus)
    assert holders_who_let_in(allocator, cache, lambda cpu: allocator.kmem_cache_alloc(cpu, cache, KERNEL)) == {0}
