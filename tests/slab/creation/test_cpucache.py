import logging

import pytest
from at_once import AtOnce
from one_fails import OneFails

from simslab.conform.slab import invariants
from simslab.conform.topologies import new_system
from simslab.kernel import layout
from simslab.kernel.errno import EBUSY, EINVAL, ENOMEM
from simslab.kernel.kernel import Kernel
from simslab.kernel.mm import gfp
from simslab.machine.accounting import causes
from simslab.machine.accounting.callsites import site
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine
from simslab.slab.allocator import SlabAllocator
from simslab.slab.creation.options import SlabOptions

SECTION = site("test section")


@pytest.fixture
def allocator():
    return new_system("2n8c", SlabOptions())


@pytest.fixture
def cache(allocator):
    return allocator.kmem_cache_create("objects", 192)


def test_arrays_have_the_kernels_limits(cache):
    assert [(ac.limit, ac.batchcount) for ac in cache.cpu_cache] == [(120, 60)] * 8
    assert cache.node[0].shared.limit == 480
    assert cache.node[0].alien[0] is None
    assert cache.node[0].alien[1].ac.limit == 12


def test_structures_lie_on_their_node(allocator, cache):
    topology = allocator.kernel.machine.topology
    for nid, node in enumerate(cache.node):
        places = [node.addr, node.shared.addr, node.alien_addr, node.alien[1 - nid].addr]
        assert [topology.node_of_address(place) for place in places] == [nid] * 4


def test_per_cpu_arrays_lie_on_the_cpus_node(allocator, cache):
    topology = allocator.kernel.machine.topology
    nodes = [topology.node_of_address(array.addr) for array in cache.cpu_cache]
    assert nodes == [0, 0, 0, 0, 1, 1, 1, 1]


def test_tuning_empties_and_resizes_arrays_but_keeps_aliens(allocator, cache):
    cpu = allocator.kernel.machine.cpus[0]
    allocator.kmem_cache_free(cpu, cache, allocator.kmem_cache_alloc(cpu, cache, 0xCC0))
    text = "objects 20 7 1"
    assert allocator.slabinfo_write(text) == len(text)
    assert [(ac.avail, ac.limit, ac.batchcount, ac.touched) for ac in cache.cpu_cache] == [(0, 20, 7, 0)] * 8
    assert cache.node[0].shared.limit == 7
    assert cache.node[0].alien[1].ac.limit == 12
    assert cache.node[0].free_limit == 5 * 7 + 21
    assert cache.node[0].free_objects == 21


def test_tuning_without_sharing_removes_shared_arrays(allocator, cache):
    allocator.slabinfo_write("objects 20 7 0")
    assert cache.node[0].shared is None


@pytest.mark.parametrize("triple", ["0 1 1", "4 5 1", "4 0 1", "4 2 -1"])
def test_triples_that_make_no_sense_change_nothing(allocator, cache, caplog, triple):
    with caplog.at_level(logging.WARNING, "simslab.kernel"):
        allocator.slabinfo_write(f"objects {triple}")
    assert (cache.limit, cache.batchcount, cache.shared) == (120, 60, 8)
    assert "ignored" in caplog.text


@pytest.mark.parametrize(
    "text",
    [
        *("", "objects", "objects 1 2", "objects a b c", "nothing 20 7 1", " objects 20 7 1", "objects\t20 7 1"),
        *("objects 20 7 +1", "objects 20x 7 1", "objects 20 7 1" + 115 * " "),
    ],
)
def test_lines_that_are_not_understood_are_einval(allocator, cache, text):
    assert allocator.slabinfo_write(text) == -22


@pytest.mark.parametrize(
    "text", ["objects 20 7 1x", "objects  20\t7\n1", "objects 20 7 4294967297", "objects 20 7 1" + 114 * " "]
)
def test_lines_are_understood_as_sscanf_does(allocator, cache, text):
    assert allocator.slabinfo_write(text) == len(text)
    assert (cache.limit, cache.batchcount, cache.shared) == (20, 7, 1)


