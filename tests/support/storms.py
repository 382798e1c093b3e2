"""Programs on all CPUs of a random machine at once, audited at every point at which one may give way to another.

Devices interrupt all CPUs, and their handlers allocate and free; meanwhile CPUs tune, shrink and reap the cache, go
away and come back, nodes refuse pages and faults are injected.
"""

import random

from lock_witness import LockWitness
from random_machines import random_machine
from slab_programs import random_cache, random_options

from simslab.conform.slab import invariants
from simslab.conform.slab.audit import SlabAudit
from simslab.kernel.kernel import Kernel
from simslab.kernel.mm import gfp
from simslab.machine.accounting import causes
from simslab.slab.allocator import SlabAllocator
from simslab.slab.housekeeping import hotplug
from simslab.slab_common.failslab import FailSlab

MOST_HELD = 120
WEIGHTS = {
    "alloc": 40,
    "free": 40,
    "alloc_bulk": 4,
    "free_bulk": 4,
    "reap": 3,
    "shrink": 2,
    "tune": 2,
    "deny": 2,
    "make": 1,
}
MAY_WAIT = [gfp.GFP_KERNEL, gfp.GFP_KERNEL, gfp.GFP_NOWAIT, gfp.GFP_KERNEL | gfp.THISNODE]
MANY = 1 << 30


