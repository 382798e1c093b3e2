"""Slabs move between a node's lists as objects come and go; objects of a slab are a stack."""

import pytest

from simslab.conform.topologies import new_system
from simslab.kernel.layout import SLABS_FREE, SLABS_FULL, SLABS_PARTIAL
from simslab.kernel.mm import gfp
from simslab.slab.creation.options import SlabOptions


class Bench:
    def __init__(self):
        self.allocator = new_system("1n1c", SlabOptions())
        self.cpu = self.allocator.kernel.machine.cpus[0]
        self.cache = self.allocator.kmem_cache_create("files", 1000)
        self.node = self.cache.node[0]
        self.lists = self.allocator.pages.lists

    def free(self, objects):
        for objp in objects:
            self.allocator.kmem_cache_free(self.cpu, self.cache, objp)
        flags = self.cpu.irq_save(0)
        self.allocator.drain.do_drain(self.cpu, self.cache)
        self.cpu.irq_restore(flags)

    def pfns(self, which):
        return self.lists.list_pfns(self.node, which)


@pytest.fixture
def bench():
    return Bench()


def hold(bench, count):
    """`count` objects, the rest of what the array got given back."""
    objects = [bench.allocator.kmem_cache_alloc(bench.cpu, bench.cache, gfp.GFP_KERNEL) for _ in range(count)]
    bench.free([])
    return objects


def test_a_slab_in_use_is_partial_and_a_used_up_one_full(bench):
    objects = hold(bench, bench.cache.num + 1)
    assert bench.pfns(SLABS_FULL) == [objects[0] >> 12]
    assert bench.pfns(SLABS_PARTIAL) == [objects[-1] >> 12]


def test_a_slab_without_objects_in_use_is_free(bench):
    objects = hold(bench, bench.cache.num)
    bench.free(objects)
    assert bench.pfns(SLABS_FREE) == [objects[0] >> 12]
    assert bench.node.free_slabs == 1


def test_the_index_freed_last_is_the_next_to_be_handed_out(bench):
    objects = hold(bench, 3)
    pfn = objects[0] >> 12
    bench.free([objects[1]])
    index = bench.lists.obj_to_index(bench.cache, pfn, objects[1])
    assert bench.lists.free_indices(bench.cache, pfn)[0] == index


def test_every_object_of_a_slab_has_its_index(bench):
    objects = hold(bench, 1)
    pfn = objects[0] >> 12
    first = bench.allocator.pages.mem_map.get("s_mem", pfn)
    found = [bench.lists.obj_to_index(bench.cache, pfn, first + i * bench.cache.size) for i in range(bench.cache.num)]
    assert found == list(range(bench.cache.num))


@pytest.mark.parametrize(("size", "foreseen"), [(1000, True), (900, True), (800, False)])
def test_what_happens_once_a_slab_is_foreseen_where_its_objects_are_few(bench, size, foreseen):
    cache = bench.allocator.kmem_cache_create("others", size)
    before = bench.cpu.now
    bench.lists.once_a_slab(bench.cpu, cache)
    assert (bench.cpu.now == before) == foreseen, cache.num
