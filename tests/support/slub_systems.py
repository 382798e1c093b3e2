"""SLUB booted on small machines, and one cache on them looked at closely."""

import pytest

from simslab.conform.slub.topologies import new_system
from simslab.kernel.mm import gfp
from simslab.slub import stat_item
from simslab.slub.creation.options import SlubOptions
from simslab.slub.layout import PARTIAL

KERNEL = gfp.GFP_KERNEL
SITE = 0  # no call site of the kernel's
# Constants that the compiled modules have in C only: positions in a node's list, a pointer.
DEACTIVATE_TO_HEAD, DEACTIVATE_TO_TAIL = 0, 1
ZERO_SIZE_PTR = 16


@pytest.fixture
def booted():
    """Return a function that boots SLUB on a topology, with options."""

    def boot(topology="2n8c", standing=False, **options):
        return new_system(topology, SlubOptions(**options), standing)

    return boot


class Bench:
    """A cache of 192-byte objects, and what CPU 0 and its node have of it."""

    def __init__(self, allocator, flags=0):
        self.allocator = allocator
        self.pages, self.lists, self.partial = allocator.pages, allocator.lists, allocator.partial
        self.mem_map = allocator.kernel.mem_map
        self.cpus = allocator.kernel.machine.cpus
        self.cache = allocator.kmem_cache_create("c", 192, 0, flags)
        self.node = self.cache.get_node(0)
        self.c = self.cache.cpu_slab[0]

    def alloc(self, count=1, cpu=0):
        return [self.allocator.kmem_cache_alloc(self.cpus[cpu], self.cache, KERNEL) for _ in range(count)]

    def free(self, objp, cpu=0):
        self.allocator.kmem_cache_free(self.cpus[cpu], self.cache, objp)

    def full_slabs(self, count, cpu=0):
        """The objects of slabs that are all in use and no CPU's, slab by slab."""
        slabs = [self.alloc(self.cache.oo_objects, cpu) for _ in range(count)]
        self.alloc(1, cpu)
        return slabs

    def irqs_off(self, action, *arguments):
        """Call a function of the kernel with interrupts off, on CPU 0: what it returns, and the counters it moved."""
        before = self.allocator.statistics(self.cache)
        saved = self.cpus[0].irq_save(SITE)
        result = action(self.cpus[0], self.cache, *arguments)
        self.cpus[0].irq_restore(saved)
        moved = zip(stat_item.STAT_ITEMS, before, self.allocator.statistics(self.cache), strict=True)
        return result, {name: new - old for name, old, new in moved if new != old}

    def flush(self, of_cpu=0):
        """Flush as the interrupt does; the counters that moved."""
        return self.irqs_off(self.allocator.slabs.flush_cpu_slab, of_cpu)[1]

    def listed(self, which=PARTIAL, node=0):
        return self.lists.list_pfns(self.cache.get_node(node), which)


def holders_who_let_in(allocator, cache, work):
    """Run `work(cpu)` on CPU 0 while CPU 1 looks: who holds the lock of a node when others are let in to it."""
    engine, (first, second, *_) = allocator.kernel.machine.engine, allocator.kernel.machine.cpus
    second.now = first.now
    seen = []

    def watch():
        for _ in range(2_000):
            second.insn(40)
            second.settle()
            seen.extend(n.list_lock.owner for n in cache.node if n is not None and n.list_lock.letting_in)

    engine.spawn(first, lambda: work(first))
    engine.spawn(second, watch)
    engine.run()
    return set(seen)
