"""Slabs made of the page reserves serve only those who may use the reserves (sk_memalloc_socks)."""

import pytest

from simslab.conform.slab import invariants
from simslab.conform.topologies import new_system
from simslab.kernel.mm import gfp
from simslab.kernel.mm.page import PG_ACTIVE
from simslab.slab import paths
from simslab.slab.creation.options import SlabOptions

ORDINARY = gfp.GFP_KERNEL | gfp.NOWARN
RESERVE = ORDINARY | gfp.MEMALLOC


class Bench:
    """A cache on a kernel whose page reserves are all that is left."""

    def __init__(self, size=1024, sockets=1, topology="1n1c", exhausted=True):
        self.allocator = new_system(topology, SlabOptions(slab_nomerge=True))
        self.kernel = self.allocator.kernel
        self.cpu = self.kernel.machine.cpus[0]
        self.cache = self.allocator.kmem_cache_create("bench", size)
        self.kernel.reserves.sk_memalloc_socks = sockets
        self.held = []
        self.pages = []
        if exhausted:
            self.exhaust()

    def exhaust(self):
        for order in range(10, -1, -1):
            while (pfn := self.kernel.page_allocator.alloc_pages(self.cpu, gfp.GFP_ATOMIC, order, -1)) >= 0:
                self.pages.append((pfn, order))

    def alloc(self, flags, count=1):
        found = [self.allocator.kmem_cache_alloc(self.cpu, self.cache, flags) for _ in range(count)]
        self.held += [objp for objp in found if objp]
        return found

    def free(self, objp):
        self.held.remove(objp)
        self.allocator.kmem_cache_free(self.cpu, self.cache, objp)

    def from_reserve(self, objp):
        return bool(self.kernel.mem_map.get("flags", self.kernel.mem_map.get("head", objp >> 12)) & PG_ACTIVE)

    @property
    def node(self):
        return self.cache.node[0]

    @property
    def array(self):
        return self.cache.cpu_cache[0]

    def sound(self):
        return invariants.check_cache(self.allocator, self.cache, self.held) == []


def bench_with_reserve_slab(**keywords):
    """One slab of the reserves, whose first objects went into the CPU's array and are all handed out."""
    bench = Bench(**keywords)
    bench.alloc(RESERVE)
    bench.alloc(ORDINARY, bench.array.avail)
    return bench


def test_without_memory_an_ordinary_request_fails_and_one_for_the_reserves_does_not():
    bench = Bench()
    assert bench.alloc(ORDINARY) == [0]
    (objp,) = bench.alloc(RESERVE)
    assert bench.from_reserve(objp)
    assert bench.sound()


def test_slabs_are_told_apart_only_while_a_socket_needs_it():
    bench = Bench(sockets=0)
    (objp,) = bench.alloc(RESERVE)
    assert not bench.from_reserve(objp)
    assert bench.alloc(ORDINARY, 2 * bench.cache.num - 1)[0]
    assert bench.sound()


def test_a_slab_with_plenty_of_memory_around_is_an_ordinary_one():
    bench = Bench(exhausted=False)
    (objp,) = bench.alloc(RESERVE)
    assert not bench.from_reserve(objp)


def test_free_objects_of_a_reserve_slab_are_kept_from_ordinary_requests():
    bench = bench_with_reserve_slab()
    bench.free(bench.held[-1])
    assert bench.node.free_objects == 1
    assert bench.alloc(ORDINARY) == [0]
    (objp,) = bench.alloc(RESERVE)
    assert objp
    assert bench.node.total_slabs == 1
    assert bench.cpu.path == paths.ALLOC_NODE_SLABS
    assert bench.sound()


def test_objects_of_a_reserve_slab_go_straight_back_into_it():
    bench = bench_with_reserve_slab()
    before = bench.array.avail
    bench.free(bench.held[0])
    assert bench.cpu.path == paths.FREE_PFMEMALLOC
    assert (bench.array.avail, bench.node.free_objects) == (before, 1)
    assert bench.sound()


def test_a_reclaiming_task_uses_reserve_slabs_without_asking():
    bench = bench_with_reserve_slab()
    bench.free(bench.held[-1])
    before = bench.kernel.reserves.memalloc_noreclaim_save(bench.cpu)
    assert bench.alloc(ORDINARY)[0]
    bench.kernel.reserves.memalloc_noreclaim_restore(bench.cpu, before)
    assert bench.alloc(ORDINARY) == [0]


def test_a_request_that_refuses_the_reserves_gets_nothing_of_them():
    bench = bench_with_reserve_slab()
    bench.free(bench.held[-1])
    assert bench.alloc(RESERVE | gfp.NOMEMALLOC) == [0]


def test_an_ordinary_slab_behind_a_reserve_slab_is_found():
    bench = bench_with_reserve_slab()
    reserve = bench.held[-1]
    for pfn, order in bench.pages[-200:]:
        bench.kernel.page_allocator.free_pages(bench.cpu, pfn, order)
    ordinary = bench.alloc(ORDINARY, bench.cache.num)
    assert not any(bench.from_reserve(objp) for objp in ordinary)
    bench.allocator.kmem_cache_shrink(bench.cpu, bench.cache)
    bench.free(ordinary[0])
    bench.allocator.kmem_cache_shrink(bench.cpu, bench.cache)
    bench.free(reserve)
    lists = bench.allocator.pages.lists
    assert len(lists.list_pfns(bench.node, 0)) == 2
    assert not bench.from_reserve(bench.alloc(ORDINARY)[0])
    first = lists.list_pfns(bench.node, 0)[0]
    assert bench.kernel.mem_map.get("flags", first) & PG_ACTIVE
    assert bench.sound()


def test_a_free_reserve_slab_moves_to_the_tail_of_its_list_and_still_counts_as_free():
    bench = bench_with_reserve_slab()
    for objp in list(bench.held):
        bench.free(objp)
    assert (bench.node.free_slabs, bench.node.total_slabs) == (1, 1)
    assert bench.alloc(ORDINARY) == [0]
    assert bench.node.free_slabs == 1
    assert bench.node.free_touched == 1
    assert bench.sound()


def test_a_node_with_plenty_of_free_objects_forgets_that_a_slab_is_of_the_reserves():
    bench = bench_with_reserve_slab()
    bench.free(bench.held[-1])
    bench.node.free_limit = 0
    (objp,) = bench.alloc(ORDINARY)
    assert objp
    assert not bench.from_reserve(objp)
    assert bench.sound()


def test_a_slab_given_back_leaves_no_mark_on_its_pages():
    bench = bench_with_reserve_slab()
    pfn = bench.kernel.mem_map.get("head", bench.held[0] >> 12)
    for objp in list(bench.held):
        bench.free(objp)
    bench.allocator.kmem_cache_shrink(bench.cpu, bench.cache)
    assert bench.node.total_slabs == 0
    assert bench.kernel.mem_map.get("flags", pfn) & PG_ACTIVE == 0


@pytest.mark.parametrize("sockets", [0, 1])
def test_sockets_alone_change_no_state(sockets):
    bench = Bench(sockets=sockets, exhausted=False, topology="2n8c")
    found = bench.alloc(ORDINARY, 500)
    for objp in found[::3]:
        bench.free(objp)
    bench.alloc(ORDINARY, 50)
    other = Bench(sockets=1 - sockets, exhausted=False, topology="2n8c")
    for objp in other.alloc(ORDINARY, 500)[::3]:
        other.free(objp)
    other.alloc(ORDINARY, 50)
    assert bench.held == other.held
    assert bench.array.entries() == other.array.entries()
    assert bench.sound()
