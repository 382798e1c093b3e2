"""Instructions charged for each path against those counted on a real 5.10 kernel (golden/instruction_counts.csv.gz).

Two nodes, a cache of 256-byte objects (16 in a slab) unless the case says otherwise. The page allocator's share is left
out on both sides: it has tests of its own.
"""

import pytest

from simslab.conform.topologies import new_system
from simslab.kernel.mm import gfp
from simslab.slab import paths
from simslab.slab.creation.cpucache import do_tune_cpucache
from simslab.slab.creation.options import SlabOptions

TOLERANCE = 0.05
GROW_PAGES = 268  # of the golden counts of a growth: get_page_from_freelist, __alloc_pages_nodemask and what they call
FREE_PAGES = 94  # for each order-0 slab destroyed: free_unref_page, free_unref_page_commit, __free_pages


class Bench:
    """A cache on a quiet machine; `cost` measures one operation on the CPU that runs it."""

    def __init__(self, size=256, ctor=0, tune=None):
        self.allocator = new_system("2n8c", SlabOptions(slab_nomerge=True))
        self.cpus = self.allocator.kernel.machine.cpus
        self.cpu = self.cpus[0]
        self.cache = self.allocator.kmem_cache_create("bench", size, 0, 0, ctor)
        if tune:
            do_tune_cpucache(self.allocator, self.cpu, self.cache, *tune, gfp.GFP_KERNEL)
        self.pages = self.allocator.pages.page_allocator
        self.held = []

    def alloc(self, count=1, cpu=None, flags=gfp.GFP_ATOMIC):
        for _ in range(count):
            self.held.append(self.allocator.kmem_cache_alloc(cpu or self.cpu, self.cache, flags))

    def free(self, count=1, cpu=None):
        for _ in range(count):
            self.allocator.kmem_cache_free(cpu or self.cpu, self.cache, self.held.pop(0))

    def empty(self):
        """Allocate until the CPU's array is empty."""
        while self.cache.cpu_cache[0].avail:
            self.alloc()

    def fill(self):
        """Free until the CPU's array is full."""
        while self.cache.cpu_cache[0].avail < self.cache.limit:
            self.free()

    def cost(self, operation, *arguments, **keywords):
        before = self.cpu.instructions
        operation(*arguments, **keywords)
        return self.cpu.instructions - before


def grown(**keywords):
    bench = Bench(**keywords)
    pages = measured_pages(bench)
    return bench, bench.cost(bench.alloc) - pages()


def measured_pages(bench):
    """Return a function that says how many instructions a page allocation of the cache's order takes."""

    def measure():
        order = bench.cache.gfporder
        pages = []
        cost = bench.cost(lambda: pages.append(bench.pages.alloc_pages(bench.cpu, gfp.GFP_ATOMIC | gfp.COMP, order, 0)))
        bench.pages.free_pages(bench.cpu, pages[0], order)
        return cost

    measure()
    return measure


@pytest.mark.parametrize(
    ("keywords", "golden"),
    [
        ({}, 999),
        ({"tune": (8, 4, 13)}, 782),
        ({"tune": (1, 1, 0)}, 725),
        ({"size": 32}, 1973),
        ({"size": 4096}, 594),
        ({"size": 200, "ctor": 1}, 1157),
    ],
)
def test_growing_a_slab(keywords, golden):
    bench, cost = grown(**keywords)
    assert bench.cpu.path == paths.ALLOC_GROW
    assert cost == pytest.approx(golden - GROW_PAGES, rel=TOLERANCE)


def test_hits():
    bench = Bench()
    bench.alloc(2)
    assert bench.cost(bench.alloc) == pytest.approx(41, rel=TOLERANCE)
    assert bench.cpu.path == paths.ALLOC_HIT
    assert bench.cost(bench.free) == pytest.approx(59, rel=TOLERANCE)
    assert bench.cpu.path == paths.FREE_HIT
    assert bench.cost(bench.alloc, flags=gfp.GFP_KERNEL | gfp.ZERO) == pytest.approx(63, rel=TOLERANCE)
    node_hit = bench.cost(bench.allocator.kmem_cache_alloc_node, bench.cpu, bench.cache, gfp.GFP_KERNEL, 0)
    assert node_hit == pytest.approx(50, rel=TOLERANCE)