def test_one_node_has_no_alien_tables():
    allocator = new_system("1n4c", SlabOptions())
    assert allocator.kmem_cache_create("objects", 192).node[0].alien is None


def test_noaliencache_makes_none():
    allocator = new_system("2n8c", SlabOptions(noaliencache=True))
    assert allocator.kmem_cache_create("objects", 192).node[0].alien is None


def test_one_cpu_has_no_shared_arrays():
    allocator = new_system("1n1c", SlabOptions())
    assert allocator.kmem_cache_create("objects", 192).node[0].shared is None


def alien_bytes(allocator, cache):
    """Bytes of memory behind the alien arrays of one cache on all nodes, and behind their pointer tables."""
    cpu, nodes = allocator.kernel.machine.cpus[0], [node for node in cache.node if node is not None]
    arrays = [addr for node in nodes if node.alien for addr in node.alien.addresses if addr]
    tables = [node.alien_addr for node in nodes if node.alien]
    assert len({*arrays, *tables}) == len(arrays) + len(tables)
    return sum(allocator.ksize(cpu, addr) for addr in arrays), sum(allocator.ksize(cpu, addr) for addr in tables)


@pytest.mark.parametrize(("topology", "nodes", "table"), [("2n8c", 2, 32), ("4n8c", 4, 32), ("2n4c1m", 3, 32)])
def test_alien_arrays_take_128_bytes_for_each_ordered_pair_of_nodes(topology, nodes, table):
    """struct alien_cache of 24 bytes and 12 entries of 8 are 120, of kmalloc-128; however many CPUs a node has."""
    allocator = new_system(topology, SlabOptions())
    assert layout.ALIEN_CACHE_BYTES + 12 * 8 == 120
    assert alien_bytes(allocator, allocator.kmem_cache_create("objects", 192)) == (
        nodes * (nodes - 1) * 128, nodes * table
    )  # fmt: skip


def test_alien_arrays_of_one_entry_take_32_bytes():
    allocator = new_system("4n8c", SlabOptions())
    assert alien_bytes(allocator, allocator.kmem_cache_create("giants", 140000)) == (4 * 3 * 32, 4 * 32)


def test_alien_arrays_of_sixteen_nodes_take_30_kib_a_cache_and_their_tables_2():
    machine = build_machine(load_machine("two-socket", ("nodes=16", "layout.cores=1")), 10_000)
    allocator = SlabAllocator(Kernel(machine), SlabOptions(slab_nomerge=True))
    allocator.boot(standing=False)
    assert alien_bytes(allocator, allocator.kmem_cache_create("objects", 192)) == (16 * 15 * 128, 16 * 128)


def test_noaliencache_takes_no_bytes_for_them():
    allocator = new_system("4n8c", SlabOptions(noaliencache=True))
    assert alien_bytes(allocator, allocator.kmem_cache_create("objects", 192)) == (0, 0)


def test_aliens_are_as_small_as_the_arrays_of_the_largest_objects(allocator):
    cache = allocator.kmem_cache_create("giants", 140000)
    assert cache.node[0].alien[1].ac.limit == 1


def test_first_reaping_is_four_to_eight_seconds_away(allocator, cache):
    hz = allocator.kernel.hz
    now = allocator.kernel.jiffies(allocator.kernel.machine.cpus[0])
    assert all(4 * hz <= node.next_reap - now < 8 * hz for node in cache.node)


class TunesDuringGrowth:
    """Another CPU makes the arrays smaller while this one has its new slab and not yet its array."""

    def __init__(self, allocator, cache):
        self.allocator, self.cache, self.done = allocator, cache, False

    def slab_obtained(self, cache, _pfn, _nid):
        if cache is self.cache and not self.done:
            self.done = True
            self.allocator.slabinfo_write(f"{cache.name} 2 2 0", self.allocator.kernel.machine.cpus[1])

    def slab_destroyed(self, cache, pfn, nid):
        pass


