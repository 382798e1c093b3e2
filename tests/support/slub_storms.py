"""SLUB programs on all CPUs of a machine at once, with interrupts that allocate and free in between.

CPUs meet on the same slabs: they free what others allocated. In flight the state is between two states, so it is
audited when all CPUs have stopped; locks and the kernel's own checks are watched throughout.
"""

import random

from random_machines import random_machine
from slub_programs import SlubProgram

from simslab.kernel.mm import gfp
from simslab.machine.accounting import causes
from simslab.slub import stat_item

WEIGHTS = {"alloc": 40, "free": 40, "alloc_bulk": 3, "free_bulk": 3, "shrink": 1, "tune": 2}


class SlubStorm(SlubProgram):
    """`steps` operations for each CPU."""

    def __init__(self, chance, steps):
        super().__init__(chance, random_machine(chance, quantum=chance.choice([0, 500, 10_000])))
        self.steps = steps
        self.working = set()
        self.interrupts = 0
        self.vector = self.kernel.interrupts.request_irq(self.interrupt)

    def storm(self):
        engine = self.kernel.machine.engine
        latest = max(cpu.now for cpu in self.cpus)
        for cpu in self.cpus:
            cpu.now = latest
            chance = random.Random(self.chance.getrandbits(32))
            self.working.add(cpu.id)
            cpu.post_irq(cpu.now + chance.randrange(1, 5_000), self.vector)
            engine.spawn(cpu, lambda cpu=cpu, chance=chance: self.work(cpu, chance))
        engine.run()
        self.check()
        return self

    def work(self, cpu, chance):
        for _ in range(self.steps):
            name = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            for _ in range(chance.randint(1, 12) if name in ("alloc", "free") else 1):
                getattr(self, name)(cpu)
            cpu.run(chance.randrange(1500), causes.INSTRUCTIONS)
            cpu.settle()
        self.working.discard(cpu.id)

    def shrink(self, cpu):
        """What it returns held when it looked: others obtain slabs and give them back before it is at its end."""
        assert self.allocator.kmem_cache_shrink(cpu, self.cache) in (0, 1)

    def interrupt(self, cpu):
        """A device's interrupt; the next comes if this CPU still works."""
        if cpu.id not in self.working:
            return
        self.interrupts += 1
        chance = random.Random(self.interrupts)
        for _ in range(chance.randrange(4)):
            if self.held and chance.random() < 0.5:
                self.allocator.kmem_cache_free(cpu, self.cache, self.held.pop())
            else:
                self.keep(self.allocator.kmem_cache_alloc(cpu, self.cache, gfp.GFP_ATOMIC))
        cpu.post_irq(cpu.now + chance.randrange(200, 8_000), self.vector)

    def failed_exchanges(self):
        """How often (a CPU's own, a page's) exchange had to be tried again."""
        counted = self.allocator.statistics(self.cache)
        return counted[stat_item.CMPXCHG_DOUBLE_CPU_FAIL], counted[stat_item.CMPXCHG_DOUBLE_FAIL]
