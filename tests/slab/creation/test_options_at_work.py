"""Build and boot options change what allocation and freeing do."""

import logging
from collections import Counter

import pytest

from simslab.conform.slab import invariants
from simslab.conform.topologies import new_system
from simslab.kernel import layout
from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm import gfp
from simslab.kernel.mm.mempolicy import BIND, INTERLEAVE, PREFERRED, MemPolicies, MemPolicy
from simslab.slab.creation.options import SlabOptions
from simslab.slab.usercopy import check_heap_object
from simslab.slab_common import flags as fl
from simslab.slab_common.failslab import FailSlab


class Bench:
    def __init__(self, size=256, flags=0, ctor=0, topology="2n8c", window=(0, 0), **options):
        self.allocator = new_system(topology, SlabOptions(slab_nomerge=True, **options))
        self.cpu = self.allocator.kernel.machine.cpus[0]
        self.cache = self.allocator.kmem_cache_create("bench", size, 0, flags, ctor, *window)
        self.held = []

    def alloc(self, count=1, flags=gfp.GFP_KERNEL):
        found = [self.allocator.kmem_cache_alloc(self.cpu, self.cache, flags) for _ in range(count)]
        self.held += [objp for objp in found if objp]
        return found

    def free_all(self):
        for objp in self.held:
            self.allocator.kmem_cache_free(self.cpu, self.cache, objp)
        self.held = []

    def node_of(self, objp):
        return self.allocator.pages.mem_map.nid(objp >> 12)

    def sound(self):
        return invariants.check_cache(self.allocator, self.cache, self.held) == []


def instructions(bench):
    """Instructions of an allocation and a free that hit."""
    bench.alloc()
    before = bench.cpu.instructions
    bench.alloc()
    bench.free_all()
    return bench.cpu.instructions - before


@pytest.mark.parametrize(
    ("keywords", "zeroed"),
    [({}, True), ({"ctor": 1}, False), ({"flags": fl.SLAB_TYPESAFE_BY_RCU}, False)],
    ids=["plain", "constructor", "type-safe by RCU"],
)
def test_init_on_alloc_and_on_free_zero_objects_whose_contents_nobody_keeps(keywords, zeroed):
    plain = instructions(Bench(**keywords))
    for option in ("init_on_alloc", "init_on_free"):
        objects = 1 if option == "init_on_alloc" else 2
        assert instructions(Bench(**keywords, **{option: True})) - plain == (22 * objects if zeroed else 0)


