"""kmalloc with SLUB: caches of 8 bytes to two pages, then pages."""

import pytest

from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm import gfp
from simslab.slab_common import kmalloc


@pytest.fixture
def system(booted):
    allocator = booted()
    return allocator, allocator.kernel.machine.cpus[0]


def test_small_sizes_get_the_cache_that_holds_them(system):
    allocator, _ = system
    names = [allocator.kmalloc_slab(size, 0).name for size in (1, 8, 9, 65, 97, 129, 193, 8192)]
    assert names == [f"kmalloc-{size}" for size in ("8", "8", "16", "96", "128", "192", "256", "8k")]


def test_reclaimable_and_dma_requests_have_caches_of_their_own(system):
    allocator, _ = system
    assert allocator.kmalloc_slab(64, gfp.RECLAIMABLE).name == "kmalloc-rcl-64"
    assert allocator.kmalloc_slab(64, gfp.RECLAIMABLE | gfp.DMA).name == "dma-kmalloc-64"


def test_larger_requests_get_pages_and_give_them_back(system):
    allocator, cpu = system
    objp = allocator.kmalloc(cpu, 20_000, gfp.GFP_KERNEL)
    assert objp % 4096 == 0
    assert allocator.ksize(cpu, objp) == 32_768
    allocator.kfree(cpu, objp)
    assert allocator.kmalloc(cpu, 20_000, gfp.GFP_KERNEL) == objp


def test_zero_bytes_are_no_object(system):
    allocator, cpu = system
    assert allocator.kmalloc(cpu, 0, gfp.GFP_KERNEL) == kmalloc.ZERO_SIZE_PTR
    assert allocator.kfree(cpu, kmalloc.ZERO_SIZE_PTR) == 0
    assert allocator.ksize(cpu, kmalloc.ZERO_SIZE_PTR) == 0


def test_more_than_the_largest_block_is_refused(system):
    allocator, cpu = system
    assert allocator.kmalloc(cpu, (4 << 20) + 1, gfp.GFP_KERNEL) == 0


def test_kmalloc_node_takes_memory_of_that_node(system):
    allocator, cpu = system
    for size in (64, 20_000):
        objp = allocator.kmalloc_node(cpu, size, gfp.GFP_KERNEL, 1)
        assert allocator.kernel.mem_map.nid(objp >> 12) == 1


def test_kfree_finds_the_cache_by_the_page(system):
    allocator, cpu = system
    objp = allocator.kmalloc(cpu, 100, gfp.GFP_KERNEL)
    assert allocator.ksize(cpu, objp) == 128
    allocator.kfree(cpu, objp)
    assert allocator.kmalloc(cpu, 100, gfp.GFP_KERNEL) == objp


def test_a_large_block_that_is_freed_twice_is_a_kernel_bug(booted):
    allocator = booted("1n1c", slab_nomerge=True)
    cpu = allocator.kernel.machine.cpus[0]
    objp = allocator.kmalloc(cpu, 20_000, gfp.GFP_KERNEL)
    allocator.kfree(cpu, objp)
    with pytest.raises(KernelBugError, match="neither in a slab nor a large block in use"):
        allocator.kfree(cpu, objp)
