"""Programs without mistakes are told nothing by a debug kernel, and those with one mistake are told of it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simslab.base.build import running_build
from simslab.conform.slab import invariants
from simslab.conform.topologies import new_system
from simslab.kernel.mm import gfp
from simslab.slab.creation.cpucache import do_tune_cpucache
from simslab.slab.creation.options import SlabOptions
from simslab.slab_common import flags as fl

COMPILED = running_build().kind == "compiled"
REQUESTS = [gfp.GFP_KERNEL, gfp.GFP_ATOMIC | gfp.NOWARN, gfp.GFP_KERNEL | gfp.ZERO]
CACHES = {
    "words": (8, 0, 0),
    "plain": (40, 0, 0),
    "index in an object": (256, 0, 0),
    "aligned": (100, fl.SLAB_HWCACHE_ALIGN, 0),
    "constructor": (200, 0, 1),
    "large constructor": (1000, 0, 1),
    "by RCU": (128, fl.SLAB_TYPESAFE_BY_RCU, 0),
    "constructor, by RCU": (200, fl.SLAB_TYPESAFE_BY_RCU, 1),
    "off-slab": (3000, fl.SLAB_TYPESAFE_BY_RCU, 0),
    "reclaimable": (576, fl.SLAB_RECLAIM_ACCOUNT, 0),
    "two pages": (4096, 0, 0),
    "large": (8192, 0, 0),
}
CPU = st.integers(0, 7)
OPERATION = st.one_of(
    st.tuples(st.just("alloc"), CPU, st.integers(1, 40), st.sampled_from(REQUESTS)),
    st.tuples(st.just("alloc_node"), CPU, st.integers(-1, 3), st.sampled_from(REQUESTS)),
    st.tuples(st.just("free"), CPU, st.integers(1, 60), st.integers(0, 1000)),
    st.tuples(st.just("bulk"), CPU, st.integers(1, 50), st.integers(0, 1000)),
    st.tuples(st.just("kmalloc"), CPU, st.sampled_from([1, 24, 100, 700, 5000]), st.integers(1, 20)),
    st.tuples(st.just("tune"), CPU, st.integers(1, 40), st.integers(0, 4)),
    st.tuples(st.just("reap"), CPU, st.just(0), st.just(0)),
    st.tuples(st.just("shrink"), CPU, st.just(0), st.just(0)),
    st.tuples(st.just("deny"), CPU, st.integers(0, 15), st.just(0)),
)


class Program:
    """Users of one cache who fill every object they get and find it unchanged when they give it back."""

    def __init__(self, topology, cache, **options):
        size, flags, ctor = CACHES[cache]
        options = SlabOptions(slab_nomerge=True, debug_slab=True, **options)
        self.allocator = new_system(topology, options)
        self.debug, self.log = self.allocator.debug, self.allocator.kernel.log
        self.cpus = self.allocator.kernel.machine.cpus
        self.nodes = len(self.allocator.kernel.online_nodes)
        self.cache = self.allocator.kmem_cache_create("random", size, 0, flags, ctor)
        self.allocator.pages.deny_cache = self.cache.index
        self.size, self.held, self.kmalloced, self.number = size, {}, [], 0

    def run(self, name, cpu_id, a, b):
        getattr(self, name)(self.cpus[cpu_id % len(self.cpus)], a, b)
        assert invariants.check_cache(self.allocator, self.cache, list(self.held)) == []

    def keep(self, objects):
        for objp in objects:
            if objp:
                self.number += 1
                self.held[objp] = (self.number % 251).to_bytes(1, "little") * self.size
                self.debug.write(objp, self.held[objp])

    def give_back(self, objp):
        assert self.debug.read(objp, self.size) == self.held.pop(objp)
        return objp

    def alloc(self, cpu, count, flags):
        self.keep(self.allocator.kmem_cache_alloc(cpu, self.cache, flags) for _ in range(count))

    def alloc_node(self, cpu, node, flags):
        nid = -1 if node < 0 else node % self.nodes
        self.keep([self.allocator.kmem_cache_alloc_node(cpu, self.cache, flags | gfp.NOWARN, nid)])

    def free(self, cpu, count, start):
        for _ in range(min(count, len(self.held))):
            objp = self.give_back(list(self.held)[start % len(self.held)])
            self.allocator.kmem_cache_free(cpu, self.cache, objp)

    def bulk(self, cpu, count, start):
        if start % 2:
            given_back = [self.give_back(objp) for objp in list(self.held)[:count]]
            self.allocator.kmem_cache_free_bulk(cpu, self.cache, given_back)
        else:
            flags = gfp.GFP_KERNEL | gfp.NOWARN
            self.keep(self.allocator.kmem_cache_alloc_bulk(cpu, self.cache, flags, count))

    def kmalloc(self, cpu, size, count):
        self.kmalloced += [self.allocator.kmalloc(cpu, size, gfp.GFP_KERNEL) for _ in range(count)]
        for objp in self.kmalloced[-count:]:
            self.debug.write(objp, b"k" * size)
        while len(self.kmalloced) > 30:
            self.allocator.kfree(cpu, self.kmalloced.pop(0))

    def tune(self, cpu, limit, shared):
        do_tune_cpucache(self.allocator, cpu, self.cache, limit, (limit + 1) // 2, shared, gfp.GFP_KERNEL)

    def reap(self, cpu, _a, _b):
        self.allocator.cache_reap(cpu)

    def shrink(self, cpu, _a, _b):
        self.allocator.kmem_cache_shrink(cpu, self.cache)

    def deny(self, _cpu, mask, _b):
        self.allocator.pages.deny_mask = mask & ((1 << self.nodes) - 1)

    def errors(self):
        """Log without the warning about zeroing and the reports of denied memory."""
        return [line for line in self.log.lines if "error" in line or "corruption" in line or "redzone" in line]

    def end(self):
        """Give everything back."""
        self.run("deny", 0, 0, 0)
        self.run("free", 0, len(self.held), 0)
        for objp in self.kmalloced:
            self.allocator.kfree(self.cpus[0], objp)
        for cache in self.allocator.caches:
            self.allocator.kmem_cache_shrink(self.cpus[0], cache)


@settings(max_examples=40 if COMPILED else 12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    topology=st.sampled_from(["1n1c", "1n4c", "2n8c", "4n8c", "2n4c1m"]),
    cache=st.sampled_from(list(CACHES)),
    random=st.booleans(),
    init=st.booleans(),
    operations=st.lists(OPERATION, max_size=50),
)
def test_programs_that_stay_inside_their_objects_are_told_nothing(topology, cache, random, init, operations):
    program = Program(topology, cache, freelist_random=random, init_on_alloc=init, init_on_free=init)
    for operation in operations:
        program.run(*operation)
    program.end()
    assert program.debug.reports.count == 0
    assert program.errors() == []
    mem_map = program.allocator.pages.mem_map
    known = {mem_map.get("slab_cache", pfn) for pfn in program.debug.contents.slabs} - {program.cache.index}
    assert len(known) > 0  # the kernel's own caches still have their slabs; ours have gone, but for those under RCU


MISTAKES = ["overrun", "underrun", "use after free", "double free"]


@pytest.mark.parametrize("mistake", MISTAKES)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    cache=st.sampled_from(["plain", "index in an object", "constructor", "reclaimable", "large constructor"]),
    before=st.integers(1, 80),
    byte=st.integers(0, 255).filter(lambda value: value not in (0x6B, 0xA5)),
    place=st.integers(0, 39),
)
def test_a_single_mistake_is_reported(mistake, cache, before, byte, place):
    program = Program("2n8c", cache)
    cpu = program.cpus[0]
    program.alloc(cpu, before, gfp.GFP_KERNEL)
    victim = list(program.held)[before // 2]
    data = bytes([byte])
    if mistake == "overrun" and byte != 0xC0:
        program.debug.write(victim + program.size, data)
    elif mistake == "underrun" and byte != 0xD8:
        program.debug.write(victim - 1, data)
    program.give_back(victim)
    program.allocator.kmem_cache_free(cpu, program.cache, victim)
    if mistake == "double free":
        program.allocator.kmem_cache_free(cpu, program.cache, victim)
    elif mistake == "use after free":
        program.debug.write(victim + place, data)
        program.alloc(cpu, 1, gfp.GFP_KERNEL)
    if (mistake, byte) not in [("overrun", 0xC0), ("underrun", 0xD8)]:
        assert program.debug.reports.count >= 1
