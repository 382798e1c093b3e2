import pytest

from simslab.conform.topologies import TOPOLOGIES, new_system
from simslab.kernel.kernel import Kernel
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine
from simslab.slab.allocator import SlabAllocator
from simslab.slab.creation.boot import standing_caches
from simslab.slab.creation.options import SlabOptions
from simslab.slab_common.slab_state import FULL


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_every_topology_boots_to_full(topology):
    allocator = new_system(topology, SlabOptions())
    assert allocator.slab_state == FULL
    assert [cache.name for cache in allocator.caches[:2]] == ["kmem_cache", "kmalloc-128"]
    assert len(allocator.caches) == 61


def test_no_structure_stays_in_boot_data():
    allocator = new_system("2n8c", SlabOptions())
    start = allocator.boot_data
    for cache in allocator.caches:
        for node in cache.node:
            assert not start <= node.addr < start + 8192


def test_caches_are_described_in_their_own_memory():
    allocator = new_system("1n1c", SlabOptions())
    cpu = allocator.kernel.machine.cpus[0]
    for cache in allocator.caches[1:]:
        assert allocator.virt_to_cache(cpu, cache.addr).name == "kmem_cache"
        assert allocator.virt_to_cache(cpu, cache.node[0].addr).name == "kmalloc-128"


def test_user_space_may_copy_all_of_a_kmalloc_object_and_nothing_of_a_cache_structure():
    allocator = new_system("1n1c", SlabOptions())
    caches = {cache.name: cache for cache in allocator.caches}
    windows = {name: (cache.useroffset, cache.usersize) for name, cache in caches.items()}
    assert windows.pop("kmem_cache") == (0, 0)
    assert windows == {name: (0, caches[name].object_size) for name in windows}


def test_caches_older_than_smp_are_one_batch_short():
    allocator = new_system("2n8c", SlabOptions(), standing=True)
    by_name = {cache.name: cache for cache in allocator.caches}
    assert by_name["proc_dir_entry"].node[0].free_limit == 4 * 60 + 21
    assert by_name["net_namespace"].node[0].free_limit == 5 * 12 + 5


def test_cpus_of_a_node_without_memory_are_prepared_on_the_one_that_serves_them():
    """cpuup_prepare asks for cpu_to_mem: here after all CPUs of node 0 count, so that nothing is short there."""
    machine = build_machine(load_machine("memoryless-node", ["layout.cores=2"]))
    kernel = Kernel(machine, have_memoryless_nodes=True)
    assert (kernel.cpu_to_mem[-1], machine.cpus[-1].node) == (0, 1)
    allocator = SlabAllocator(kernel)
    allocator.boot(standing=False)
    cache = allocator.caches[-1]
    assert cache.node[0].free_limit == (1 + allocator.cpus_in_node[0]) * cache.batchcount + cache.num


def test_the_kernel_has_123_standing_caches():
    assert 61 + len(standing_caches()) == 123


def test_a_memory_only_node_counts_no_cpus():
    allocator = new_system("2n4c1m", SlabOptions())
    cache = allocator.kmem_cache_create("objects", 192)
    assert [node.free_limit for node in cache.node] == [3 * 60 + 21, 3 * 60 + 21, 60 + 21]
