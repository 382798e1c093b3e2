"""Random programs on random topologies: every invariant holds after every operation, and nothing is lost."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simslab.conform.slab import invariants
from simslab.conform.topologies import new_system
from simslab.kernel.mm import gfp
from simslab.slab.creation.cpucache import do_tune_cpucache
from simslab.slab.creation.options import SlabOptions
from simslab.slab_common import flags as fl

TOPOLOGY = ["1n1c", "1n4c", "2n8c", "4n8c", "2n4c1m"]
FLAGS = [0, fl.SLAB_HWCACHE_ALIGN, fl.SLAB_RECLAIM_ACCOUNT, fl.SLAB_TYPESAFE_BY_RCU]
REQUESTS = [gfp.GFP_KERNEL, gfp.GFP_ATOMIC, gfp.GFP_NOWAIT, gfp.GFP_KERNEL | gfp.ZERO]
CPU = st.integers(0, 7)
OPERATION = st.one_of(
    st.tuples(st.just("alloc"), CPU, st.integers(1, 40), st.sampled_from(REQUESTS)),
    st.tuples(st.just("alloc_node"), CPU, st.integers(-1, 3), st.sampled_from([*REQUESTS, gfp.THISNODE])),
    st.tuples(st.just("free"), CPU, st.integers(1, 60), st.integers(0, 1000)),
    st.tuples(st.just("bulk"), CPU, st.integers(1, 50), st.integers(0, 1000)),
    st.tuples(st.just("tune"), CPU, st.integers(1, 40), st.integers(0, 4)),
    st.tuples(st.just("reap"), CPU, st.just(0), st.just(0)),
    st.tuples(st.just("shrink"), CPU, st.just(0), st.just(0)),
    st.tuples(st.just("deny"), CPU, st.integers(0, 15), st.just(0)),
)


class Program:
    """Runs operations on one cache and remembers what its users hold."""

    def __init__(self, topology, size, flags, ctor, noaliencache):
        self.allocator = new_system(topology, SlabOptions(slab_nomerge=True, noaliencache=noaliencache))
        self.cpus = self.allocator.kernel.machine.cpus
        self.nodes = len(self.allocator.kernel.online_nodes)
        self.cache = self.allocator.kmem_cache_create("random", size, 0, flags, ctor)
        self.allocator.pages.deny_cache = self.cache.index
        self.held = []

    def run(self, name, cpu_id, a, b):
        getattr(self, name)(self.cpus[cpu_id % len(self.cpus)], a, b)
        assert invariants.check_cache(self.allocator, self.cache, self.held) == []

    def keep(self, objects):
        self.held += [objp for objp in objects if objp]

    def alloc(self, cpu, count, flags):
        self.keep(self.allocator.kmem_cache_alloc(cpu, self.cache, flags) for _ in range(count))

    def alloc_node(self, cpu, node, flags):
        nid = -1 if node < 0 else node % self.nodes
        self.keep([self.allocator.kmem_cache_alloc_node(cpu, self.cache, flags, nid)])

    def free(self, cpu, count, start):
        for _ in range(min(count, len(self.held))):
            objp = self.held.pop(start % len(self.held))
            self.allocator.kmem_cache_free(cpu, self.cache, objp)

    def bulk(self, cpu, count, start):
        if start % 2:
            given_back, self.held = self.held[:count], self.held[count:]
            self.allocator.kmem_cache_free_bulk(cpu, self.cache, given_back)
        else:
            self.keep(self.allocator.kmem_cache_alloc_bulk(cpu, self.cache, gfp.GFP_KERNEL, count))

    def tune(self, cpu, limit, shared):
        do_tune_cpucache(self.allocator, cpu, self.cache, limit, (limit + 1) // 2, shared, gfp.GFP_KERNEL)

    def reap(self, cpu, _a, _b):
        self.allocator.cache_reap(cpu)

    def shrink(self, cpu, _a, _b):
        self.allocator.kmem_cache_shrink(cpu, self.cache)

    def deny(self, _cpu, mask, _b):
        self.allocator.pages.deny_mask = mask & ((1 << self.nodes) - 1)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    topology=st.sampled_from(TOPOLOGY),
    size=st.sampled_from([8, 32, 100, 192, 256, 700, 1500, 3000, 4096, 8192]),
    flags=st.sampled_from(FLAGS),
    ctor=st.booleans(),
    noaliencache=st.booleans(),
    operations=st.lists(OPERATION, max_size=60),
)
def test_random_programs_keep_every_invariant(topology, size, flags, ctor, noaliencache, operations):
    program = Program(topology, size, flags, int(ctor), noaliencache)
    for operation in operations:
        program.run(*operation)
    program.run("deny", 0, 0, 0)
    program.run("free", 0, len(program.held), 0)
    program.run("shrink", 0, 0, 0)
    assert [node.total_slabs for node in program.cache.node] == [0] * program.nodes
    assert invariants.check(program.allocator) == []


def test_a_lost_object_is_reported():
    program = Program("2n8c", 256, 0, 0, False)
    program.alloc(program.cpus[0], 1, gfp.GFP_KERNEL)
    assert any("lost" in text for text in invariants.check_cache(program.allocator, program.cache, []))


@pytest.mark.parametrize("counter", ["free_objects", "free_slabs", "total_slabs"])
def test_a_wrong_counter_is_reported(counter):
    program = Program("1n4c", 256, 0, 0, False)
    program.alloc(program.cpus[0], 1, gfp.GFP_KERNEL)
    node = program.cache.node[0]
    setattr(node, counter, getattr(node, counter) + 1)
    assert any(counter in text for text in invariants.check_cache(program.allocator, program.cache))


def test_an_object_freed_twice_is_reported():
    program = Program("1n4c", 256, 0, 0, False)
    objp = program.allocator.kmem_cache_alloc(program.cpus[0], program.cache, gfp.GFP_KERNEL)
    program.allocator.kmem_cache_free(program.cpus[0], program.cache, objp)
    program.allocator.kmem_cache_free(program.cpus[1], program.cache, objp)
    assert any("2 places" in text for text in invariants.check_cache(program.allocator, program.cache))