def test_a_refill_by_growth_fills_a_smaller_array_that_tuning_put_there_meanwhile_no_further_than_its_limit():
    allocator = new_system("1n4c", SlabOptions(slab_nomerge=True))
    cache = allocator.kmem_cache_create("tuned", 128)
    allocator.slabinfo_write("tuned 16 16 0")
    allocator.pages.observer = TunesDuringGrowth(allocator, cache)
    cpu = allocator.kernel.machine.cpus[0]
    objp = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_ATOMIC)
    ac = cache.cpu_cache[0]
    assert (ac.limit, ac.avail) == (2, 1)
    assert invariants.check_cache(allocator, cache, [objp]) == []


def test_tuning_empties_no_array_that_a_cpu_is_just_using():
    """CPU 2 is inside a section with interrupts off when its array is replaced: it may still use the old one."""
    allocator = new_system("1n4c", SlabOptions(slab_nomerge=True))
    cache = allocator.kmem_cache_create("tuned", 128)
    user = allocator.kernel.machine.cpus[2]
    allocator.kmem_cache_free(user, cache, allocator.kmem_cache_alloc(user, cache, gfp.GFP_KERNEL))
    old, seen = cache.cpu_cache[2], []

    def section(cpu):
        saved = cpu.irq_save(SECTION)
        for _ in range(100):
            cpu.charge(causes.WORK, 200)
            cpu.settle()
            seen.append((cache.cpu_cache[2] is old, old.avail))
        cpu.irq_restore(saved)

    before = old.avail
    AtOnce(allocator, (2, 0, section), (1, 100, lambda cpu: allocator.slabinfo_write("tuned 16 8 1", cpu)))
    assert {avail for _, avail in seen} == {before}
    assert not seen[-1][0]
    assert old.avail == 0 < before


def test_tunings_wait_for_each_other_and_for_creation():
    allocator = new_system("1n4c", SlabOptions(slab_nomerge=True))
    cache = allocator.kmem_cache_create("tuned", 128)
    calls = AtOnce(
        allocator,
        (1, 0, lambda cpu: allocator.slabinfo_write("tuned 16 8 1", cpu)),
        (2, 100, lambda cpu: allocator.kmem_cache_create("mine", 200, cpu=cpu)),
        (3, 200, lambda cpu: allocator.slabinfo_write("tuned 4 2 0", cpu)),
    )
    ends = [calls.spans[number][1] for number in (1, 2, 3)]
    assert ends == sorted(ends)
    assert calls.waited[1] == 0 < calls.waited[2] < calls.waited[3]
    assert (cache.limit, cache.batchcount, cache.shared) == (4, 2, 0)
    assert allocator.slab_mutex.owner == -1


def test_a_line_that_names_no_cache_leaves_the_mutex_free():
    allocator = new_system("1n1c", SlabOptions())
    assert allocator.slabinfo_write("nobody 4 2 0") == -EINVAL
    assert allocator.slab_mutex.owner == -1


def test_a_cache_that_is_being_made_is_tuned_once_it_is_there():
    allocator = new_system("1n4c", SlabOptions(slab_nomerge=True))
    calls = AtOnce(
        allocator,
        (1, 0, lambda cpu: allocator.kmem_cache_create("mine", 200, cpu=cpu)),
        (2, 100, lambda cpu: allocator.slabinfo_write("mine 4 2 0", cpu)),
    )
    assert calls.follow_each_other(1, 2)
    assert calls.returned[2] == len("mine 4 2 0")
    assert calls.returned[1].limit == 4


def test_a_tuning_that_fails_takes_no_node_from_a_cache_that_could_not_be_destroyed(allocator):
    cpu, cache = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("left", 192, ctor=1)
    objp = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    assert allocator.kmem_cache_destroy(cache) == -EBUSY
    allocator.set_failslab(OneFails(4))  # what node 0 needs is there: its table, its alien array, its shared array
    assert allocator.slabinfo_write("left 60 30 8") == -ENOMEM
    allocator.set_failslab(None)
    assert None not in cache.node
    allocator.kmem_cache_free(cpu, cache, objp)
    assert invariants.check(allocator, {cache.index: []}) == []
