"""Programs against one cache of a random geometry on a random machine, audited after every operation.

An operation is one call of the allocator's interface. They come in runs on one CPU, as real ones do, so that arrays
fill, overflow and run dry.
"""

from lock_witness import LockWitness
from random_machines import random_machine

from simslab.conform.slab import invariants
from simslab.conform.slab.audit import SlabAudit
from simslab.kernel.kernel import Kernel
from simslab.kernel.mm import gfp
from simslab.slab.allocator import SlabAllocator
from simslab.slab.creation.options import SlabOptions
from simslab.slab.housekeeping import hotplug
from simslab.slab_common import flags as fl

REQUESTS = [gfp.GFP_KERNEL, gfp.GFP_KERNEL, gfp.GFP_ATOMIC, gfp.GFP_NOWAIT, gfp.GFP_KERNEL | gfp.ZERO]
NODE_REQUESTS = [*REQUESTS, gfp.THISNODE, gfp.GFP_ATOMIC | gfp.THISNODE]
SIZES = [8, 16, 24, 64, 100, 192, 256, 300, 520, 700, 1000, 1500, 2100, 3000, 4096, 5000, 8192]
MOST_HELD = 150
KINDS = {
    "alloc": 34,
    "alloc_node": 14,
    "free": 42,
    "alloc_bulk": 3,
    "free_bulk": 3,
    "tune": 1,
    "reap": 1,
    "shrink": 0.6,
    "deny": 0.6,
    "plug": 0.6,
}
RUNS = {"alloc": 30, "alloc_node": 12, "free": 40}  # longest run of one kind on one CPU


def random_options(chance):
    return SlabOptions(
        slab_nomerge=True,
        noaliencache=chance.random() < 0.15,
        slab_max_order=chance.choice([None, None, None, 0, 2]),
        debug_slab=chance.random() < 0.15,
        freelist_random=chance.random() < 0.15,
        freelist_hardened=chance.random() < 0.15,
        init_on_alloc=chance.random() < 0.15,
        init_on_free=chance.random() < 0.15,
    )


def random_cache(chance, allocator):
    """A cache of random size, alignment, flags and constructor."""
    flags = 0
    for flag in (fl.SLAB_HWCACHE_ALIGN, fl.SLAB_RECLAIM_ACCOUNT, fl.SLAB_TYPESAFE_BY_RCU):
        flags |= flag if chance.random() < 0.25 else 0
    size = chance.choice(SIZES) if chance.random() < 0.7 else chance.randint(8, 6000)
    align = chance.choice([0, 0, 0, 8, 32, 64, 128, 1024])
    return allocator.kmem_cache_create("random", size, align, flags, chance.randrange(2))