def test_a_shuffled_slab_hands_out_every_object_once_and_repeats_with_the_seed():
    def order(seed, **keywords):
        bench = Bench(freelist_random=True, freelist_seed=seed, **keywords)
        found = bench.alloc(bench.cache.num)
        assert len(set(found)) == bench.cache.num
        assert bench.sound()
        first = min(found)
        return [(objp - first) // bench.cache.size for objp in found]

    for keywords in ({}, {"ctor": 1, "size": 100}, {"size": 700}, {"flags": fl.SLAB_TYPESAFE_BY_RCU}):
        assert order(1, **keywords) == order(1, **keywords)
        assert order(1, **keywords) != order(2, **keywords)
        assert order(1, **keywords) != sorted(order(1, **keywords), reverse=True)


def test_the_hardened_free_finds_the_objects_own_cache(caplog):
    bench = Bench(freelist_hardened=True)
    other = bench.allocator.kmem_cache_create("other", 256)
    (objp,) = bench.alloc()
    with caplog.at_level(logging.WARNING):
        bench.allocator.kmem_cache_free(bench.cpu, other, objp)
    assert "Wrong slab cache. other but object is from bench" in caplog.text
    bench.held = []
    assert bench.sound()


def test_a_debug_build_stops_at_an_object_freed_twice():
    bench = Bench(debug_slab=True)
    (objp,) = bench.alloc()
    bench.allocator.kmem_cache_free(bench.cpu, bench.cache, objp)
    bench.allocator.kmem_cache_free(bench.cpu, bench.cache, objp)
    with pytest.raises(KernelBugError, match="double free detected in cache 'bench'"):
        bench.allocator.kmem_cache_shrink(bench.cpu, bench.cache)


def test_failslab_fails_its_share_and_loses_nothing():
    bench = Bench()
    bench.allocator.set_failslab(FailSlab(10, seed=3))
    failed = bench.alloc(2000, gfp.GFP_ATOMIC).count(0)
    assert 120 < failed < 280
    assert 0 not in bench.alloc(500, gfp.GFP_KERNEL)  # requests that may reclaim are spared
    bulk = [bench.allocator.kmem_cache_alloc_bulk(bench.cpu, bench.cache, gfp.GFP_ATOMIC, 4) for _ in range(100)]
    assert {len(objects) for objects in bulk} == {0, 4}
    bench.held += [objp for objects in bulk for objp in objects]
    assert bench.sound()


def test_failslab_counts_intervals_and_times():
    bench = Bench()
    bench.allocator.set_failslab(FailSlab(100, interval=3, times=2, ignore_gfp_reclaim=False))
    assert [bool(objp) for objp in bench.alloc(9)] == [True, True, False, True, True, False, True, True, True]


def policy(bench, **keywords):
    policies = MemPolicies(bench.allocator.kernel.zonelists)
    policies.of_cpu[bench.cpu.id] = MemPolicy(**keywords)
    bench.allocator.set_policies(policies)


@pytest.mark.parametrize("mode", [PREFERRED, BIND])
def test_a_task_bound_to_another_node_gets_objects_there(mode):
    bench = Bench()
    policy(bench, mode=mode, nodes=(1,))
    assert {bench.node_of(objp) for objp in bench.alloc(20)} == {1}
    assert bench.sound()


def test_interleaving_takes_the_nodes_in_turn():
    bench = Bench(topology="4n8c")
    policy(bench, mode=INTERLEAVE, nodes=(0, 2, 3))
    assert Counter(bench.node_of(objp) for objp in bench.alloc(30)) == {0: 10, 2: 10, 3: 10}


def test_a_cpuset_spreads_the_caches_that_ask_for_it():
    spread, plain = Bench(flags=fl.SLAB_MEM_SPREAD), Bench()
    for bench in (spread, plain):
        policy(bench, spread=True, mems_allowed=(0, 1))
    assert Counter(spread.node_of(objp) for objp in spread.alloc(20)) == {0: 10, 1: 10}
    assert {plain.node_of(objp) for objp in plain.alloc(20)} == {0}


def test_interrupts_and_requests_for_one_node_have_no_policy():
    bench = Bench()
    policy(bench, mode=PREFERRED, nodes=(1,))
    bench.cpu.in_interrupt = 1
    assert bench.node_of(bench.alloc(1, gfp.GFP_ATOMIC)[0]) == 0
    bench.cpu.in_interrupt = 0
    assert bench.node_of(bench.alloc(1, gfp.GFP_KERNEL | gfp.THISNODE)[0]) == 0


def test_user_space_may_copy_only_the_window():
    bench = Bench(window=(16, 64))
    (objp,) = bench.alloc()
    assert check_heap_object(bench.allocator, bench.cpu, objp + 16, 64) == ""
    assert "offset 0, size 8" in check_heap_object(bench.allocator, bench.cpu, objp, 8)
    assert "offset 72, size 16" in check_heap_object(bench.allocator, bench.cpu, objp + 72, 16)


def test_ksize_is_the_cache_s_object_size():
    bench = Bench()
    allocator = bench.allocator
    assert allocator.ksize(bench.cpu, allocator.kmalloc(bench.cpu, 100, gfp.GFP_KERNEL)) == 128
    assert allocator.ksize(bench.cpu, 16) == 0


def test_the_hardened_free_refuses_the_object_freed_last(caplog):
    bench = Bench(freelist_hardened=True)
    first, second = bench.alloc(2)
    with caplog.at_level(logging.WARNING):
        for objp in (first, second, second, second):
            bench.allocator.kmem_cache_free(bench.cpu, bench.cache, objp)
    assert caplog.text.count("freed twice in a row") == 1
    bench.held = []
    assert bench.sound()


def test_flags_that_no_slab_can_have_are_dropped_with_a_warning(caplog):
    bench = Bench()
    with caplog.at_level(logging.WARNING):
        (objp,) = bench.alloc(1, gfp.GFP_KERNEL | gfp.HIGHMEM)
    assert objp
    assert "Unexpected gfp: 0x2 (__GFP_HIGHMEM). Fixing up to gfp: 0x2020c0" in caplog.text
    assert "Fix your code!" in caplog.text
    assert bench.sound()


def test_an_interrupt_must_not_ask_for_what_may_sleep():
    bench = Bench()
    bench.cpu.in_interrupt = 1
    with pytest.raises(KernelBugError, match="might_sleep"):
        bench.alloc(1, gfp.GFP_KERNEL)


def test_lists_apart_share_no_line_with_their_lock():
    bench = Bench(node_lists_apart=True)
    for cache in bench.allocator.caches:
        for node in cache.node:
            assert node.list_lock.addr % 64 == 0
            assert node.addr + layout.NODE_SLABS_PARTIAL == node.list_lock.addr + 64


def test_the_kernel_has_them_in_the_line_of_their_lock():
    node = Bench().cache.node[0]
    assert node.addr == node.list_lock.addr


def test_lists_apart_serve_and_give_back_all_that_they_held():
    bench = Bench(node_lists_apart=True)
    bench.alloc(500)
    assert bench.sound()
    bench.free_all()
    bench.allocator.kmem_cache_destroy(bench.cache)
    assert bench.cache not in bench.allocator.caches


@pytest.mark.parametrize(("options", "offsets"), [({}, range(7)), ({"no_colouring": True}, [0])])
def test_slabs_begin_at_every_colour_or_all_at_the_first(options, offsets):
    bench = Bench(700, flags=fl.SLAB_HWCACHE_ALIGN, **options)
    starts = {}
    for objp in bench.alloc(20 * bench.cache.num):
        starts[objp >> 13] = min(starts.get(objp >> 13, 8192), objp & 8191)  # slabs of two pages
    first = min(starts.values())
    assert sorted({start - first for start in starts.values()}) == [64 * offset for offset in offsets]


def in_use(cache):
    """Objects of a cache that somebody has."""
    kept = sum(array.avail for _, array in invariants.arrays(cache))
    return sum(node.total_slabs * cache.num - node.free_objects for node in cache.node) - kept


@pytest.mark.parametrize(("options", "each"), [({}, 0), ({"no_objfreelist": True}, 1)])
def test_without_freelists_in_objects_a_slab_of_one_page_has_an_object_of_kmalloc_32_besides(options, each):
    bench = Bench(4096, **options)
    small = bench.allocator.kmalloc_slab(1, gfp.GFP_KERNEL)
    before = in_use(small)
    bench.alloc(40)
    assert in_use(small) - before == 40 * each
    bench.free_all()
    bench.allocator.kmem_cache_shrink(bench.cpu, bench.cache)
    assert in_use(small) == before
