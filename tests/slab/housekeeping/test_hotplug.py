import pytest

from simslab.conform.slab import invariants
from simslab.conform.topologies import new_system
from simslab.kernel.mm import gfp
from simslab.slab.creation.options import SlabOptions
from simslab.slab.housekeeping import hotplug


class Bench:
    def __init__(self, topology="2n8c"):
        self.allocator = new_system(topology, SlabOptions(slab_nomerge=True))
        self.cpus = self.allocator.kernel.machine.cpus
        self.cache = self.allocator.kmem_cache_create("plug", 256)
        self.held = []

    def churn(self, cpu_id, count=300):
        cpu = self.cpus[cpu_id]
        objects = [self.allocator.kmem_cache_alloc(cpu, self.cache, gfp.GFP_KERNEL) for _ in range(count)]
        for objp in objects[::2]:
            self.allocator.kmem_cache_free(cpu, self.cache, objp)
        self.held += objects[1::2]

    def sound(self):
        return invariants.check(self.allocator, {self.cache.index: self.held})


@pytest.fixture
def bench():
    return Bench()


def test_a_cpu_that_goes_leaves_no_object_in_its_array(bench):
    bench.churn(3)
    limit = bench.cache.node[0].free_limit
    hotplug.cpu_down(bench.allocator, bench.cpus[0], 3)
    assert bench.cache.cpu_cache[3].avail == 0
    assert bench.cache.node[0].free_limit == limit - bench.cache.batchcount
    assert bench.cache.node[0].free_slabs == 0
    assert 3 not in bench.allocator.online_cpus
    assert bench.sound() == []


def test_the_last_cpu_of_a_node_takes_shared_and_alien_arrays_with_it(bench):
    bench.churn(5, 600)
    for objp in bench.held[:7]:
        bench.allocator.kmem_cache_free(bench.cpus[0], bench.cache, objp)
    remote = [bench.allocator.kmem_cache_alloc(bench.cpus[0], bench.cache, gfp.GFP_KERNEL) for _ in range(5)]
    for objp in remote:
        bench.allocator.kmem_cache_free(bench.cpus[4], bench.cache, objp)
    bench.held = bench.held[7:]
    for going in (4, 5, 6, 7):
        hotplug.cpu_down(bench.allocator, bench.cpus[0], going)
    node = bench.cache.node[1]
    assert node.shared is None
    assert node.alien is None
    assert bench.sound() == []


def test_a_cpu_that_comes_back_gets_everything_again(bench):
    wanted = bench.cache.node[1].free_limit
    for going in (4, 5, 6, 7):
        hotplug.cpu_down(bench.allocator, bench.cpus[0], going)
    for coming in (4, 5, 6, 7):
        assert hotplug.cpu_up(bench.allocator, bench.cpus[0], coming) == 0
    node = bench.cache.node[1]
    assert node.shared.limit == bench.cache.shared * bench.cache.batchcount
    assert node.alien[0].ac.limit == 12
    assert node.free_limit == wanted - bench.cache.batchcount  # recomputed before the last CPU counts, as at boot
    assert bench.allocator.online_cpus == list(range(8))
    bench.churn(6)
    assert bench.sound() == []


def test_allocation_goes_on_while_cpus_are_away(bench):
    for going in (1, 6, 7):
        bench.churn(going)
        hotplug.cpu_down(bench.allocator, bench.cpus[0], going)
        bench.churn(0)
        bench.churn(5)
    assert bench.sound() == []


def test_memory_with_objects_cannot_go(bench):
    bench.churn(5)
    assert hotplug.memory_going_offline(bench.allocator, bench.cpus[0], 1) == -16
    assert hotplug.memory_going_online(bench.allocator, bench.cpus[0], 1) == 0
    assert bench.sound() == []


class TakesTheTableAway:
    """A node's last CPU goes while another CPU sends the node's alien objects home."""

    def __init__(self, node):
        self.node, self.taken = node, 0

    def acquired(self, _cpu, lock):
        if lock.lock_class.name.endswith("alien_lock"):
            self.node.alien = None
            self.taken += 1

    def released(self, cpu, lock):
        pass


def test_an_alien_table_that_goes_away_while_it_is_drained_is_drained_to_its_end():
    allocator = new_system("4n8c", SlabOptions(slab_nomerge=True))
    cache = allocator.kmem_cache_create("objects", 256)
    cpu = allocator.kernel.machine.cpus[0]
    objects = [allocator.kmem_cache_alloc_node(cpu, cache, gfp.GFP_KERNEL, nid) for nid in (1, 2, 3)]
    for objp in objects:
        allocator.kmem_cache_free(cpu, cache, objp)
    aliens = [alien.ac for alien in cache.node[0].alien if alien is not None]
    assert [ac.avail for ac in aliens] == [1, 1, 1]
    witness = allocator.kernel.lock_stats.witness = TakesTheTableAway(cache.node[0])
    allocator.kmem_cache_shrink(cpu, cache)
    assert witness.taken >= 3
    assert [ac.avail for ac in aliens] == [0, 0, 0]


def test_a_cpu_that_goes_gives_its_lists_of_pages_back(bench):
    bench.churn(3, 600)
    bench.allocator.kmem_cache_shrink(bench.cpus[3], bench.cache)
    zones = bench.allocator.kernel.zones
    assert any(zone.pageset[3].count for zone in zones)
    hotplug.cpu_down(bench.allocator, bench.cpus[0], 3)
    assert not any(zone.pageset[3].count for zone in zones)
