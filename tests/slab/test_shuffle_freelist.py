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


class FailsAt:
    """Lets one allocation of a cache whose name begins with kmalloc fail, the `number`th from now on."""

    def __init__(self, number):
        self.left = number

    def should_failslab(self, cache, flags):
        self.left -= cache.name.startswith("kmalloc")
        return self.left == 0 and cache.name.startswith("kmalloc")


def in_use(allocator, name):
    """Objects of a cache that somebody has."""
    cache = next(cache for cache in allocator.caches if cache.name == name)
    slabs = sum(node.total_slabs * cache.num - node.free_objects for node in cache.node if node is not None)
    return slabs - sum(array.avail for array in cache.cpu_cache)


def test_a_cache_keeps_its_sequence_in_memory_from_kmalloc_as_long_as_it_lives():
    sizes = {}
    for random in (False, True):
        allocator = new_system("1n4c", SlabOptions(slab_nomerge=True, freelist_random=random))
        before = in_use(allocator, "kmalloc-64")
        cache = allocator.kmem_cache_create("files", 256)
        sizes[random] = in_use(allocator, "kmalloc-64") - before
        assert cache.num * 4 == 64
        allocator.kmem_cache_destroy(cache)
        assert in_use(allocator, "kmalloc-64") == before
    assert sizes == {False: 0, True: 1}


def test_caches_of_boot_have_theirs_too():
    allocator = new_system("1n4c", SlabOptions(slab_nomerge=True, freelist_random=True))
    assert all((cache.random_seq_addr != 0) == (cache.num > 1) for cache in allocator.caches)


def test_a_cache_without_memory_for_its_sequence_is_not_created(caplog):
    allocator = new_system("1n4c", SlabOptions(slab_nomerge=True, freelist_random=True))
    allocator.set_failslab(FailsAt(1))
    assert allocator.kmem_cache_create("files", 256) is None
    allocator.set_failslab(None)
    assert "enable_cpucache failed for files, error 12" in caplog.text
    assert "files" not in [cache.name for cache in allocator.caches]
