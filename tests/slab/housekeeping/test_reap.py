from simslab.conform.topologies import new_system
from simslab.slab.creation.options import SlabOptions


def test_each_cpu_begins_with_the_node_behind_its_own():
    reaper = new_system("4n8c", SlabOptions()).reaper
    assert reaper.slab_reap_node == [1, 1, 2, 2, 3, 3, 0, 0]


def test_each_reaping_turns_to_the_next_node():
    allocator = new_system("4n8c", SlabOptions())
    cpu = allocator.kernel.machine.cpus[4]
    seen = []
    for _ in range(5):
        seen.append(allocator.reaper.slab_reap_node[4])
        assert allocator.cache_reap(cpu) == 1
    assert seen == [3, 0, 1, 2, 3]


def test_a_reaper_gives_way_to_whoever_has_slab_mutex():
    allocator = new_system("1n4c", SlabOptions())
    first, second = allocator.kernel.machine.cpus[:2]
    allocator.slab_mutex.lock(first)
    assert allocator.cache_reap(second) == 0
    allocator.slab_mutex.unlock(first)
    assert allocator.cache_reap(second) == 1
