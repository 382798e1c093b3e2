"""What the reaper and a shrink give back, and under which locks."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slab_programs import Program

from simslab.base.build import running_build
from simslab.conform.topologies import new_system
from simslab.kernel.mm import gfp
from simslab.slab.creation.options import SlabOptions

COMPILED = running_build().kind == "compiled"


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


GIVING = {"alloc": 30, "alloc_node": 15, "free": 40, "free_bulk": 3, "reap": 6, "shrink": 2, "tune": 1}


class GivesBack(Program):
    """A program of frees, reaps, shrinks and in the end a destroy, of which the locks only are watched."""

    kinds = GIVING

    def __init__(self, chance):
        super().__init__(chance)
        self.allocator.pages.observer = self
        self.pages_freed = 0

    def slab_obtained(self, _cache, _pfn, _nid):
        pass

    def slab_destroyed(self, _cache, _pfn, _nid):
        assert self.witness.held == [], f"a slab's pages go back under a lock: {self.witness}"
        self.pages_freed += 1

    def look(self, name):
        assert (self.witness.problems, self.witness.held) == ([], []), f"{name}: {self.witness}: {self!r}"

    def destroy(self):
        """Free what is held, then destroy the cache."""
        self.allocator.pages.deny_mask = 0
        cpu = self.cpus[self.allocator.online_cpus[0]]
        while self.held:
            self.step("free", cpu)
        assert self.allocator.kmem_cache_destroy(self.cache, cpu) == 0
        self.look("destroy")
        return self

    def sites(self):
        return {row["site"] for row in self.kernel.lock_stats.table() if row["name"].startswith("random:")}


@settings(max_examples=12 if COMPILED else 3)
@given(chance=st.randoms(use_true_random=False), operations=st.integers(1, 300))
def test_no_page_is_freed_and_no_second_nodes_lock_taken_under_a_list_lock(chance, operations):
    GivesBack(chance).run(operations).destroy()


def test_such_programs_take_list_lock_wherever_objects_and_slabs_are_given_back():
    programs = [GivesBack(random.Random(seed)).run(300).destroy() for seed in range(8)]
    assert all(program.pages_freed for program in programs)
    assert set().union(*(program.witness.nested for program in programs)) == {("alien_lock", "list_lock")}
    assert set().union(*(program.sites() for program in programs)) >= {
        "cache_flusharray", "do_drain", "drain_alien_cache", "drain_array", "drain_cpu_caches", "drain_freelist",
        "reap_alien",
    }  # fmt: skip
