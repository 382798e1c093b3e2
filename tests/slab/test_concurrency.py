"""Many CPUs inside the allocator at once: nothing is lost, no contract is broken, and order repeats."""

import random

import pytest

from simslab.conform.slab import invariants
from simslab.conform.topologies import new_system
from simslab.kernel.mm import gfp
from simslab.slab.creation.cpucache import do_tune_cpucache
from simslab.slab.creation.options import SlabOptions


class Crowd:
    """Every CPU allocates and frees at random, objects passing between CPUs; CPU 0 also reaps and shrinks."""

    def __init__(self, topology, size, operations, tune=None, **options):
        self.allocator = new_system(topology, SlabOptions(slab_nomerge=True, **options))
        self.cache = self.allocator.kmem_cache_create("crowd", size)
        self.machine = self.allocator.kernel.machine
        if tune:
            do_tune_cpucache(self.allocator, self.machine.cpus[0], self.cache, *tune, gfp.GFP_KERNEL)
        self.operations = operations
        self.held = []

    def run(self):
        latest = max(cpu.now for cpu in self.machine.cpus)
        for cpu in self.machine.cpus:
            cpu.now = latest
            self.machine.engine.spawn(cpu, lambda cpu=cpu: self.work(cpu))
        self.machine.engine.run()
        return self

    def work(self, cpu):
        chance = random.Random(cpu.id)
        for step in range(self.operations):
            self.step(cpu, chance)
            if cpu.id == 0 and step % 50 == 49:
                self.allocator.cache_reap(cpu)
            if cpu.id == 1 and step % 100 == 99:
                self.allocator.kmem_cache_shrink(cpu, self.cache)
            cpu.settle()

    def step(self, cpu, chance):
        if self.held and chance.random() < 0.5:
            objp = self.held.pop(chance.randrange(len(self.held)))
            self.allocator.kmem_cache_free(cpu, self.cache, objp)
        else:
            objects = [
                self.allocator.kmem_cache_alloc(cpu, self.cache, gfp.GFP_KERNEL) for _ in range(chance.randrange(4))
            ]
            self.held += objects


@pytest.mark.parametrize("topology", ["1n4c", "2n8c", "4n8c", "2n4c1m"])
@pytest.mark.parametrize(("size", "tune"), [(64, None), (256, (8, 4, 1)), (2048, (2, 1, 0)), (3000, (4, 2, 1))])
def test_nothing_is_lost_when_all_cpus_work_at_once(topology, size, tune):
    crowd = Crowd(topology, size, 300, tune).run()
    assert all(not cpu.irqs_off for cpu in crowd.machine.cpus)
    assert invariants.check_cache(crowd.allocator, crowd.cache, crowd.held) == []
    assert invariants.check(crowd.allocator) == []


def test_nothing_is_lost_when_all_grow_as_kernels_up_to_4_6_did():
    old = {f"{step}_under_list_lock": True for step in ("colour", "refill", "look")}
    crowd = Crowd("2n4c1m", 256, 300, (8, 4, 1), no_objfreelist=True, **old).run()
    assert all(not cpu.irqs_off for cpu in crowd.machine.cpus)
    assert invariants.check(crowd.allocator, {crowd.cache.index: crowd.held}) == []


def test_the_same_program_runs_the_same_way_twice():
    first, second = Crowd("2n8c", 256, 200, (8, 4, 1)).run(), Crowd("2n8c", 256, 200, (8, 4, 1)).run()
    assert [cpu.now for cpu in first.machine.cpus] == [cpu.now for cpu in second.machine.cpus]
    assert first.held == second.held


def test_cycles_by_cause_sum_to_the_clock_in_contention():
    crowd = Crowd("2n8c", 256, 200, (8, 4, 1))
    for cpu in crowd.machine.cpus:
        for cause in range(len(cpu.cause_owner)):
            cpu.cause_owner[cause] = 0
    start = max(cpu.now for cpu in crowd.machine.cpus)
    crowd.run()
    assert [sum(cpu.cause_owner) for cpu in crowd.machine.cpus] == [cpu.now - start for cpu in crowd.machine.cpus]
