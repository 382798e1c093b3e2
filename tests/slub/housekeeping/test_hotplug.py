import pytest

from simslab.kernel.mm import gfp


@pytest.fixture
def allocator(booted):
    return booted("2n8c", slab_nomerge=True)


def test_a_cpu_that_goes_gives_its_slabs_to_the_nodes(allocator):
    cpus, cache = allocator.kernel.machine.cpus, allocator.kmem_cache_create("c", 64)
    objp = allocator.kmem_cache_alloc(cpus[5], cache, gfp.GFP_KERNEL)
    node = cache.get_node(cpus[5].node)
    assert node.nr_partial == 0
    allocator.cpu_down(cpus[0], 5)
    assert 5 not in allocator.online_cpus
    assert cache.cpu_slab[5].page == -1
    assert node.nr_partial == 1
    assert allocator.pages.inuse(objp >> 12) == 1


def test_a_cpu_that_comes_back_takes_part_again(allocator):
    cpus = allocator.kernel.machine.cpus
    allocator.cpu_down(cpus[0], 5)
    assert allocator.cpu_up(cpus[0], 5) == 0
    assert allocator.online_cpus == list(range(8))
    assert allocator.kmem_cache_alloc(cpus[5], allocator.caches[-1], gfp.GFP_KERNEL)


def test_memory_with_objects_cannot_go_and_without_them_can(allocator):
    cpu = allocator.kernel.machine.cpus[0]
    far = allocator.kernel.machine.cpus[7]
    cache = allocator.kmem_cache_create("c", 64)
    allocator.kmem_cache_free(far, cache, allocator.kmem_cache_alloc(far, cache, gfp.GFP_KERNEL))
    assert cache.node[far.node].nr_slabs == 1
    assert allocator.memory_going_offline(cpu, far.node) == -16
    assert cache.node[far.node].nr_slabs == 0
    for cache in allocator.caches:
        if cache.node[1] is not None:
            cache.node[1].nr_slabs = 0  # as if every object there had been freed
    assert allocator.memory_going_offline(cpu, 1) == 0


def test_memory_that_comes_gets_a_structure_in_every_cache(allocator):
    cpu, cache = allocator.kernel.machine.cpus[0], allocator.caches[-1]
    there, cache.node[1] = cache.node[0], None
    assert allocator.memory_going_online(cpu, 1) == 0
    assert cache.node[1].node == 1
    assert cache.node[0] is there


def test_a_cpu_that_goes_gives_its_lists_of_pages_back(allocator):
    cpus, zones = allocator.kernel.machine.cpus, allocator.kernel.zones
    pages = [allocator.kernel.page_allocator.alloc_pages(cpus[5], gfp.GFP_KERNEL, 0, 1) for _ in range(9)]
    for pfn in pages:
        allocator.kernel.page_allocator.free_pages(cpus[5], pfn, 0)
    assert any(zone.pageset[5].count for zone in zones)
    allocator.cpu_down(cpus[0], 5)
    assert not any(zone.pageset[5].count for zone in zones)
