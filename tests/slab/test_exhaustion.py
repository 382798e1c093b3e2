"""Nodes run out of memory one by one: objects come from the next nearest, NULL where the kernel returns NULL."""

import random
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_machines import random_machine

from simslab.base.build import running_build
from simslab.conform.slab import invariants
from simslab.conform.topologies import machine_document, topology_of
from simslab.kernel.kernel import Kernel
from simslab.kernel.mm import gfp
from simslab.machine.machine import build_machine
from simslab.machine.spec import MachineSpec
from simslab.slab.allocator import SlabAllocator
from simslab.slab.creation.options import SlabOptions
from simslab.slab_common.failslab import FailSlab

COMPILED = running_build().kind == "compiled"
LARGE = 4 << 20  # one object a slab
MEMORY = "1 GiB" if COMPILED else "192 MiB"  # of each node that has some: about 250 and 45 of them
QUIET = gfp.GFP_KERNEL | gfp.NOWARN


class Bench:
    def __init__(self, topology, cpu=0):
        document = machine_document(topology_of(topology))
        nodes = [{**node, "memory": MEMORY} for node in document["nodes"]]
        machine = build_machine(MachineSpec.model_validate({**document, "nodes": nodes}))
        self.allocator = SlabAllocator(Kernel(machine), SlabOptions(slab_nomerge=True))
        self.allocator.boot(standing=False)
        self.cpu = machine.cpus[cpu]
        self.cache = self.allocator.kmem_cache_create("large", LARGE)
        self.small = self.allocator.kmem_cache_create("small", 256)
        self.held = []

    def node_of(self, objp):
        return self.allocator.pages.mem_map.nid(objp >> 12)

    def exhaust(self, flags=QUIET, node=-1):
        """Allocate until nothing is left; the node of each object."""
        found = []
        while objp := self.allocator.kmem_cache_alloc_node(self.cpu, self.cache, flags, node):
            found.append(objp)
        self.held += found
        return [self.node_of(objp) for objp in found]

    def sound(self):
        users = {self.cache.index: self.held}
        return invariants.check(self.allocator, users) == []


ORDERS = [("1n4c", 0, [0]), ("2n8c", 5, [1, 0]), ("4n8c", 0, [0, 1, 2, 3]), ("2n4c1m", 3, [1, 0, 2])]


@pytest.mark.parametrize(("topology", "cpu", "order"), ORDERS if COMPILED else ORDERS[:1] + ORDERS[3:])
def test_nodes_run_out_one_by_one(topology, cpu, order):
    bench = Bench(topology, cpu)
    nodes = bench.exhaust()
    distances = bench.allocator.kernel.machine.topology.distance[order[0]]
    runs = [node for node, _ in groupby(nodes)]
    assert sorted(set(runs)) == sorted(order)
    assert runs[0] == order[0]
    assert [distances[node] for node in runs] == sorted(distances[node] for node in runs)
    assert bench.cpu.irqs_off == 0
    assert bench.sound()


def test_a_request_for_one_node_fails_while_others_have_memory():
    bench = Bench("2n8c")
    assert set(bench.exhaust(QUIET | gfp.THISNODE, 1)) == {1}
    assert bench.allocator.kmem_cache_alloc_node(bench.cpu, bench.cache, QUIET | gfp.THISNODE, 1) == 0
    objp = bench.allocator.kmem_cache_alloc_node(bench.cpu, bench.cache, QUIET, 1)
    assert bench.node_of(objp) == 0
    bench.held.append(objp)
    assert bench.sound()


def test_memory_given_back_serves_again():
    bench = Bench("2n8c")
    total = len(bench.exhaust())
    for objp in bench.held:
        bench.allocator.kmem_cache_free(bench.cpu, bench.cache, objp)
    bench.held = []
    bench.allocator.kmem_cache_shrink(bench.cpu, bench.cache)
    assert [node.total_slabs for node in bench.cache.node] == [0, 0]
    assert len(bench.exhaust()) == total
    assert bench.sound()


def test_a_bulk_request_that_cannot_be_met_leaves_everything_as_it_was():
    bench = Bench("2n8c")
    bench.exhaust()
    for objp in bench.held[:3]:
        bench.allocator.kmem_cache_free(bench.cpu, bench.cache, objp)
    bench.held = bench.held[3:]
    assert bench.allocator.kmem_cache_alloc_bulk(bench.cpu, bench.cache, QUIET, 10) == []
    assert bench.sound()


def test_one_percent_of_injected_failures_loses_nothing():
    bench = Bench("2n8c")
    bench.allocator.set_failslab(FailSlab(1, seed=5, ignore_gfp_reclaim=False))
    held, failed = [], 0
    for step in range(5000):
        objp = bench.allocator.kmem_cache_alloc(bench.cpu, bench.small, gfp.GFP_KERNEL)
        failed += not objp
        held += [objp] if objp else []
        if step % 3 == 2:
            bench.allocator.kmem_cache_free(bench.cpu, bench.small, held.pop(step % len(held)))
    assert 20 < failed < 90
    assert invariants.check_cache(bench.allocator, bench.small, held) == []


