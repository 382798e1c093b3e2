"""Whatever is damaged, the audit says so, and the sentences of `invariants` agree with it."""

import random

import pytest
from slab_programs import Program

from simslab.conform.slab import invariants
from simslab.conform.slab.audit import SlabAudit
from simslab.conform.topologies import new_system
from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm import gfp
from simslab.slab.creation.options import SlabOptions

PARTIAL, FULL, FREE = 0, 1, 2
SITE = 0


class Bench:
    """Two nodes; a cache of 16 objects a slab, with objects in every kind of place and slabs in every list."""

    def __init__(self):
        self.allocator = new_system("2n8c", SlabOptions(slab_nomerge=True))
        self.pages, self.mem_map = self.allocator.pages, self.allocator.pages.mem_map
        self.cpus = self.allocator.kernel.machine.cpus
        self.cache = self.allocator.kmem_cache_create("bench", 256)
        self.allocator.slabinfo_write("bench 8 4 2")
        self.audit = SlabAudit(self.mem_map, self.cache, self.allocator.kernel.cpu_to_mem)
        self.pages.observer = self.audit
        held = self.audit.held
        held += [self.allocator.kmem_cache_alloc(self.cpus[0], self.cache, gfp.GFP_KERNEL) for _ in range(100)]
        held += [self.allocator.kmem_cache_alloc(self.cpus[5], self.cache, gfp.GFP_KERNEL) for _ in range(20)]
        for objp in [held.pop(0) for _ in range(40)]:
            self.allocator.kmem_cache_free(self.cpus[0], self.cache, objp)
        for objp in [held.pop(0) for _ in range(5)]:
            self.allocator.kmem_cache_free(self.cpus[6], self.cache, objp)
        self.node = self.cache.node[0]
        self.ac = self.cache.cpu_cache[0]

    def first(self, which):
        return self.pages.lists.list_pfns(self.node, which)[0]

    def problem(self):
        problem = self.audit.check(0, 0, 0)
        return self.audit.sentence(problem) if problem else ""

    def sentences(self):
        return invariants.check_cache(self.allocator, self.cache, self.audit.held)


@pytest.fixture
def bench():
    bench = Bench()
    assert all(bench.pages.lists.list_pfns(bench.node, which) for which in (PARTIAL, FULL, FREE))
    assert all(ac.avail for ac in (bench.ac, bench.node.shared, bench.cache.node[1].alien[0].ac))
    return bench


def test_a_sound_cache_has_no_problem(bench):
    assert bench.problem() == ""
    assert bench.sentences() == []


def active_too_low(bench):
    pfn = bench.first(FULL)
    bench.mem_map.set("active", pfn, 15)


def slab_on_another_nodes_list(bench):
    other = bench.cache.node[1]
    for end in range(6):
        other.lists_owner[end], bench.node.lists_owner[end] = bench.node.lists_owner[end], other.lists_owner[end]


def list_cut_off(bench):
    bench.node.lists_owner[2 * FULL] = bench.node.lists_owner[2 * FULL + 1] = -1


def list_cut_off_with_counters(bench):
    gone = len(bench.pages.lists.list_pfns(bench.node, FULL))
    list_cut_off(bench)
    bench.node.total_slabs -= gone


def index_out_of_range(bench):
    bench.mem_map.freelist_set(bench.first(FREE), 3, 200)


def index_twice(bench):
    pfn = bench.first(FREE)
    bench.mem_map.freelist_set(pfn, 3, bench.mem_map.freelist_get(pfn, 4))


def index_array_in_a_used_object(bench):
    pfn = bench.first(PARTIAL)
    used = min(set(range(16)) - set(bench.pages.lists.free_indices(bench.cache, pfn)))
    bench.mem_map.set("freelist", pfn, bench.mem_map.get("s_mem", pfn) + 256 * used)


def array_beyond_its_limit(bench):
    bench.ac.limit = bench.ac.avail - 1


def shared_array_beyond_its_limit(bench):
    bench.node.shared.limit = bench.node.shared.avail - 1


def alien_array_beyond_its_limit(bench):
    alien = bench.cache.node[1].alien[0].ac
    alien.limit = alien.avail - 1


def object_in_two_arrays(bench):
    bench.node.shared.owner[0] = bench.ac.owner[0]


def object_in_an_array_and_with_a_user(bench):
    bench.ac.owner[0] = bench.audit.held[0]


def object_with_two_users(bench):
    bench.audit.held[0] = bench.audit.held[1]


def object_in_an_array_and_free(bench):
    pfn = bench.first(FREE)
    bench.ac.owner[0] = bench.mem_map.get("s_mem", pfn)


def address_inside_an_object(bench):
    bench.ac.owner[0] += 8


def object_of_another_cache(bench):
    bench.ac.owner[0] = bench.allocator.kmalloc(bench.cpus[0], 256, gfp.GFP_KERNEL)


def address_of_nothing(bench):
    bench.ac.owner[0] = 1 << 60


def object_lost_by_its_user(bench):
    bench.audit.held.pop()


def object_lost_by_an_array(bench):
    bench.node.shared.avail -= 1


def object_of_another_node(bench):
    other = bench.cache.cpu_cache[5]
    mine, its = bench.ac.owner[bench.ac.first], other.owner[other.first]
    bench.ac.owner[bench.ac.first], other.owner[other.first] = its, mine


