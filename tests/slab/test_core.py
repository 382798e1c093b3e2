"""kmalloc by size and flags, frees of what it gave, shrinking on all CPUs, and which options reach which piece."""

import pytest
from one_fails import OneFails

from simslab.conform.slab.state import state_text
from simslab.conform.topologies import new_system
from simslab.kernel.mm import gfp
from simslab.machine.accounting.callsites import site_name
from simslab.slab.creation.options import SlabOptions
from simslab.slab.kmem_cache import ArrayCache

NULL, ZERO_SIZE_PTR = 0, 16
LARGEST = 4 << 20


@pytest.fixture
def allocator():
    return new_system("2n8c", SlabOptions())


@pytest.fixture
def cpu(allocator):
    return allocator.kernel.machine.cpus[0]


@pytest.mark.parametrize(
    ("size", "name"),
    [
        (1, "kmalloc-32"),
        (32, "kmalloc-32"),
        (33, "kmalloc-64"),
        (96, "kmalloc-96"),
        (192, "kmalloc-192"),
        (193, "kmalloc-256"),
        (256, "kmalloc-256"),
        (257, "kmalloc-512"),
        (LARGEST, "kmalloc-4M"),
    ],
)
def test_every_size_has_the_smallest_cache_that_holds_it(allocator, size, name):
    assert allocator.kmalloc_slab(size, gfp.GFP_KERNEL).name == name


def test_nothing_and_more_than_the_largest_have_no_cache(allocator):
    assert allocator.kmalloc_slab(0, gfp.GFP_KERNEL) is None
    assert allocator.kmalloc_slab(LARGEST + 1, gfp.GFP_KERNEL) is None


@pytest.mark.parametrize(
    ("flags", "name"),
    [(0, "kmalloc-64"), (gfp.RECLAIMABLE, "kmalloc-rcl-64"), (gfp.DMA | gfp.RECLAIMABLE, "dma-kmalloc-64")],
)
def test_flags_choose_the_kind(allocator, flags, name):
    assert allocator.kmalloc_slab(64, gfp.GFP_KERNEL | flags).name == name


def test_no_bytes_are_a_pointer_that_nothing_frees(allocator, cpu):
    assert allocator.kmalloc(cpu, 0, gfp.GFP_KERNEL) == ZERO_SIZE_PTR
    assert allocator.kmalloc_node(cpu, 0, gfp.GFP_KERNEL, 1) == ZERO_SIZE_PTR
    before = cpu.now
    for objp in (NULL, ZERO_SIZE_PTR):
        assert (allocator.kfree(cpu, objp), allocator.ksize(cpu, objp)) == (0, 0)
    assert cpu.now == before


def test_too_many_bytes_fail(allocator, cpu):
    assert allocator.kmalloc(cpu, LARGEST + 1, gfp.GFP_KERNEL) == NULL
    assert allocator.kmalloc_node(cpu, LARGEST + 1, gfp.GFP_KERNEL, 0) == NULL


def test_bytes_of_a_node_lie_there(allocator, cpu):
    objp = allocator.kmalloc_node(cpu, 100, gfp.GFP_KERNEL, 1)
    assert allocator.kernel.mem_map.nid(objp >> 12) == 1
    assert allocator.virt_to_cache(cpu, objp).name == "kmalloc-128"


def test_many_calls_end_with_the_first_that_fails(allocator, cpu):
    found = ArrayCache(0, 10, 1)
    assert allocator.kmalloc_node_times(cpu, 100, gfp.GFP_KERNEL, 0, found, 5) == 5
    allocator.set_failslab(OneFails(3))
    assert allocator.kmalloc_node_times(cpu, 100, gfp.GFP_KERNEL, 0, found, 5) == 2
    assert len(set(found.entries())) == 7


def test_many_calls_for_more_than_the_largest_fail(allocator, cpu):
    assert allocator.kmalloc_node_times(cpu, LARGEST + 1, gfp.GFP_KERNEL, 0, ArrayCache(0, 5, 1), 5) == 0


def one_by_one(allocator, cpu, size, nid, count):
    objects = [allocator.kmalloc_node(cpu, size, gfp.GFP_KERNEL, nid) for _ in range(count)]
    for objp in objects:
        allocator.kfree(cpu, objp)
    return objects


def all_at_once(allocator, cpu, size, nid, count):
    found = ArrayCache(0, count, 1)
    allocator.kmalloc_node_times(cpu, size, gfp.GFP_KERNEL, nid, found, count)
    objects = found.entries()
    allocator.kfree_all(cpu, found)
    assert found.avail == 0
    return objects