class Storm:
    """`steps` operations for each CPU; CPU 0 is the one that takes others down and up."""

    def __init__(self, chance, steps):
        self.chance = chance
        self.steps = steps
        machine = random_machine(chance, quantum=chance.choice([0, 500, 10_000]))
        self.allocator = SlabAllocator(Kernel(machine), random_options(chance))
        self.allocator.boot(standing=False)
        self.kernel = self.allocator.kernel
        self.cpus = machine.cpus
        self.cache = random_cache(chance, self.allocator)
        self.allocator.slabinfo_write(f"random {chance.choice(['2 1 1', '4 2 2', '8 4 1', '16 12 0', '60 30 8'])}")
        self.allocator.pages.deny_cache = self.cache.index
        if chance.random() < 0.5:
            self.allocator.set_failslab(FailSlab(1, seed=chance.randrange(1000), ignore_gfp_reclaim=False))
        self.audit = SlabAudit(self.kernel.mem_map, self.cache, self.kernel.cpu_to_mem)
        self.allocator.pages.observer = self.audit
        self.witness = self.kernel.lock_stats.witness = LockWitness()
        self.held = self.audit.held
        self.objects_coming = 0  # at most: to be returned by allocations under way
        self.growing = 0  # allocations under way
        self.under_way = 0  # operations under way
        self.vector = self.kernel.interrupts.request_irq(self.interrupt)
        self.interrupts = self.settled = self.moved = self.plugged = 0
        self.ending = set()  # CPUs asked to leave
        self.away = set()
        self.working = set()

    def __repr__(self):
        cache, engine = self.cache, self.kernel.machine.engine
        geometry = f"size {cache.size} num {cache.num} flags {cache.flags:#x} quantum {engine.quantum}"
        return f"{self.kernel.machine.name}; {geometry}; {self.allocator.options}; settle point {self.settled}"

    # -- running ------------------------------------------------------------------------------------------------------

    def run(self):
        engine = self.kernel.machine.engine
        latest = max(cpu.now for cpu in self.cpus)
        for cpu in self.cpus:
            cpu.now = latest
            self.start(cpu, self.steps)
        engine.observer = self.look
        engine.run()
        engine.observer = None
        return self

    def start(self, cpu, steps):
        chance = random.Random(self.chance.getrandbits(32))
        self.working.add(cpu.id)
        cpu.post_irq(cpu.now + chance.randrange(1, 20_000), self.vector)
        self.kernel.machine.engine.spawn(cpu, lambda: self.work(cpu, chance, steps))

    def work(self, cpu, chance, steps):
        for _ in range(steps):
            if cpu.id in self.ending:
                break
            name = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            for _ in range(chance.randint(1, 12) if name in ("alloc", "free") else 1):
                self.step(name, cpu, chance, chance.choice(MAY_WAIT))
            cpu.run(chance.randrange(3000), causes.INSTRUCTIONS)
            if cpu.id == 0 and chance.random() < 0.1:
                self.plug(cpu, chance)
            cpu.settle()
        self.working.discard(cpu.id)

    def step(self, name, cpu, chance, flags):
        if name.startswith("alloc") and len(self.held) > MOST_HELD:
            name = "free"
        self.under_way += 1
        getattr(self, name)(cpu, chance, flags)
        self.under_way -= 1

    def interrupt(self, cpu):
        """A device's interrupt; the next comes if this CPU still works."""
        if cpu.id not in self.working:
            return
        self.interrupts += 1
        chance = random.Random(self.interrupts)
        for _ in range(chance.randrange(4)):
            self.step(chance.choice(["alloc", "free"]), cpu, chance, gfp.GFP_ATOMIC)
        cpu.post_irq(cpu.now + chance.randrange(500, 30_000), self.vector)

    def look(self, _cpu):
        """Called wherever one CPU may give way to another.

        Where a section lets others come to its list_lock (`SpinLock.let_in`) what the lock protects may be half
        changed, and nothing is audited.
        """
        list_locks = [lock for _, lock in self.witness.held if self.witness.kind(lock) == "list_lock"]
        if self.witness.problems or any(not lock.letting_in for lock in list_locks):
            raise AssertionError(f"{self.witness}: {self!r}")
        if list_locks:
            return
        self.settled += 1
        dying = MANY if self.under_way or self.plugged != self.moved else 0
        problem = self.audit.check(self.objects_coming, self.growing, dying)
        if problem:
            raise AssertionError(f"{self.audit.sentence(problem)}: {self!r}")

    def finish(self):
        """All CPUs are outside; nothing is lost, and all can be given back."""
        self.look(None)
        assert not self.under_way
        assert all(not cpu.irqs_off for cpu in self.cpus)
        assert not self.witness.held
        assert invariants.check(self.allocator, {self.cache.index: self.held}) == []
        self.allocator.pages.deny_mask = 0
        cpu = self.cpus[0]
        while self.held:
            self.allocator.kmem_cache_free(cpu, self.cache, self.held.pop())
        self.allocator.kmem_cache_shrink(cpu, self.cache)
        assert self.audit.slabs == []
        return self

    # -- operations ---------------------------------------------------------------------------------------------------

    def alloc(self, cpu, chance, flags):
        nid = chance.randrange(-1, len(self.cache.node))
        self.coming(1)
        if chance.random() < 0.7:
            objp = self.allocator.kmem_cache_alloc(cpu, self.cache, flags)
        else:
            objp = self.allocator.kmem_cache_alloc_node(cpu, self.cache, flags, nid)
        self.came(1, [objp] if objp else [])

    def alloc_bulk(self, cpu, chance, flags):
        count = chance.randint(1, 16)
        self.coming(count)
        self.came(count, self.allocator.kmem_cache_alloc_bulk(cpu, self.cache, flags, count))

    def coming(self, count):
        self.objects_coming += count
        self.growing += 1

    def came(self, count, objects):
        self.objects_coming -= count
        self.growing -= 1
        self.held += objects

    def free(self, cpu, chance, _flags):
        if self.held:
            objp = self.held.pop(chance.randrange(len(self.held)))
            self.audit.freeing.append(objp)
            self.allocator.kmem_cache_free(cpu, self.cache, objp)
            self.audit.freeing.remove(objp)

    def free_bulk(self, cpu, chance, _flags):
        objects = [self.held.pop(chance.randrange(len(self.held))) for _ in range(min(len(self.held), 12))]
        self.audit.freeing += objects
        self.allocator.kmem_cache_free_bulk(cpu, self.cache, objects)
        for objp in objects:
            self.audit.freeing.remove(objp)

    def tune(self, cpu, chance, _flags):
        limit = chance.randint(1, 20)
        self.allocator.slabinfo_write(f"random {limit} {chance.randint(1, limit)} {chance.randint(0, 4)}", cpu)

    def reap(self, cpu, _chance, _flags):
        self.allocator.cache_reap(cpu)

    def shrink(self, cpu, _chance, _flags):
        self.allocator.kmem_cache_shrink(cpu, self.cache)

    def make(self, cpu, chance, flags):
        """Make a cache, use it, and destroy it, while others do the same, tune, shrink and come and go."""
        allocator = self.allocator
        cache = allocator.kmem_cache_create(f"of {cpu.id}", chance.choice([40, 200, 3000]), ctor=1, cpu=cpu)
        if cache is None:
            return
        objects = [allocator.kmem_cache_alloc(cpu, cache, flags) for _ in range(chance.randrange(6))]
        for objp in filter(None, objects):
            allocator.kmem_cache_free(cpu, cache, objp)
        assert allocator.kmem_cache_destroy(cache, cpu) == 0

    def deny(self, _cpu, chance, _flags):
        self.allocator.pages.deny_mask = chance.choice([0, 0, chance.randrange(1 << len(self.cache.node))])

    def plug(self, cpu, chance):
        """Ask a CPU to leave; take down one that has left; bring back one that is down."""
        ready = sorted(i for i in self.ending if i not in self.working)
        self.plugged += 1
        if self.away and chance.random() < 0.5:
            self.bring_back(cpu, min(self.away), chance)
        elif ready:
            self.ending.discard(ready[0])
            self.away.add(ready[0])
            hotplug.cpu_down(self.allocator, cpu, ready[0])
        elif len(self.cpus) > 1:
            self.ending.add(chance.randrange(1, len(self.cpus)))
            self.ending -= self.away
        self.moved += 1

    def bring_back(self, cpu, coming, chance):
        """The CPU comes up and works again."""
        self.away.discard(coming)
        error = hotplug.cpu_up(self.allocator, cpu, coming)
        if error:  # a fault was injected
            assert self.allocator.allocating.failslab is not None
            self.away.add(coming)
            return
        target = self.cpus[coming]
        if target.context is None or target.context.dead:
            target.now = max(target.now, cpu.now)
            self.start(target, chance.randrange(self.steps))
