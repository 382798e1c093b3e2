"""Programs against one SLUB cache of a random geometry on a random machine, audited after every operation."""

from lock_witness import LockWitness
from random_machines import random_machine

from simslab.conform.slub.audit import SlubAudit
from simslab.kernel.kernel import Kernel
from simslab.kernel.mm import gfp
from simslab.slab_common import flags as fl
from simslab.slub import layout
from simslab.slub.allocator import SlubAllocator
from simslab.slub.creation.options import SlubOptions
from simslab.slub.housekeeping.shrink import flush_cpus

REQUESTS = [gfp.GFP_KERNEL, gfp.GFP_KERNEL, gfp.GFP_ATOMIC, gfp.GFP_NOWAIT, gfp.GFP_KERNEL | gfp.ZERO]
NODE_REQUESTS = [*REQUESTS, gfp.GFP_ATOMIC | gfp.THISNODE]
SIZES = [8, 16, 24, 64, 100, 192, 256, 300, 520, 700, 1000, 1500, 2100, 3000, 4096, 5000, 8192]
MOST_HELD = 200
KINDS = {
    "alloc": 34,
    "alloc_node": 14,
    "free": 42,
    "alloc_bulk": 4,
    "free_bulk": 4,
    "tune": 1,
    "flush": 1,
    "shrink": 0.6,
    "deny": 0.8,
}
RUNS = {"alloc": 30, "alloc_node": 12, "free": 40}  # longest run of one kind on one CPU


def random_options(chance):
    return SlubOptions(
        slab_nomerge=True,
        slub_min_order=chance.choice([0, 0, 0, 1]),
        slub_max_order=chance.choice([3, 3, 3, 1]),
        slub_min_objects=chance.choice([0, 0, 0, 2, 40]),
        slub_debug=chance.choice([None, None, None, "FZPU", "U", "Z", "F,random"]),
        init_on_alloc=chance.random() < 0.15,
        init_on_free=chance.random() < 0.15,
        freelist_random=chance.random() < 0.2,
        freelist_hardened=chance.random() < 0.2,
    )


def random_cache(chance, allocator):
    """A cache of random size, alignment, flags and constructor."""
    flags = 0
    for flag in (fl.SLAB_HWCACHE_ALIGN, fl.SLAB_RECLAIM_ACCOUNT, fl.SLAB_TYPESAFE_BY_RCU):
        flags |= flag if chance.random() < 0.25 else 0
    size = chance.choice(SIZES) if chance.random() < 0.7 else chance.randint(8, 6000)
    align = chance.choice([0, 0, 0, 8, 32, 64, 128, 1024])
    return allocator.kmem_cache_create("random", size, align, flags, chance.randrange(2))


class SlubProgram:
    """One cache, what its users hold, and the auditors of its state and of its locks."""

    def __init__(self, chance, machine=None):
        self.chance = chance
        kernel = Kernel(machine or random_machine(chance), page_stride=layout.PAGE_STRIDE)
        self.allocator = SlubAllocator(kernel, random_options(chance))
        self.allocator.boot(standing=False)
        self.kernel = kernel
        self.cpus = kernel.machine.cpus
        self.cache = random_cache(chance, self.allocator)
        self.allocator.pages.deny_cache = self.cache.index
        self.audit = SlubAudit(self.allocator, self.cache)
        self.allocator.observe(self.audit)
        self.witness = kernel.lock_stats.witness = LockWitness()
        self.held = []
        self.done = 0
        self.ran = set()

    def __repr__(self):
        cache = self.cache
        geometry = (
            f"size {cache.size} objects {cache.oo_objects} flags {cache.flags:#x} cpu_partial {cache.cpu_partial}"
        )
        return f"{self.kernel.machine.name}; {geometry}; {self.allocator.options}; operation {self.done}"

    def run(self, operations):
        while operations > 0:
            kind = self.chance.choices(list(KINDS), list(KINDS.values()))[0]
            cpu = self.chance.choice(self.cpus)
            cpu.now = max(other.now for other in self.cpus)
            for _ in range(min(operations, self.chance.randint(1, RUNS.get(kind, 1)))):
                getattr(self, kind)(cpu)
                self.ran.add(kind)
                self.done += 1
                operations -= 1
                self.check()
        return self

    def check(self):
        problems = self.audit.check(self.held)
        assert not problems, f"{problems}: {self!r}"
        assert not self.witness.problems, f"{self.witness}: {self!r}"
        assert not self.witness.held
        assert all(not cpu.irqs_off for cpu in self.cpus)

    def finish(self):
        """All objects go back and the cache is destroyed: nothing is left."""
        self.allocator.pages.deny_mask = self.allocator.pages.deny_high_order = 0
        cpu = self.cpus[0]
        while self.held:
            self.allocator.kmem_cache_free(cpu, self.cache, self.held.pop())
        assert self.allocator.kmem_cache_destroy(self.cache, cpu) == 0
        assert not self.audit.slabs
        return self

    # -- operations ---------------------------------------------------------------------------------------------------

    def alloc(self, cpu):
        self.keep(self.allocator.kmem_cache_alloc(cpu, self.cache, self.chance.choice(REQUESTS)))

    def alloc_node(self, cpu):
        nid = self.chance.randrange(-1, len(self.cache.node) + 1)  # the last does not exist
        flags = self.chance.choice(NODE_REQUESTS if 0 <= nid < len(self.cache.node) else REQUESTS)
        self.keep(self.allocator.kmem_cache_alloc_node(cpu, self.cache, flags, nid))

    def keep(self, objp):
        if objp:
            self.held.append(objp)

    def free(self, cpu):
        if self.held:
            self.allocator.kmem_cache_free(cpu, self.cache, self.taken())

    def taken(self):
        """One of the newest objects, or any."""
        newest = self.chance.random() < 0.5
        return self.held.pop() if newest else self.held.pop(self.chance.randrange(len(self.held)))

    def alloc_bulk(self, cpu):
        if len(self.held) < MOST_HELD:
            count = self.chance.randint(1, 40)
            self.held += self.allocator.kmem_cache_alloc_bulk(cpu, self.cache, self.chance.choice(REQUESTS), count)

    def free_bulk(self, cpu):
        objects = [self.taken() for _ in range(min(len(self.held), self.chance.randint(1, 40)))]
        if objects:
            self.allocator.kmem_cache_free_bulk(cpu, self.cache, objects)

    def tune(self, cpu):
        name = self.chance.choice(["min_partial", "cpu_partial", "remote_node_defrag_ratio"])
        self.allocator.write_attribute(cpu, self.cache, name, self.chance.choice([0, 1, 2, 5, 30, 100, 150]))

    def flush(self, cpu):
        flush_cpus(self.allocator, cpu, self.cache, [self.chance.choice(self.cpus).id])

    def shrink(self, cpu):
        left = self.allocator.kmem_cache_shrink(cpu, self.cache)
        assert left == int(bool(self.audit.slabs))

    def deny(self, cpu):
        self.allocator.pages.deny_mask = self.chance.choice([0, 0, self.chance.getrandbits(len(self.cache.node))])
        self.allocator.pages.deny_high_order = self.chance.randrange(2)