@pytest.mark.parametrize("topology", ["2n8c", "4n8c", "2n4c1m"])
@pytest.mark.parametrize("options", [{}, {"debug_slab": True}, {"noaliencache": True}, {"init_on_free": True}])
def test_many_calls_leave_what_each_by_itself_leaves(topology, options):
    """Objects, the clock and what it was charged for, and all that a dump of the state shows, node after node."""
    seen = []
    for way in (one_by_one, all_at_once):
        allocator = new_system(topology, SlabOptions(**options))
        cpu = allocator.kernel.machine.cpus[0]
        nodes = allocator.kernel.online_nodes
        objects = [way(allocator, cpu, size, nid, 40) for size in (100, 2000) for nid in nodes for _ in range(3)]
        states = [state_text(cache, nodes, allocator.pages) for cache in allocator.caches]
        seen.append((objects, cpu.now, list(cpu.cause_owner), cpu.instructions, states))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("debug", [False, True])
def test_what_was_allocated_last_is_on_top_once_all_is_freed_in_order(debug):
    allocator = new_system("1n1c", SlabOptions(debug_slab=debug))
    cpu = allocator.kernel.machine.cpus[0]
    objects = [allocator.kmalloc(cpu, 1000, gfp.GFP_KERNEL) for _ in range(3)]
    cache = allocator.virt_to_cache(cpu, objects[0])
    found = ArrayCache(0, 3, 1)
    for objp in objects:
        found.owner[found.avail] = objp
        found.avail += 1
    allocator.kfree_all(cpu, found)
    slots = [objp - cache.obj_offset for objp in objects]
    assert cache.cpu_cache[0].entries()[-3:] == slots


def test_a_shrink_empties_the_arrays_of_all_cpus(allocator, cpu):
    cache = allocator.kmem_cache_create("files", 512, ctor=1)
    for each in allocator.kernel.machine.cpus:
        allocator.kmem_cache_free(each, cache, allocator.kmem_cache_alloc(each, cache, gfp.GFP_KERNEL))
    assert all(array.avail for array in cache.cpu_cache)
    assert allocator.kmem_cache_shrink(cpu, cache) == 0
    assert not any(array.avail for array in cache.cpu_cache)
    assert [node.total_slabs for node in cache.node] == [0, 0]


def test_options_reach_the_pieces_that_they_decide():
    options = SlabOptions(init_on_alloc=True, init_on_free=True, freelist_hardened=True, freelist_random=True)
    core = new_system("1n1c", options)
    assert (core.allocating.init_on_alloc, core.freeing.init_on_free, core.freeing.hardened) == (1, 1, 1)
    assert core.pages.randomizer is not None
    plain = new_system("1n1c", SlabOptions())
    assert (plain.allocating.init_on_alloc, plain.freeing.init_on_free, plain.freeing.hardened) == (0, 0, 0)
    assert (plain.pages.randomizer, plain.debug) == (None, None)


def test_a_debug_kernel_counts_and_checks_in_every_piece():
    core = new_system("1n1c", SlabOptions(debug_slab=True))
    parts = (core.pages, core.freeing, core.freeing.blocks, core.allocating, core.allocating.nodes, core.drain)
    assert [part.stats for part in parts] == [1] * 6
    assert core.debug is core.pages.debug is core.pages.lists.debug


def test_interrupts_are_off_at_the_function_that_was_called(allocator, cpu):
    """slab_alloc is inlined into each of them."""
    stats, cache = allocator.kernel.machine.irq_stats, allocator.kmalloc_slab(64, gfp.GFP_KERNEL)
    calls = {
        "kmem_cache_alloc": lambda: allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL),
        "kmem_cache_alloc_node": lambda: allocator.kmem_cache_alloc_node(cpu, cache, gfp.GFP_KERNEL, 0),
        "__kmalloc": lambda: allocator.kmalloc(cpu, 64, gfp.GFP_KERNEL),
        "__kmalloc_node": lambda: allocator.kmalloc_node(cpu, 64, gfp.GFP_KERNEL, 0),
    }
    for call in calls.values():  # slabs are there, arrays are full
        allocator.kfree(cpu, call())
    for name, call in calls.items():
        stats.clear(cpu.now)
        assert call()
        assert [site_name(site) for site, histogram in enumerate(stats.off) if histogram is not None] == [name]
