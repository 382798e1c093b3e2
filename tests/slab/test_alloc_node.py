"""Allocation by node, and along the zonelist when a node has nothing."""

import pytest

from simslab.conform.topologies import new_system
from simslab.kernel.mm import gfp
from simslab.slab import paths
from simslab.slab.creation.options import SlabOptions


class Bench:
    def __init__(self, topology="2n8c", **options):
        self.allocator = new_system(topology, SlabOptions(**options))
        self.cpu = self.allocator.kernel.machine.cpus[0]
        self.cache = self.allocator.kmem_cache_create("files", 512, ctor=1)

    def alloc(self, node, flags=gfp.GFP_KERNEL):
        return self.allocator.kmem_cache_alloc_node(self.cpu, self.cache, flags, node)

    def nid(self, objp):
        return self.allocator.pages.mem_map.nid(objp >> 12)

    def deny(self, mask):
        self.allocator.pages.deny_cache, self.allocator.pages.deny_mask = self.cache.index, mask


@pytest.fixture
def bench():
    return Bench()


def test_another_nodes_object_comes_from_a_new_slab_there_then_from_that_slab(bench):
    assert bench.nid(bench.alloc(1)) == 1
    assert bench.cpu.path == paths.ALLOC_NODE_GROW
    assert bench.nid(bench.alloc(1)) == 1
    assert bench.cpu.path == paths.ALLOC_NODE_SLABS


def test_the_own_nodes_objects_come_from_the_cpus_array(bench):
    bench.alloc(0)
    bench.alloc(0)
    assert bench.cpu.path == paths.ALLOC_HIT


def test_no_node_means_the_own(bench):
    assert bench.nid(bench.alloc(-1)) == 0


def test_a_node_without_memory_for_it_is_passed_over(bench):
    bench.deny(0b10)
    assert bench.nid(bench.alloc(1)) == 0
    assert bench.cpu.path == paths.ALLOC_FALLBACK


def test_a_request_bound_to_its_node_fails_with_it(bench):
    bench.deny(0b10)
    assert bench.alloc(1, gfp.GFP_KERNEL | gfp.THISNODE) == 0
    assert bench.cpu.path == paths.ALLOC_FAILED


def test_nothing_anywhere_is_null(bench):
    bench.deny(0b11)
    assert bench.alloc(1) == 0


def test_a_cpus_node_without_memory_is_served_by_the_nearest():
    bench = Bench("2n4c1m")
    assert bench.nid(bench.alloc(2)) == 2


def takings(bench):
    rows = bench.allocator.kernel.lock_stats.table()
    found = {row["site"]: row["acquisitions"] for row in rows if row["name"] == "files:list_lock"}
    return {site: count for site, count in found.items() if count}


@pytest.mark.parametrize(("options", "looks"), [({}, 1), ({"refill_under_list_lock": True}, 2)])
def test_a_new_slab_of_another_node_is_taken_from_at_once_or_up_to_4_6_in_its_list(options, looks):
    bench = Bench(**options)
    bench.allocator.kernel.lock_stats.reset()
    assert bench.nid(bench.alloc(1)) == 1
    assert bench.cpu.path == paths.ALLOC_NODE_GROW
    assert takings(bench) == {"cache_alloc_node": looks, "cache_grow_end": 1}
    assert bench.cache.node[1].free_objects == bench.cache.num - 1


def test_a_colour_under_list_lock_is_chosen_by_the_node_asked_then_by_that_of_the_pages_found():
    bench = Bench(colour_under_list_lock=True)
    bench.deny(0b10)
    bench.allocator.kernel.lock_stats.reset()
    assert bench.nid(bench.alloc(1)) == 0
    assert takings(bench)["cache_grow"] == 2
    assert not bench.cpu.irqs_off


@pytest.mark.parametrize(("flags", "served"), [(gfp.GFP_KERNEL, 1), (gfp.GFP_KERNEL | gfp.GFP_DMA, 0)])
def test_a_request_for_low_memory_passes_over_nodes_without_any(bench, flags, served):
    """Node 1 has free objects, but no memory of ZONE_DMA, and node 0 cannot grow (fallback_alloc: gfp_zone)."""
    objects = [bench.alloc(1) for _ in range(2)]
    for objp in objects:
        bench.allocator.kmem_cache_free(bench.allocator.kernel.machine.cpus[4], bench.cache, objp)
    bench.allocator.kmem_cache_shrink(bench.cpu, bench.cache)
    keeps = bench.alloc(1)
    bench.deny(0b11)
    objp = bench.alloc(0, flags)
    assert (objp != 0) == bool(served)
    assert keeps