class Program:
    """One cache, what its users hold, and the auditors of its state, its locks and its interrupt flags."""

    kinds = KINDS  # of operations, with how often each comes

    def __init__(self, chance):
        self.chance = chance
        self.allocator = SlabAllocator(Kernel(random_machine(chance)), random_options(chance))
        self.allocator.boot(standing=False)
        self.kernel = self.allocator.kernel
        self.cpus = self.kernel.machine.cpus
        self.nodes = len(self.kernel.online_nodes)
        self.cache = random_cache(chance, self.allocator)
        self.allocator.pages.deny_cache = self.cache.index
        self.audit = SlabAudit(self.kernel.mem_map, self.cache, self.kernel.cpu_to_mem)
        self.allocator.pages.observer = self.audit
        self.witness = LockWitness()
        self.kernel.lock_stats.witness = self.witness
        self.held = self.audit.held
        self.offline = []
        self.done = 0
        self.ran = set()

    def __repr__(self):
        cache = self.cache
        geometry = f"size {cache.size} num {cache.num} order {cache.gfporder} flags {cache.flags:#x}"
        return f"{self.kernel.machine.name}; {geometry}; {self.allocator.options}; after {self.done} operations"

    # -- running ------------------------------------------------------------------------------------------------------

    def run(self, operations):
        """So many random operations."""
        chance = self.chance
        names, weights = list(self.kinds), list(self.kinds.values())
        end = self.done + operations
        while self.done < end:
            name = chance.choices(names, weights)[0]
            cpu = self.cpus[chance.choice(self.allocator.online_cpus)]
            for _ in range(min(end - self.done, chance.randint(1, RUNS.get(name, 1)))):
                full = len(self.held) > MOST_HELD
                self.step("free" if full and name.startswith("alloc") else name, cpu)
        return self

    def step(self, name, cpu):
        """One operation, and a look at everything afterwards."""
        getattr(self, name)(cpu)
        self.done += 1
        self.ran.add(name)
        self.look(name)

    def look(self, name):
        problem = self.audit.check(0, 0, 0)
        if problem:
            raise AssertionError(f"{name}: {self.audit.sentence(problem)}: {self!r}")
        if any(cpu.irqs_off for cpu in self.cpus):
            raise AssertionError(f"{name} leaves interrupts off: {self!r}")
        if self.witness.problems or self.witness.held:
            raise AssertionError(f"{name}: {self.witness}: {self!r}")

    def finish(self):
        """Free everything; then no slab may be left, nor anything wrong in any other cache."""
        self.allocator.pages.deny_mask = 0
        cpu = self.cpus[self.allocator.online_cpus[0]]
        while self.held:
            self.step("free", cpu)
        self.allocator.kmem_cache_shrink(cpu, self.cache)
        assert [n.total_slabs for n in self.cache.node if n is not None and n.total_slabs] == []
        assert self.audit.slabs == []
        assert invariants.check(self.allocator, {self.cache.index: []}) == []
        return self

    # -- operations ---------------------------------------------------------------------------------------------------

    def alloc(self, cpu):
        self.keep(self.allocator.kmem_cache_alloc(cpu, self.cache, self.chance.choice(REQUESTS)))

    def alloc_node(self, cpu):
        nid = self.chance.randrange(-1, self.nodes)
        self.keep(self.allocator.kmem_cache_alloc_node(cpu, self.cache, self.chance.choice(NODE_REQUESTS), nid))

    def keep(self, objp):
        if objp:
            self.held.append(objp)

    def free(self, cpu):
        if self.held:
            self.allocator.kmem_cache_free(cpu, self.cache, self.take())

    def take(self):
        """Any object of the users', the newest half of the time."""
        return self.held.pop(self.chance.randrange(len(self.held)) if self.chance.random() < 0.5 else -1)

    def alloc_bulk(self, cpu):
        count = self.chance.randint(1, 20)
        objects = self.allocator.kmem_cache_alloc_bulk(cpu, self.cache, self.chance.choice(REQUESTS), count)
        assert len(objects) in (0, count)
        self.held += objects

    def free_bulk(self, cpu):
        objects = [self.take() for _ in range(min(len(self.held), self.chance.randint(1, 20)))]
        self.allocator.kmem_cache_free_bulk(cpu, self.cache, objects)

    def tune(self, cpu):
        limit = self.chance.randint(1, 24)
        line = f"random {limit} {self.chance.randint(1, limit)} {self.chance.randint(0, 4)}"
        assert self.allocator.slabinfo_write(line, cpu) == len(line)

    def reap(self, cpu):
        self.allocator.cache_reap(cpu)

    def shrink(self, cpu):
        self.allocator.kmem_cache_shrink(cpu, self.cache)

    def deny(self, _cpu):
        """From now on some nodes have no pages for this cache."""
        self.allocator.pages.deny_mask = self.chance.choice([0, 0, self.chance.randrange(1 << self.nodes)])

    def plug(self, cpu):
        """A CPU other than this one goes or comes back."""
        if self.offline and self.chance.random() < 0.6:
            assert hotplug.cpu_up(self.allocator, cpu, self.offline.pop()) == 0
        elif others := [i for i in self.allocator.online_cpus if i != cpu.id]:
            self.offline.append(self.chance.choice(others))
            hotplug.cpu_down(self.allocator, cpu, self.offline[-1])