DAMAGES = {
    active_too_low: "list that its active count",
    slab_on_another_nodes_list: "list of another node",
    list_cut_off: "total_slabs",
    list_cut_off_with_counters: "free_objects|lost",
    index_out_of_range: "index beyond",
    index_twice: "two places",
    index_array_in_a_used_object: "index array",
    array_beyond_its_limit: "limit",
    shared_array_beyond_its_limit: "limit",
    alien_array_beyond_its_limit: "limit",
    object_in_two_arrays: "two places",
    object_in_an_array_and_with_a_user: "two places",
    object_with_two_users: "two places",
    object_in_an_array_and_free: "two places",
    address_inside_an_object: "no object",
    object_of_another_cache: "no object",
    address_of_nothing: "no object",
    object_lost_by_its_user: "1 objects are lost",
    object_lost_by_an_array: "1 objects are lost",
    object_of_another_node: "another node",
}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damage_is_found_by_both_checks(bench, damage):
    damage(bench)
    found = bench.problem()
    assert any(text in found for text in DAMAGES[damage].split("|")), found
    if damage is not address_of_nothing:  # the sentences look up the node of every address
        assert bench.sentences()


@pytest.mark.parametrize("counter", ["total_slabs", "free_slabs", "free_objects"])
@pytest.mark.parametrize("by", [-1, 1])
def test_a_wrong_counter_is_found(bench, counter, by):
    setattr(bench.node, counter, getattr(bench.node, counter) + by)
    assert counter in bench.problem()


def test_a_slab_that_nobody_lists_is_lost_unless_it_is_in_flight(bench):
    pages = bench.pages.lists.list_pfns(bench.node, FREE)
    bench.node.lists_owner[2 * FREE] = bench.node.lists_owner[2 * FREE + 1] = -1
    bench.node.total_slabs -= len(pages)
    bench.node.free_slabs -= len(pages)
    bench.node.free_objects -= 16 * len(pages)
    assert "lost" in bench.problem()
    assert bench.audit.check(0, 0, len(pages)) == 0


def test_a_slab_in_no_list_may_have_objects_out_only_while_one_grows(bench):
    pages = bench.pages.lists.list_pfns(bench.node, FULL)
    bench.node.lists_owner[2 * FULL] = bench.node.lists_owner[2 * FULL + 1] = -1
    bench.node.total_slabs -= len(pages)
    assert bench.audit.check(0, 0, 100) != 0
    assert bench.audit.check(0, len(pages) - 1, 100) != 0
    assert bench.audit.check(0, len(pages), 0) == 0


def test_a_list_that_has_become_a_circle_is_found(bench):
    pfn = bench.first(PARTIAL)
    bench.mem_map.set("next", pfn, pfn)
    assert "two lists" in bench.problem()


def test_a_slab_nobody_obtained_is_found(bench):
    bench.audit.slabs.pop()
    assert "account of slabs" in bench.problem()


def test_an_object_in_flight_may_be_nowhere_but_not_in_two_places(bench):
    objp = bench.audit.held.pop()
    assert "lost" in bench.problem()
    assert bench.audit.check(1, 0, 0) == 0
    bench.audit.freeing.append(objp)
    assert bench.problem() == ""
    bench.audit.held += [objp, objp]
    assert "two places" in bench.problem()


def test_an_array_that_was_replaced_must_be_emptied(bench):
    arrays = bench.cache.cpu_cache
    bench.allocator.slabinfo_write("bench 8 4 2")
    assert bench.problem() == ""
    arrays[0].owner[arrays[0].first], arrays[0].avail = bench.audit.held.pop(), 1
    assert "lost" in bench.problem()


def test_a_replaced_array_with_objects_is_no_loss_while_something_runs(bench):
    arrays = list(bench.cache.cpu_cache)
    bench.cache.cpu_cache = [type(ac)(0, 8, 4) for ac in arrays]
    assert bench.audit.check(1, 0, 0) == 0
    assert "never emptied" in bench.problem()


def test_a_program_fails_when_interrupts_stay_off():
    program = Program(random.Random(1))
    program.cpus[0].irq_disable(SITE)
    with pytest.raises(AssertionError, match="interrupts off"):
        program.look("nothing")


def test_the_witness_sees_two_list_locks():
    program = Program(random.Random(0))
    cpu, nodes = program.cpus[0], [n for n in program.cache.node if n is not None]
    cpu.irq_disable(SITE)
    nodes[0].list_lock.lock(cpu, SITE)
    nodes[1].list_lock.lock(cpu, SITE)
    assert program.witness.problems == [f"CPU {cpu.id} takes a list_lock while it holds a list_lock"]


def test_the_witness_sees_interrupts_on_and_a_lock_kept():
    program = Program(random.Random(0))
    cpu, node = program.cpus[0], next(n for n in program.cache.node if n is not None)
    node.list_lock.lock(cpu, SITE)
    assert program.witness.problems == [f"CPU {cpu.id} takes a list_lock with interrupts on"]
    program.witness.problems = []
    with pytest.raises(AssertionError, match="held"):
        program.look("nothing")


def test_pages_are_neither_obtained_nor_given_back_under_a_lock(bench):
    cpu, small = bench.cpus[0], bench.allocator.kmem_cache_create("small", 64)
    cpu.irq_disable(SITE)
    bench.node.list_lock.lock(cpu, SITE)
    with pytest.raises(KernelBugError, match="may hold none"):
        bench.pages.slab_destroy(cpu, bench.cache, bench.first(FREE))
    with pytest.raises(KernelBugError, match="may hold none"):
        bench.allocator.kmem_cache_alloc(cpu, small, gfp.GFP_ATOMIC)
