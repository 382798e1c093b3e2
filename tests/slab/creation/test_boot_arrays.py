"""The arrays of caches made while the allocator comes up, and the node structures in kernel data."""

from itertools import pairwise

import pytest

from simslab.kernel import layout
from simslab.kernel.kernel import Kernel
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine
from simslab.slab.allocator import SlabAllocator
from simslab.slab.creation.boot_arrays import CACHE_CACHE, SIZE_NODE, boot_node_address, setup_cpu_cache
from simslab.slab.kmem_cache import KmemCache
from simslab.slab_common.slab_state import DOWN, FULL, PARTIAL, UP


def system(nodes=2):
    settings = [f"nodes={nodes}", "layout.cores=1"]
    return SlabAllocator(Kernel(build_machine(load_machine("two-socket", settings))))


def with_arrays(allocator, state):
    """A cache that has just got its arrays in a state of boot."""
    allocator.slab_state = state
    cache = KmemCache(99, 0x1000, "early", allocator.kernel.nr_node_ids)
    cache.size = cache.object_size = 64
    assert setup_cpu_cache(allocator, allocator.kernel.machine.cpus[0], cache, 0) == 0
    return cache


@pytest.mark.parametrize("nodes", [2, 16, 20])
def test_structures_in_boot_data_do_not_overlap(nodes):
    core = system(nodes)
    starts = [boot_node_address(core, which, nid) for which in (CACHE_CACHE, SIZE_NODE) for nid in range(nodes)]
    assert starts[0] >= core.boot_data + layout.KMEM_CACHE_NODE + 8 * nodes
    assert all(after - before >= layout.NODE_BYTES for before, after in pairwise(starts))
    assert starts[-1] + layout.NODE_BYTES <= core.slab_mutex.addr


@pytest.mark.parametrize(("state", "which"), [(DOWN, CACHE_CACHE), (PARTIAL, SIZE_NODE)])
def test_the_first_two_caches_use_the_structures_in_boot_data(state, which):
    allocator = system()
    cache = with_arrays(allocator, state)
    assert [node.addr for node in cache.node] == [boot_node_address(allocator, which, nid) for nid in (0, 1)]


def test_before_full_a_cache_has_arrays_of_one_entry():
    cache = with_arrays(system(), DOWN)
    assert [(array.limit, array.batchcount) for array in cache.cpu_cache] == [(1, 1), (1, 1)]
    assert (cache.limit, cache.batchcount, cache.shared) == (1, 1, 0)


def test_later_ones_get_structures_of_their_own_and_from_full_on_their_final_arrays():
    allocator = system()
    allocator.boot(standing=False)
    start = allocator.boot_data
    early = with_arrays(allocator, UP)
    assert not any(start <= node.addr < start + (256 << 10) for node in early.node)
    assert early.limit == 1
    assert with_arrays(allocator, FULL).limit == 120
