"""Nodes run out of memory one by one: objects come from the next nearest, NULL where the kernel returns NULL."""

from itertools import groupby

import pytest

from simslab.kernel import gfp
from simslab.slab import invariants
from simslab.slab.conform.topologies import new_system
from simslab.slab.failslab import FailSlab
from simslab.slab.options import SlabOptions

LARGE = 4 << 20  # one object a slab: a node of 1 GiB holds about 250
QUIET = gfp.GFP_KERNEL | gfp.NOWARN


class Bench:
    def __init__(self, topology, cpu=0):
        self.allocator = new_system(topology, SlabOptions(slab_nomerge=True))
        self.cpu = self.allocator.kernel.machine.cpus[cpu]
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


@pytest.mark.parametrize(
    ("topology", "cpu", "order"),
    [("1n4c", 0, [0]), ("2n8c", 5, [1, 0]), ("4n8c", 0, [0, 1, 2, 3]), ("2n4c1m", 3, [1, 0, 2])],
)
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
    bench.allocator.allocating.failslab = FailSlab(1, seed=5, ignore_gfp_reclaim=False)
    held, failed = [], 0
    for step in range(5000):
        objp = bench.allocator.kmem_cache_alloc(bench.cpu, bench.small, gfp.GFP_KERNEL)
        failed += not objp
        held += [objp] if objp else []
        if step % 3 == 2:
            bench.allocator.kmem_cache_free(bench.cpu, bench.small, held.pop(step % len(held)))
    assert 20 < failed < 90
    assert invariants.check_cache(bench.allocator, bench.small, held) == []
