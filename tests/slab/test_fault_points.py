"""Every point at which the kernel paths ask for memory fails once per program: the clean-up is done, nothing leaks.

Points: each object that the allocator itself takes (struct kmem_cache, kmem_cache_node, shared and alien arrays,
freelists kept off the slab), each object of the user, each area of per-CPU arrays, and pages in each step.
"""

import pytest
from one_fails import OneFails

from simslab.conform.slab import invariants
from simslab.conform.topologies import new_system
from simslab.kernel.mm import gfp
from simslab.slab.cflgs import CFLGS_OBJFREELIST_SLAB, CFLGS_OFF_SLAB
from simslab.slab.creation.options import SlabOptions

TOPOLOGY = "2n8c"
KINDS = {
    "on the slab": {"size": 1000, "ctor": 1},
    "off the slab": {"size": 1024, "ctor": 1},
    "in an object": {"size": 500},
    "two pages": {"size": 2500},
}


class Program:
    """A cache made, used on both nodes, tuned, shrunk, emptied and destroyed; each step goes on whatever failed."""

    def __init__(self, kind):
        self.allocator = new_system(TOPOLOGY, SlabOptions(slab_nomerge=True))
        self.cpus = self.allocator.kernel.machine.cpus
        self.kind = kind
        self.cache = None
        self.held = []
        self.steps = [self.create, self.allocate, self.bulk, self.free_far, self.tune, self.allocate, self.shrink]

    def create(self):
        self.cache = self.allocator.kmem_cache_create("own", **KINDS[self.kind])

    def allocate(self):
        for index in range(30):
            self.held.append(self.allocator.kmem_cache_alloc(self.cpus[4 * (index % 2)], self.cache, gfp.GFP_KERNEL))
        self.held = [objp for objp in self.held if objp]

    def bulk(self):
        self.held += self.allocator.kmem_cache_alloc_bulk(self.cpus[1], self.cache, gfp.GFP_KERNEL, 16)

    def free_far(self):
        for objp in self.held[::2]:
            self.allocator.kmem_cache_free(self.cpus[5], self.cache, objp)
        del self.held[::2]

    def tune(self):
        self.allocator.tune(self.cache, {"limit": 30, "batchcount": 15, "shared": 2}, self.cpus[0])

    def shrink(self):
        self.allocator.kmem_cache_shrink(self.cpus[0], self.cache)

    def run(self):
        """All steps; afterwards what is left is what was there before, in every cache and in every area."""
        before = self.taken()
        for step in self.steps:
            step()
            if self.cache is None:
                break
            assert invariants.check(self.allocator, {self.cache.index: self.held}) == []
        if self.cache is not None:
            for objp in self.held:
                self.allocator.kmem_cache_free(self.cpus[0], self.cache, objp)
            assert self.allocator.kmem_cache_destroy(self.cache, self.cpus[0]) == 0
        assert not any(cpu.irqs_off for cpu in self.cpus)
        assert self.taken() == before

    def taken(self):
        """Objects in use in each cache, and bytes of per-CPU areas."""
        used = {}
        for cache in self.allocator.caches:
            nodes = [n for n in cache.node if n is not None]
            waiting = [n.shared for n in nodes if n.shared is not None]
            waiting += [alien.ac for n in nodes for alien in n.alien or () if alien is not None]
            free = sum(n.free_objects for n in nodes) + sum(array.avail for array in [*cache.cpu_cache, *waiting])
            used[cache.name] = sum(n.total_slabs for n in nodes) * cache.num - free
        return used, self.allocator.kernel.percpu.used(), len([c for c in self.allocator.by_index if c is not None])


def run_with_failing_object(kind, number):
    """Run with the request for that object failing; how many requests there were."""
    program = Program(kind)
    points = OneFails(number)
    program.allocator.set_failslab(points)
    program.run()
    return points.asked


def test_the_caches_keep_their_freelists_where_they_say():
    programs = {kind: Program(kind) for kind in KINDS}
    for program in programs.values():
        program.create()
    off = {kind: bool(program.cache.flags & CFLGS_OFF_SLAB) for kind, program in programs.items()}
    inside = {kind: bool(program.cache.flags & CFLGS_OBJFREELIST_SLAB) for kind, program in programs.items()}
    assert [kind for kind in KINDS if off[kind]] == ["off the slab"]
    assert [kind for kind in KINDS if inside[kind]] == ["in an object", "two pages"]
    assert programs["two pages"].cache.gfporder == 1


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_fails_where_nothing_is_made_to(kind):
    assert run_with_failing_object(kind, 0) > 70


@pytest.mark.parametrize("kind", ["off the slab"])
def test_each_object_of_creation_fails_once_and_nothing_leaks(kind):
    """struct kmem_cache, both nodes' structures, shared and alien arrays, and the first freelists."""
    for number in range(1, 16):
        run_with_failing_object(kind, number)


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_each_object_of_a_program_fails_once_and_nothing_leaks(kind):
    for number in range(1, run_with_failing_object(kind, 0) + 1):
        run_with_failing_object(kind, number)


@pytest.mark.parametrize("number", [1, 2])
def test_each_per_cpu_area_fails_once_and_nothing_leaks(number):
    program = Program("on the slab")
    percpu = program.allocator.kernel.percpu
    real, asked = percpu.alloc_percpu, []

    def failing(size, align=8, cpu=None):
        asked.append(size)
        return -1 if len(asked) == number else real(size, align, cpu)

    percpu.alloc_percpu = failing
    program.run()
    assert len(asked) >= number


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", range(1, 7))
@pytest.mark.parametrize(
    "nodes", [pytest.param(0b01, marks=pytest.mark.soak), pytest.param(0b10, marks=pytest.mark.soak), 0b11]
)
def test_pages_fail_in_each_step_and_nothing_leaks(kind, step, nodes):
    program = Program(kind)
    pages, real = program.allocator.pages, program.steps[step]

    def denied():
        pages.deny_cache, pages.deny_mask = program.cache.index, nodes
        real()
        pages.deny_mask = 0

    program.steps[step] = denied
    program.run()
