"""Objects back into their slabs, and which slabs a node then has too many of."""

import pytest

from simslab.conform.topologies import new_system
from simslab.kernel.bug import KernelBugError
from simslab.kernel.layout import SLABS_FREE, SLABS_FULL, SLABS_PARTIAL
from simslab.kernel.mm import gfp
from simslab.slab.creation.options import SlabOptions


class Bench:
    """A cache whose CPU holds the objects of `slabs` slabs, all full, its array empty."""

    def __init__(self, slabs=4, **options):
        self.allocator = new_system("1n1c", SlabOptions(**options))
        self.cpu = self.allocator.kernel.machine.cpus[0]
        self.cache = self.allocator.kmem_cache_create("files", 1000)
        self.node = self.cache.node[0]
        self.array = self.cache.cpu_cache[0]
        count = slabs * self.cache.num
        self.objects = [self.allocator.kmem_cache_alloc(self.cpu, self.cache, gfp.GFP_KERNEL) for _ in range(count)]

    def free(self, objects):
        for objp in objects:
            self.allocator.kmem_cache_free(self.cpu, self.cache, objp)

    def drain(self):
        saved = self.cpu.irq_save(0)
        self.allocator.drain.do_drain(self.cpu, self.cache)
        self.cpu.irq_restore(saved)

    def pfns(self, which):
        return self.allocator.pages.lists.list_pfns(self.node, which)


def test_a_full_slab_becomes_partial_with_its_first_object():
    bench = Bench()
    assert len(bench.pfns(SLABS_FULL)) == 4
    bench.free(bench.objects[:1])
    bench.drain()
    assert bench.pfns(SLABS_PARTIAL) == [bench.objects[0] >> 12]
    assert (len(bench.pfns(SLABS_FULL)), bench.node.free_objects) == (3, 1)


def test_a_slab_whose_last_object_comes_back_is_free():
    bench = Bench()
    bench.free(bench.objects[: bench.cache.num])
    bench.drain()
    assert bench.pfns(SLABS_FREE) == [bench.objects[0] >> 12]
    assert (bench.node.free_slabs, bench.node.free_objects) == (1, bench.cache.num)


def test_free_slabs_beyond_the_limit_are_destroyed():
    bench = Bench()
    bench.node.free_limit = 2 * bench.cache.num
    bench.free(bench.objects)
    bench.drain()
    assert bench.node.free_objects <= bench.node.free_limit
    assert (bench.node.total_slabs, bench.node.free_slabs) == (2, 2)


def test_an_object_freed_twice_is_found_by_a_debug_kernel():
    bench = Bench(slabs=1, debug_slab=True)
    bench.free(bench.objects[:1])
    bench.drain()
    bench.array.owner[0] = bench.objects[0] - bench.cache.obj_offset
    bench.array.avail = 1
    with pytest.raises(KernelBugError, match="double free detected in cache 'files'"):
        bench.drain()
