"""All CPUs in the allocator while interrupts allocate and free, and tuning, reaping, shrinking and hotplug go on."""

import random

import pytest

from simslab.kernel import gfp
from simslab.slab import hotplug, invariants
from simslab.slab.conform.topologies import new_system
from simslab.slab.options import SlabOptions

TUNINGS = ["8 4 1", "32 16 2", "1 1 0", "120 60 8"]
INTERRUPT_EVERY = 20_000  # cycles


class Storm:
    """CPU 0 reaps and takes the last CPU down and up again, CPU 1 shrinks and tunes; devices interrupt all of them."""

    def __init__(self, topology, size, steps):
        self.allocator = new_system(topology, SlabOptions(slab_nomerge=True))
        self.cache = self.allocator.kmem_cache_create("storm", size)
        self.cpus = self.allocator.kernel.machine.cpus
        self.last = self.cpus[-1]
        self.steps = steps
        self.held = []
        self.handled = 0
        self.away = False
        self.vector = self.allocator.kernel.interrupts.request_irq(self.interrupt)

    def run(self):
        latest = max(cpu.now for cpu in self.cpus)
        for cpu in self.cpus:
            cpu.now = latest
            for number in range(1, self.steps // 4):
                cpu.post_irq(latest + number * INTERRUPT_EVERY + 37 * cpu.id, self.vector)
            self.allocator.kernel.machine.engine.spawn(cpu, lambda cpu=cpu: self.work(cpu))
        self.allocator.kernel.machine.engine.run()
        return self

    def interrupt(self, cpu):
        self.handled += 1
        if cpu is self.last and self.away:
            return
        self.step(cpu, random.Random(self.handled), gfp.GFP_ATOMIC)

    def work(self, cpu):
        chance = random.Random(cpu.id)
        steps = self.steps // 3 if cpu is self.last else self.steps
        for number in range(steps):
            self.step(cpu, chance, gfp.GFP_KERNEL)
            self.housekeeping(cpu, number)
            cpu.settle()
        if cpu is self.last:
            self.away = True

    def housekeeping(self, cpu, number):
        if cpu.id == 0 and number % 40 == 39:
            self.allocator.cache_reap(cpu)
        if cpu.id == 0 and number == self.steps - 50 and self.away:
            hotplug.cpu_down(self.allocator, cpu, self.last.id)
        if cpu.id == 0 and number == self.steps - 10 and self.away:
            assert hotplug.cpu_up(self.allocator, cpu, self.last.id) == 0
        if cpu.id == 1 and number % 60 == 59:
            self.allocator.slabinfo_write(f"storm {TUNINGS[number // 60 % len(TUNINGS)]}", cpu)
        if cpu.id == 1 and number % 90 == 89:
            self.allocator.kmem_cache_shrink(cpu, self.cache)

    def step(self, cpu, chance, flags):
        if self.held and chance.random() < 0.5:
            objp = self.held.pop(chance.randrange(len(self.held)))
            self.allocator.kmem_cache_free(cpu, self.cache, objp)
        else:
            for _ in range(chance.randrange(4)):
                self.held.append(self.allocator.kmem_cache_alloc(cpu, self.cache, flags))


@pytest.mark.parametrize("topology", ["1n4c", "2n8c", "4n8c", "2n4c1m"])
@pytest.mark.parametrize("size", [64, 700, 4096])
def test_nothing_is_lost_in_a_storm(topology, size):
    storm = Storm(topology, size, 240).run()
    assert storm.handled > 0
    assert storm.away
    assert 0 not in storm.held
    assert all(not cpu.irqs_off for cpu in storm.cpus)
    assert invariants.check_cache(storm.allocator, storm.cache, storm.held) == []
    assert invariants.check(storm.allocator) == []
