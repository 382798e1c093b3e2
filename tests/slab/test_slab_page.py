"""What a slab's pages look like from the page allocator to it and back."""

import pytest

from simslab.conform.topologies import new_system
from simslab.kernel.mm import gfp
from simslab.kernel.mm.page import PG_SLAB
from simslab.slab.creation.options import SlabOptions
from simslab.slab_common import flags as fl


class Watcher:
    def __init__(self):
        self.obtained, self.destroyed = [], []

    def slab_obtained(self, cache, pfn, nid):
        self.obtained.append(pfn)

    def slab_destroyed(self, cache, pfn, nid):
        self.destroyed.append(pfn)


class Bench:
    def __init__(self, size=1000, flags=0, **options):
        self.allocator = new_system("1n1c", SlabOptions(**options))
        self.cpu = self.allocator.kernel.machine.cpus[0]
        self.cache = self.allocator.kmem_cache_create("files", size, flags=flags)
        self.mem_map = self.allocator.pages.mem_map
        self.allocator.pages.observer = self.watcher = Watcher()

    def alloc(self, flags=gfp.GFP_KERNEL):
        return self.allocator.kmem_cache_alloc(self.cpu, self.cache, flags)

    def give_back(self, objp):
        self.allocator.kmem_cache_free(self.cpu, self.cache, objp)
        self.allocator.kmem_cache_shrink(self.cpu, self.cache)


def test_the_pages_of_a_slab_know_their_cache():
    bench = Bench()
    pfn = bench.alloc() >> 12
    assert bench.watcher.obtained == [pfn]
    assert bench.mem_map.get("flags", pfn) & PG_SLAB
    assert bench.mem_map.get("slab_cache", pfn) == bench.cache.index


def test_pages_given_back_are_no_slab_any_more():
    bench = Bench()
    objp = bench.alloc()
    bench.give_back(objp)
    pfn = objp >> 12
    assert bench.watcher.destroyed == [pfn]
    assert not bench.mem_map.get("flags", pfn) & PG_SLAB
    assert bench.mem_map.get("slab_cache", pfn) == 0


def test_slabs_begin_at_one_colour_after_the_other():
    bench = Bench(size=600)
    assert bench.cache.colour > 1
    while len(bench.watcher.obtained) <= bench.cache.colour:
        bench.alloc()
    offsets = [bench.mem_map.get("s_mem", pfn) - (pfn << 12) for pfn in bench.watcher.obtained]
    colours = [offset // bench.cache.colour_off for offset in offsets]
    assert colours == [*range(1, bench.cache.colour), 0, 1]


def test_an_off_slab_index_array_comes_from_kmalloc_and_goes_back_there():
    bench = Bench(size=2048, flags=fl.SLAB_TYPESAFE_BY_RCU)
    provider = bench.cache.freelist_cache
    array = provider.cpu_cache[0]
    objp = bench.alloc()
    freelist = bench.mem_map.get("freelist", objp >> 12)
    assert bench.allocator.virt_to_cache(bench.cpu, freelist) is provider
    assert freelist not in array.entries()
    bench.give_back(objp)
    assert array.entries()[-1] == freelist


@pytest.mark.parametrize(("bad", "told"), [(gfp.HIGHMEM, "__GFP_HIGHMEM"), (gfp.DMA32, "GFP_DMA32")])
def test_flags_that_no_slab_can_have_are_dropped_with_a_warning(bad, told):
    bench = Bench()
    assert bench.alloc(gfp.GFP_KERNEL | bad)
    assert any("Unexpected gfp" in line and told in line for line in bench.allocator.kernel.log.lines)


def test_asking_for_zeroes_from_a_cache_with_a_constructor_warns_once_when_it_grows():
    bench = Bench()
    cache = bench.allocator.kmem_cache_create("made", 1000, ctor=1)
    for _ in range(3 * cache.num):
        bench.allocator.kmem_cache_alloc(bench.cpu, cache, gfp.GFP_KERNEL | gfp.ZERO)
    (line,) = bench.allocator.kernel.log.lines
    assert line.endswith("WARNING: CPU: 0 PID: 1 at mm/slab.c cache_grow_begin")


def test_of_nodes_asked_one_by_one_beside_denied_ones_none_is_told_to_have_failed():
    allocator = new_system("2n8c", SlabOptions(slab_nomerge=True))
    kernel, pages = allocator.kernel, allocator.pages
    cpu, cache = kernel.machine.cpus[0], allocator.kmem_cache_create("big", 3000)
    for order in range(10, -1, -1):
        while kernel.page_allocator.alloc_pages(cpu, gfp.GFP_ATOMIC | gfp.NOWARN | gfp.THISNODE, order, 0) >= 0:
            pass
    pages.deny_cache, pages.deny_mask = cache.index, 1 << 5
    objp = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    assert kernel.mem_map.nid(objp >> 12) == 1
    assert kernel.log.lines == []
