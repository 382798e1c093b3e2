"""Creating, sharing and destroying caches with SLUB."""

import pytest

from simslab.kernel.mm import gfp
from simslab.slab_common import flags as slab_flags
from simslab.slab_common.slab_state import KernelPanicError
from simslab.slub import flags as fl


def test_a_request_that_fits_an_older_cache_shares_it(booted):
    allocator = booted()
    first = allocator.kmem_cache_create("first", 100)
    second = allocator.kmem_cache_create("second", 104)
    assert second is first
    assert (first.refcount, first.object_size, first.inuse) == (2, 104, 104)


def test_a_stride_that_suits_the_alignment_is_enough_to_share(booted):
    """SLAB asks for the cache's own alignment too."""
    allocator = booted()
    plain = allocator.kmem_cache_create("plain", 128)
    assert plain.align == 8
    assert allocator.kmem_cache_create("aligned", 128, 64) is plain


@pytest.mark.parametrize("arguments", [{"ctor": 1}, {"flags": fl.SLAB_TYPESAFE_BY_RCU}, {"usersize": 8}])
def test_some_requests_are_never_shared(booted, arguments):
    allocator = booted()
    first = allocator.kmem_cache_create("first", 104)
    assert allocator.kmem_cache_create("second", 104, **arguments) is not first


def test_kmalloc_caches_are_never_shared(booted):
    allocator = booted()
    assert allocator.kmem_cache_create("mine", 64) is not allocator.kmalloc_slab(64, 0)


def test_unknown_flags_make_no_cache(booted):
    allocator = booted()
    assert allocator.kmem_cache_create("odd", 64, flags=1) is None
    with pytest.raises(KernelPanicError, match=r"Failed to create slab .odd.\. Error -22"):
        allocator.kmem_cache_create("odd", 64, flags=1 | slab_flags.SLAB_PANIC)


def test_a_destroyed_cache_gives_everything_back(booted):
    allocator = booted(slab_nomerge=True)
    before = allocator.kernel.percpu.used(), len(allocator.caches)
    cache = allocator.kmem_cache_create("mine", 300)
    cpu = allocator.kernel.machine.cpus[0]
    allocator.kmem_cache_free(cpu, cache, allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL))
    assert allocator.kmem_cache_destroy(cache) == 0
    assert (allocator.kernel.percpu.used(), len(allocator.caches)) == before


def test_a_cache_with_objects_out_stays(booted):
    allocator = booted(slab_nomerge=True)
    cache = allocator.kmem_cache_create("mine", 300)
    allocator.kmem_cache_alloc(allocator.kernel.machine.cpus[0], cache, gfp.GFP_KERNEL)
    assert allocator.kmem_cache_destroy(cache) == -16
    assert cache in allocator.caches


def test_the_structure_of_an_rcu_cache_goes_after_its_slabs(booted):
    allocator = booted(slab_nomerge=True)
    cache = allocator.kmem_cache_create("mine", 300, flags=fl.SLAB_TYPESAFE_BY_RCU)
    cpu = allocator.kernel.machine.cpus[0]
    allocator.kmem_cache_free(cpu, cache, allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL))
    assert allocator.kmem_cache_destroy(cache, cpu) == 0
    assert allocator.by_index[cache.index] is cache
    allocator.kernel.run_due_work(cpu)
    allocator.kernel.rcu.rcu_barrier(cpu)
    allocator.kernel.run_due_work(cpu)
    assert allocator.by_index[cache.index] is None
