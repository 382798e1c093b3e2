import pytest

from simslab.conform.slab import invariants
from simslab.conform.topologies import machine_document, new_system
from simslab.kernel.errno import ENOMEM
from simslab.kernel.kernel import Kernel
from simslab.kernel.mm import gfp
from simslab.machine.machine import build_machine
from simslab.machine.spec import MachineSpec
from simslab.slab.allocator import SlabAllocator
from simslab.slab.creation.options import SlabOptions


class FailsAt:
    """Lets one allocation fail, the `number`th from now on."""

    def __init__(self, number):
        self.left = number

    def should_failslab(self, cache, flags):
        self.left -= 1
        return self.left == 0


def free_slabs_on(allocator, cpu, cache):
    """Leave a node with slabs that are free and that its limit lets it keep."""
    objects = [allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL) for _ in range(900)]
    for objp in objects:
        allocator.kmem_cache_free(cpu, cache, objp)
    return cache.node[cpu.numa_mem]


@pytest.mark.parametrize("at", [1, 40])
def test_a_cpu_that_cannot_come_leaves_its_node_as_one_that_has_gone(at):
    allocator = new_system("2n8c", SlabOptions(slab_nomerge=True))
    cpus, cache = allocator.kernel.machine.cpus, allocator.kmem_cache_create("plug", 256)
    allocator.cpu_down(cpus[0], 3)
    node = free_slabs_on(allocator, cpus[1], cache)
    assert node.free_slabs > 0
    allocator.set_failslab(FailsAt(at))
    assert allocator.cpu_up(cpus[0], 3) == -ENOMEM
    allocator.set_failslab(None)
    assert node.free_slabs == 0
    assert node.free_limit == (1 + 3) * cache.batchcount + cache.num - cache.batchcount
    assert (node.shared is not None, 3 in allocator.online_cpus) == (True, False)
    assert invariants.check(allocator, {cache.index: []}) == []
    assert allocator.cpu_up(cpus[0], 3) == 0


def test_the_first_cpu_of_a_node_that_cannot_come_leaves_it_no_arrays():
    allocator = new_system("2n8c", SlabOptions(slab_nomerge=True))
    cpus = allocator.kernel.machine.cpus
    for going in (4, 5, 6, 7):
        allocator.cpu_down(cpus[0], going)
    allocator.set_failslab(FailsAt(100))
    assert allocator.cpu_up(cpus[0], 4) == -ENOMEM
    allocator.set_failslab(None)
    assert {(cache.node[1].shared, cache.node[1].alien) for cache in allocator.caches} == {(None, None)}
    assert invariants.check(allocator, {}) == []


@pytest.fixture
def memoryless():
    """An allocator of two nodes of four CPUs each, the second without memory: its CPUs have the first's."""
    document = machine_document("2n8c")
    document["nodes"][1]["memory"] = "0"
    kernel = Kernel(build_machine(MachineSpec.model_validate(document)), have_memoryless_nodes=True)
    allocator = SlabAllocator(kernel, SlabOptions(slab_nomerge=True))
    allocator.boot(standing=False)
    return allocator


def test_a_node_is_without_cpus_when_its_own_are_gone_whoever_else_has_its_memory(memoryless):
    cache, cpus = memoryless.kmem_cache_create("plug", 256), memoryless.kernel.machine.cpus
    node = cache.node[0]
    for going in (0, 1, 2):
        memoryless.cpu_down(cpus[4], going)
    assert node.shared is not None
    memoryless.cpu_down(cpus[4], 3)
    assert (node.shared, node.alien) == (None, None)
    assert free_slabs_on(memoryless, cpus[5], cache) is node
    assert invariants.check(memoryless, {cache.index: []}) == []


def test_a_cpu_of_a_node_without_memory_leaves_the_nearest_its_arrays(memoryless):
    cache, cpus = memoryless.kmem_cache_create("plug", 256), memoryless.kernel.machine.cpus
    for going in (4, 5, 6, 7):
        memoryless.cpu_down(cpus[0], going)
    assert cache.node[0].shared is not None


def test_the_aliens_of_a_node_whose_last_cpu_goes_are_sent_home_as_all_others_are():
    allocator = new_system("2n8c", SlabOptions(slab_nomerge=True))
    cpus, cache = allocator.kernel.machine.cpus, allocator.kmem_cache_create("plug", 256)
    for going in (5, 6, 7):
        allocator.cpu_down(cpus[0], going)
    objp = allocator.kmem_cache_alloc(cpus[0], cache, gfp.GFP_KERNEL)
    allocator.kmem_cache_free(cpus[4], cache, objp)
    allocator.kernel.reset_statistics()
    allocator.cpu_down(cpus[0], 4)
    rows = [row for row in allocator.kernel.lock_stats.table() if row["name"] == "plug:alien_lock"]
    assert [row["site"] for row in rows if row["acquisitions"]] == ["drain_alien_cache"]
    assert invariants.check(allocator, {cache.index: []}) == []
