"""Allocation from the CPU's array, and where it is refilled from."""

import pytest
from at_once import AtOnce

from simslab.conform.slab import invariants
from simslab.conform.topologies import new_system
from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm import gfp
from simslab.slab import paths
from simslab.slab.creation.options import SlabOptions


class Bench:
    def __init__(self, topology="2n8c", **options):
        self.allocator = new_system(topology, SlabOptions(**options))
        self.cpus = self.allocator.kernel.machine.cpus
        self.cache = self.allocator.kmem_cache_create("files", 512, ctor=1)

    def alloc(self, cpu=0, count=1, flags=gfp.GFP_KERNEL):
        return [self.allocator.kmem_cache_alloc(self.cpus[cpu], self.cache, flags) for _ in range(count)]

    def free(self, objects, cpu=0):
        for objp in objects:
            self.allocator.kmem_cache_free(self.cpus[cpu], self.cache, objp)


@pytest.fixture
def bench():
    return Bench()


def test_the_object_freed_last_is_handed_out_first(bench):
    first, second = bench.alloc(count=2)
    bench.free([first, second])
    assert bench.alloc() == [second]
    assert bench.cpus[0].path == paths.ALLOC_HIT


@pytest.mark.parametrize(("touched", "taken"), [(0, 16), (1, 27)])
def test_an_array_that_was_not_used_lately_is_refilled_by_sixteen_at_most(bench, touched, taken):
    bench.free(bench.alloc(cpu=1, count=120), cpu=1)  # more than 27 of them end in the node's shared array
    array = bench.cache.cpu_cache[0]
    array.touched = touched
    assert (array.avail, bench.cache.batchcount) == (0, 27)
    bench.alloc()
    assert array.avail == taken - 1


def test_an_empty_array_takes_from_the_shared_one_before_slabs(bench):
    array = bench.cache.cpu_cache[0]
    bench.free(bench.alloc(count=array.limit + 1))  # the last free moves a batch into the shared array
    shared = bench.cache.node[0].shared
    assert shared.avail == array.batchcount
    bench.alloc(count=array.avail)
    bench.alloc()
    assert bench.cpus[0].path == paths.ALLOC_REFILL_SHARED
    assert shared.avail == 0


def test_one_allocation_in_batchcount_refills(bench):
    cache = bench.cache
    objects = bench.alloc(count=200 * cache.num)
    pins = objects[:: cache.num]  # one in each slab, which keeps it
    bench.free(sorted(set(objects) - set(pins)))
    bench.allocator.kmem_cache_shrink(bench.cpus[0], cache)
    cache.cpu_cache[0].touched = 1
    stats = bench.allocator.kernel.lock_stats
    stats.reset()
    bench.alloc(count=40 * cache.batchcount)
    refills = [row for row in stats.table() if row["name"] == "files:list_lock" and row["acquisitions"]]
    assert [(row["site"], row["acquisitions"]) for row in refills] == [("cache_alloc_refill", 40)]


def test_a_bulk_allocation_gives_all_or_nothing(bench):
    cpu = bench.cpus[0]
    objects = bench.allocator.kmem_cache_alloc_bulk(cpu, bench.cache, gfp.GFP_KERNEL, 40)
    assert len(set(objects)) == 40
    bench.allocator.pages.deny_cache, bench.allocator.pages.deny_mask = bench.cache.index, 0b11
    before = sum(node.free_objects for node in bench.cache.node) + bench.cache.cpu_cache[0].avail
    assert bench.allocator.kmem_cache_alloc_bulk(cpu, bench.cache, gfp.GFP_KERNEL, 4000) == []
    after = sum(node.free_objects for node in bench.cache.node) + bench.cache.cpu_cache[0].avail
    assert (after, cpu.path) == (before, paths.ALLOC_FAILED)


def test_a_request_that_may_sleep_is_a_bug_in_an_interrupt(bench):
    bench.cpus[0].in_interrupt = 1
    with pytest.raises(KernelBugError, match="may sleep, in an interrupt"):
        bench.alloc()


def test_a_debug_kernel_prefetches_the_object_not_its_slot():
    bench = Bench("1n1c", debug_slab=True, debug_pagealloc=True)
    assert bench.cache.obj_offset > 64
    cpu = bench.cpus[0]
    objp = bench.alloc()[0]
    slot = objp - bench.cache.obj_offset
    memory = bench.allocator.kernel.machine.memory
    assert memory.state_in_core(cpu.core, objp >> 6)
    assert not memory.state_in_core(cpu.core, slot >> 6)


def test_an_allocation_prefetches_its_object_and_one_by_node_does_not(bench):
    cpu, memory = bench.cpus[0], bench.allocator.kernel.machine.memory
    plain = bench.allocator.kmem_cache_create("plain", 200)
    wherever = bench.allocator.kmem_cache_alloc(cpu, plain, gfp.GFP_KERNEL)
    by_node = bench.allocator.kmem_cache_alloc_node(cpu, plain, gfp.GFP_KERNEL, 0)
    assert [memory.state_in_core(cpu.core, objp >> 6) != 0 for objp in (wherever, by_node)] == [True, False]


LOOK, REFILL, COLOUR = ({f"{step}_under_list_lock": True} for step in ("look", "refill", "colour"))


@pytest.mark.parametrize(
    ("options", "taken"),
    [
        ({}, {"cache_grow_end": 10}),
        (LOOK, {"cache_grow_end": 10, "cache_alloc_refill": 10}),
        (REFILL, {"cache_grow_end": 10, "cache_alloc_refill": 10}),
        (LOOK | REFILL, {"cache_grow_end": 10, "cache_alloc_refill": 20}),
        (COLOUR, {"cache_grow_end": 10, "cache_grow": 10}),
    ],
    ids=["5.10", "look", "refill", "look and refill", "colour"],
)
def test_growth_takes_list_lock_as_often_as_the_kernel_that_is_asked_for(options, taken):
    bench = Bench("1n4c", **options)
    stats = bench.allocator.kernel.lock_stats
    stats.reset()
    objects = bench.alloc(count=10 * bench.cache.num)
    assert bench.cpus[0].path == paths.ALLOC_HIT
    assert objects == Bench("1n4c").alloc(count=10 * bench.cache.num)
    rows = [row for row in stats.table() if row["name"] == "files:list_lock" and row["acquisitions"]]
    assert {row["site"]: row["acquisitions"] for row in rows} == taken


def grown_at_once(**options):
    """Cycles that four CPUs wait for locks that grow a cache at once, and for how long they are at it together."""
    bench = Bench("1n4c", **options)
    each = 10 * bench.cache.num
    both = AtOnce(bench.allocator, *((number, 0, lambda cpu: bench.alloc(cpu.id, each)) for number in range(4)))
    held = [objp for objects in both.returned.values() for objp in objects]
    assert len(set(held)) == 4 * each
    assert invariants.check_cache(bench.allocator, bench.cache, held) == []
    return sum(both.waited.values()), sum(end - begun for begun, end in both.spans.values())


def test_each_part_of_growth_that_went_from_under_list_lock_made_those_who_grow_at_once_faster():
    """Up to 4.6 all three were under it; the patches took them out in the order of this list, read from its end."""
    kernels = [grown_at_once(**options) for options in ({}, LOOK, LOOK | REFILL, LOOK | REFILL | COLOUR)]
    waits, spans = zip(*kernels, strict=True)
    assert list(waits) == sorted(set(waits))
    assert list(spans) == sorted(set(spans))
    assert waits[3] > 10 * waits[0]
    assert spans[3] > 1.3 * spans[0]
