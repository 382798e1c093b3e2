import pytest

from simslab.conform.topologies import new_system
from simslab.kernel.mm import gfp
from simslab.slab.creation.options import SlabOptions
from simslab.slab_common.failslab import FailSlab
from simslab.slab_common.realloc import kfree_sensitive, kmem_cache_size, krealloc

ZERO_SIZE_PTR = 16


@pytest.fixture
def allocator():
    return new_system("2n8c", SlabOptions())


@pytest.fixture
def cpu(allocator):
    return allocator.kernel.machine.cpus[0]


def free_objects(allocator, cpu, size):
    return allocator.kmalloc_slab(size, gfp.GFP_KERNEL).cpu_cache[cpu.id].avail


def test_memory_that_is_large_enough_stays(allocator, cpu):
    objp = allocator.kmalloc(cpu, 100, gfp.GFP_KERNEL)
    assert krealloc(allocator, cpu, objp, 128, gfp.GFP_KERNEL) == objp
    assert krealloc(allocator, cpu, objp, 10, gfp.GFP_KERNEL) == objp


def test_more_memory_is_another_object_and_the_old_one_is_freed(allocator, cpu):
    objp = allocator.kmalloc(cpu, 100, gfp.GFP_KERNEL)
    before = free_objects(allocator, cpu, 100)
    moved = krealloc(allocator, cpu, objp, 129, gfp.GFP_KERNEL)
    assert allocator.ksize(cpu, moved) == 192
    assert free_objects(allocator, cpu, 100) == before + 1


@pytest.mark.parametrize("start", [0, ZERO_SIZE_PTR])
def test_nothing_can_grow(allocator, cpu, start):
    assert allocator.ksize(cpu, krealloc(allocator, cpu, start, 64, gfp.GFP_KERNEL)) == 64


def test_no_bytes_free_the_memory(allocator, cpu):
    objp = allocator.kmalloc(cpu, 64, gfp.GFP_KERNEL)
    before = free_objects(allocator, cpu, 64)
    assert krealloc(allocator, cpu, objp, 0, gfp.GFP_KERNEL) == ZERO_SIZE_PTR
    assert free_objects(allocator, cpu, 64) == before + 1


def test_without_memory_the_old_object_stays(allocator, cpu):
    objp = allocator.kmalloc(cpu, 64, gfp.GFP_KERNEL)
    before = free_objects(allocator, cpu, 64)
    allocator.set_failslab(FailSlab(100, ignore_gfp_reclaim=False))
    assert krealloc(allocator, cpu, objp, 640, gfp.GFP_KERNEL) == 0
    assert free_objects(allocator, cpu, 64) == before


def test_sensitive_memory_is_zeroed_before_it_is_freed(allocator, cpu):
    times = []
    for free in (allocator.kfree, lambda on, objp: kfree_sensitive(allocator, on, objp)):
        objp = allocator.kmalloc(cpu, 4096, gfp.GFP_KERNEL)
        start = cpu.now
        free(cpu, objp)
        times.append(cpu.now - start)
    assert times[1] > times[0]
    kfree_sensitive(allocator, cpu, 0)


def test_a_cache_tells_the_size_of_its_objects(allocator):
    assert kmem_cache_size(allocator.kmem_cache_create("c", 100, ctor=1)) == 100
