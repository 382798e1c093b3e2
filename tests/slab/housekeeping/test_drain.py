"""What the reaper and a shrink give back."""

import pytest

from simslab.conform.topologies import new_system
from simslab.kernel.mm import gfp
from simslab.slab.creation.options import SlabOptions


class Bench:
    def __init__(self):
        self.allocator = new_system("2n8c", SlabOptions())
        self.cpu = self.allocator.kernel.machine.cpus[0]
        self.cache = self.allocator.kmem_cache_create("files", 512, ctor=1)
        self.array = self.cache.cpu_cache[0]
        objects = [self.allocator.kmem_cache_alloc(self.cpu, self.cache, gfp.GFP_KERNEL) for _ in range(60)]
        self.allocator.kmem_cache_shrink(self.cpu, self.cache)
        for objp in objects[:50]:
            self.allocator.kmem_cache_free(self.cpu, self.cache, objp)
        self.held = objects[50:]


@pytest.fixture
def bench():
    return Bench()


def test_an_array_in_use_only_loses_its_mark(bench):
    bench.array.touched = 1
    bench.allocator.cache_reap(bench.cpu)
    assert (bench.array.avail, bench.array.touched) == (50, 0)


def test_an_idle_array_loses_a_fifth_of_its_limit_oldest_first(bench):
    bench.array.touched = 0
    entries = bench.array.entries()
    bench.allocator.cache_reap(bench.cpu)
    assert bench.array.entries() == entries[(bench.array.limit + 4) // 5 :]


def test_a_short_array_loses_half(bench):
    for _ in range(46):
        bench.held.append(bench.allocator.kmem_cache_alloc(bench.cpu, bench.cache, gfp.GFP_KERNEL))
    bench.array.touched = 0
    bench.allocator.cache_reap(bench.cpu)
    assert bench.array.avail == 2


def test_a_shrink_leaves_slabs_with_objects_only(bench):
    assert bench.allocator.kmem_cache_shrink(bench.cpu, bench.cache) == 1
    node = bench.cache.node[0]
    assert (node.free_slabs, bench.array.avail) == (0, 0)
    assert node.total_slabs * bench.cache.num - node.free_objects == len(bench.held)


def test_a_shrink_of_an_unused_cache_leaves_nothing(bench):
    for objp in bench.held:
        bench.allocator.kmem_cache_free(bench.cpu, bench.cache, objp)
    assert bench.allocator.kmem_cache_shrink(bench.cpu, bench.cache) == 0
    assert bench.cache.node[0].total_slabs == 0