class RandomBench(Bench):
    """The same on a random machine with little memory, from one of its CPUs."""

    def __init__(self, chance):
        machine = random_machine(chance, memory=["128 MiB"])
        self.allocator = SlabAllocator(Kernel(machine), SlabOptions(slab_nomerge=True))
        self.allocator.boot(standing=False)
        self.chance = chance
        self.cpu = chance.choice(machine.cpus)
        self.cache = self.allocator.kmem_cache_create("large", LARGE)
        self.small = self.allocator.kmem_cache_create("small", 256)
        self.held = []
        self.with_memory = [node.id for node in machine.topology.nodes if node.memory]
        self.order = [nid for nid in self.allocator.kernel.zonelists[self.cpu.numa_mem] if nid in self.with_memory]

    def next_node(self):
        """Where the next large slab comes from, None where the request fails.

        The node at hand is asked alone, down to its low and then its minimum watermark (cache_grow_begin with
        gfp_exact_node); then all by distance, first down to their low marks, then to their minimum (fallback_alloc;
        alloc_pages_nodemask, get_page_from_freelist). So the others are gone through twice, in the same order.
        """
        for nodes in (self.order[:1] if self.order[0] == self.cpu.numa_mem else [], self.order):
            for mark in ("wmark_low", "wmark_min"):
                for nid in nodes:
                    if any(self.has_block(zone, mark) for zone in self.allocator.kernel.zones if zone.node == nid):
                        return nid
        return None

    def has_block(self, zone, mark):
        """Whether a zone stays above a watermark without a block of 4 MiB, and has one (__zone_watermark_ok)."""
        left = zone.free_pages() - (LARGE >> 12) + 1
        enough = left > getattr(zone, mark) + zone.reserve_owner[-1]
        return enough and zone.buddy.nr_free_owner[-1] > 0

    def exhaust_in_order(self):
        """Allocate until nothing is left, looking each time whether it is where it should be; the nodes."""
        nodes = []
        while (expected := self.next_node()) is not None:
            objp = self.allocator.kmem_cache_alloc(self.cpu, self.cache, QUIET)
            assert self.node_of(objp) == expected
            self.held.append(objp)
            nodes.append(expected)
        assert self.allocator.kmem_cache_alloc(self.cpu, self.cache, QUIET) == 0
        return nodes

    def give_back(self):
        for objp in self.held:
            self.allocator.kmem_cache_free(self.cpu, self.cache, objp)
        self.held = []
        self.allocator.kmem_cache_shrink(self.cpu, self.cache)


@settings(max_examples=10 if COMPILED else 2)
@given(st.randoms(use_true_random=False))
def test_on_any_machine_nodes_run_out_in_order_of_the_zonelist(chance):
    bench = RandomBench(chance)
    nodes = bench.exhaust_in_order()
    assert list(dict.fromkeys(nodes)) == bench.order
    assert bench.cpu.irqs_off == 0
    assert bench.sound()
    bench.give_back()
    assert bench.exhaust_in_order() == nodes
    assert bench.sound()


@settings(max_examples=10 if COMPILED else 2)
@given(st.randoms(use_true_random=False))
def test_on_any_machine_a_request_for_a_node_that_ran_out_fails_or_goes_where_memory_is_left(chance):
    bench = RandomBench(chance)
    left = list(bench.order)
    for nid in chance.sample(bench.with_memory, len(bench.with_memory)):
        assert set(bench.exhaust(QUIET | gfp.THISNODE, nid)) == {nid}
        left.remove(nid)
        assert bench.allocator.kmem_cache_alloc_node(bench.cpu, bench.cache, QUIET | gfp.THISNODE, nid) == 0
        objp = bench.allocator.kmem_cache_alloc_node(bench.cpu, bench.cache, QUIET, nid)
        assert (bench.node_of(objp) if objp else None) == (left[0] if left else None)
        bench.held += [objp] if objp else []
        assert bench.sound()
    assert bench.allocator.kmem_cache_alloc(bench.cpu, bench.cache, QUIET) == 0
    bench.give_back()
    assert all(n.total_slabs == 0 for n in bench.cache.node if n is not None)
    assert bench.sound()


@settings(max_examples=12 if COMPILED else 3)
@given(st.randoms(use_true_random=False))
def test_on_any_machine_a_node_without_memory_gives_nothing_of_its_own(chance):
    bench = RandomBench(chance)
    for nid in set(bench.allocator.kernel.online_nodes) - set(bench.with_memory):
        assert bench.allocator.kmem_cache_alloc_node(bench.cpu, bench.small, QUIET | gfp.THISNODE, nid) == 0
        objp = bench.allocator.kmem_cache_alloc_node(bench.cpu, bench.small, QUIET, nid)
        assert bench.node_of(objp) in bench.with_memory
        bench.allocator.kmem_cache_free(bench.cpu, bench.small, objp)
    assert bench.sound()


@settings(max_examples=12 if COMPILED else 3)
@given(st.integers(0, 10_000).map(random.Random))
def test_on_any_machine_null_comes_from_injected_failures_alone_and_nothing_is_lost(chance):
    bench = RandomBench(chance)
    bench.allocator.allocating.failslab = injected = CountingFailSlab(chance)
    held, failed = [], 0
    for _ in range(1000 if COMPILED else 200):
        if held and chance.random() < 0.45:
            bench.allocator.kmem_cache_free(bench.cpu, bench.small, held.pop(chance.randrange(len(held))))
            continue
        objp = bench.allocator.kmem_cache_alloc(bench.cpu, bench.small, gfp.GFP_KERNEL)
        failed += not objp
        held += [objp] if objp else []
    assert failed == injected.count
    assert invariants.check_cache(bench.allocator, bench.small, held) == []


class CountingFailSlab:
    """Fails one request in a hundred, and counts."""

    def __init__(self, chance):
        self.inner, self.count = FailSlab(1, seed=chance.getrandbits(16), ignore_gfp_reclaim=False), 0

    def should_failslab(self, cache, flags):
        answer = self.inner.should_failslab(cache, flags)
        self.count += bool(answer)
        return answer
