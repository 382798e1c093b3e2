"""Boot: the first two caches describe each other, then everything stands on them."""

import pytest
from small_machines import document

from simslab.kernel.kernel import Kernel
from simslab.machine.machine import build_machine
from simslab.machine.spec import MachineSpec
from simslab.slub import layout
from simslab.slub.allocator import SlubAllocator
from simslab.slub.creation.boot import standing_caches
from simslab.slub.creation.set_up import SlubCreation
from simslab.slub.layout import PARTIAL


def test_the_oldest_caches_are_those_of_caches_and_of_nodes(booted):
    allocator = booted()
    assert [cache.name for cache in allocator.caches[:3]] == ["kmem_cache", "kmem_cache_node", "kmalloc-8"]
    assert [cache.refcount for cache in allocator.caches[:3]] == [-1, -1, 1]


def test_structures_of_caches_are_objects_of_the_cache_of_caches(booted):
    allocator = booted()
    mem_map = allocator.kernel.mem_map
    for cache in allocator.caches:
        assert mem_map.get("slab_cache", mem_map.get("head", cache.addr >> 12)) == allocator.kmem_cache.index


def test_node_structures_lie_on_their_nodes(booted):
    allocator = booted("2n4c1m")
    mem_map = allocator.kernel.mem_map
    for cache in allocator.caches:
        assert [n.node for n in cache.nodes()] == [0, 1, 2]
        for n in cache.nodes():
            assert mem_map.nid(n.addr >> 12) == n.node
            assert mem_map.get("slab_cache", n.addr >> 12) == allocator.kmem_cache_node.index


def test_the_structures_made_at_boot_count_as_objects(booted):
    allocator = booted("2n8c")
    caches = len(allocator.caches)
    for cache, objects in ((allocator.kmem_cache, caches), (allocator.kmem_cache_node, 2 * caches)):
        slabs = sum(n.nr_slabs for n in cache.nodes())
        free = sum(
            allocator.pages.objects(pfn) - allocator.pages.inuse(pfn)
            for n in cache.nodes()
            for pfn in allocator.lists.list_pfns(n, PARTIAL)
        )
        held = sum(len(allocator.pages.freelists.objects(cache, c.freelist)) for c in cache.cpu_slab)
        partial = sum(
            allocator.pages.objects(pfn) - allocator.pages.inuse(pfn)
            for c in cache.cpu_slab
            for pfn, _, _ in allocator.partial.entries(c)
        )
        assert slabs * cache.oo_objects - free - held - partial == objects


def test_the_standing_caches_come_last_in_their_order(booted):
    allocator = booted("1n1c", standing=True)
    names = [standing.name for standing in standing_caches()]
    assert [cache.name for cache in allocator.caches[-len(names) :]] == names
    assert len(allocator.caches) == 78


def test_a_standing_cache_of_a_kernel_built_with_more_can_be_had(booted):
    allocator = booted("1n1c")
    made = allocator.make_standing("skbuff_head_cache")
    assert (made.name, made.object_size) == ("skbuff_head_cache", 200)
    assert made in allocator.caches
    assert allocator.make_standing("no such cache") is None


class Laid(SlubCreation):
    """A creation that remembers where structures are laid."""

    def __init__(self, core):
        super().__init__(core)
        self.laid = {}

    def new_kmem_cache(self, addr, name):
        self.laid[name] = addr
        return super().new_kmem_cache(addr, name)


@pytest.mark.parametrize("nodes", [2, 16, 40])
def test_the_first_two_structures_lie_behind_each_other_however_many_nodes_there_are(nodes):
    spec = MachineSpec.model_validate(document(nodes=nodes, cpus=1, memory="16 MiB"))
    allocator = SlubAllocator(Kernel(build_machine(spec, 10_000), page_stride=layout.PAGE_STRIDE))
    allocator.creation = laid = Laid(allocator)
    allocator.boot(standing=False)
    behind = laid.laid["kmem_cache_node"] - laid.laid["kmem_cache"]
    assert behind == max(layout.KMEM_CACHE_BYTES, allocator.kmem_cache.object_size)
    assert allocator.kmem_cache.object_size == layout.KMEM_CACHE_NODE + 8 * nodes