def test_kmalloc_and_kfree_hits():
    bench = Bench()
    allocator, cpu = bench.allocator, bench.cpu
    held = [allocator.kmalloc(cpu, 256, gfp.GFP_KERNEL) for _ in range(4)]
    assert bench.cost(allocator.kfree, cpu, held[0]) == pytest.approx(85, rel=TOLERANCE)
    assert bench.cost(allocator.kmalloc, cpu, 256, gfp.GFP_KERNEL) == pytest.approx(65, rel=TOLERANCE)
    allocator.kfree(cpu, held[1])
    assert bench.cost(allocator.kmalloc_node, cpu, 256, gfp.GFP_KERNEL, 0) == pytest.approx(84, rel=TOLERANCE)


@pytest.mark.parametrize(
    ("tune", "golden"), [(None, 349), ((32, 16, 2), 217), ((8, 4, 13), 181)], ids=["120/60", "32/16", "8/4"]
)
def test_flushing_to_the_shared_array(tune, golden):
    bench = Bench(tune=tune)
    bench.alloc(3 * bench.cache.limit)
    bench.fill()
    assert bench.cost(bench.free) == pytest.approx(golden, rel=TOLERANCE)
    assert bench.cpu.path == paths.FREE_FLUSH_SHARED
    bench.empty()
    assert bench.cost(bench.alloc) == pytest.approx(148 if tune else 153, rel=TOLERANCE)
    assert bench.cpu.path == paths.ALLOC_REFILL_SHARED


@pytest.mark.parametrize(("tune", "golden"), [((32, 16, 0), 1091), ((1, 1, 0), 236)], ids=["32/16", "1/1"])
def test_flushing_to_slabs(tune, golden):
    bench = Bench(tune=tune)
    bench.alloc(100)
    bench.fill()
    assert bench.cost(bench.free) == pytest.approx(golden, rel=TOLERANCE)
    assert bench.cpu.path == paths.FREE_FLUSH_SLABS


@pytest.mark.parametrize(
    ("keywords", "taken", "golden"),
    [({"tune": (8, 4, 13)}, 4, 247), ({"tune": (1, 1, 0)}, 1, 163), ({"size": 32}, 60, 1311)],
    ids=["8/4", "1/1", "120/60"],
)
def test_refilling_from_a_partial_slab(keywords, taken, golden):
    bench = Bench(**keywords)
    bench.alloc()
    bench.empty()
    assert bench.cost(bench.alloc) == pytest.approx(golden, rel=TOLERANCE)
    assert bench.cpu.path == paths.ALLOC_REFILL_SLABS
    assert bench.cache.cpu_cache[0].avail == taken - 1


def test_freeing_to_an_alien_array_and_draining_it():
    bench = Bench()
    bench.alloc(40, cpu=bench.cpus[4])
    assert bench.cost(bench.free) == pytest.approx(108, rel=TOLERANCE)
    assert bench.cpu.path == paths.FREE_ALIEN
    bench.free(11)
    assert bench.cost(bench.free) == pytest.approx(226, rel=TOLERANCE)
    assert bench.cpu.path == paths.FREE_ALIEN_DRAIN


def test_draining_aliens_without_a_shared_array():
    bench = Bench(tune=(4, 2, 0))
    bench.alloc(40, cpu=bench.cpus[4])
    bench.free(12)
    assert bench.cost(bench.free) == pytest.approx(834, rel=TOLERANCE)


def test_allocating_from_another_node():
    bench = Bench()
    pages = measured_pages(bench)
    allocate = (bench.allocator.kmem_cache_alloc_node, bench.cpu, bench.cache, gfp.GFP_ATOMIC, 1)
    assert bench.cost(*allocate) - pages() == pytest.approx(705 - GROW_PAGES, rel=TOLERANCE)
    assert bench.cpu.path == paths.ALLOC_NODE_GROW
    assert bench.cost(*allocate) == pytest.approx(114, rel=TOLERANCE)
    assert bench.cpu.path == paths.ALLOC_NODE_SLABS


@pytest.mark.parametrize(("count", "alloc", "free"), [(4, 104, 245), (8, 172, 469)])
def test_bulk_hits(count, alloc, free):
    bench = Bench()
    bench.alloc()
    objects = []
    call = bench.allocator.kmem_cache_alloc_bulk
    cost = bench.cost(lambda: objects.extend(call(bench.cpu, bench.cache, gfp.GFP_KERNEL, count)))
    assert cost == pytest.approx(alloc, rel=TOLERANCE)
    cost = bench.cost(bench.allocator.kmem_cache_free_bulk, bench.cpu, bench.cache, objects)
    assert cost == pytest.approx(free, rel=TOLERANCE)
