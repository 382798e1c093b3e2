"""With SLAB_FREELIST_RANDOM the free indices of a new slab are a permutation of a sequence made ahead."""

import pytest

from simslab.conform.topologies import new_system
from simslab.kernel.mm import gfp
from simslab.slab.creation.options import SlabOptions


def first_slab(object_size, seed=1, freelist_random=True):
    """The cache, the order of the indices of its first slab, and which object holds the index array."""
    allocator = new_system("1n1c", SlabOptions(freelist_random=freelist_random, freelist_seed=seed))
    cache = allocator.kmem_cache_create("files", object_size)
    objp = allocator.kmem_cache_alloc(allocator.kernel.machine.cpus[0], cache, gfp.GFP_KERNEL)
    slab, lists = objp >> 12, allocator.pages.lists
    first = allocator.pages.mem_map.get("s_mem", slab)
    taken = [(entry - first) // cache.size for entry in [*cache.cpu_cache[0].entries(), objp]]
    return cache, taken + lists.free_indices(cache, slab), lists.freelist_holder(cache, slab)


def test_without_the_option_objects_are_handed_out_in_order():
    cache, order, _ = first_slab(200, freelist_random=False)
    assert order == list(range(cache.num))


def test_every_object_is_handed_out_once_in_another_order():
    cache, order, _ = first_slab(200)
    assert sorted(order) == list(range(cache.num)) != order


def test_the_object_that_holds_the_index_array_goes_last():
    cache, order, holder = first_slab(200)
    assert holder == order[-1] != cache.num - 1


@pytest.mark.parametrize("seed", [2, 3])
def test_the_order_comes_from_the_seed(seed):
    assert first_slab(200, seed)[1] == first_slab(200, seed)[1] != first_slab(200, seed + 10)[1]
