import pytest
from memcg_systems import MemcgSystem

from simslab.kernel.bug import KernelBugError
from simslab.kernel.memcg import layout


def test_the_structures_of_a_cgroup_are_the_allocators_and_on_their_nodes():
    system = MemcgSystem()
    mem_map = system.kernel.mem_map
    per_node = [stats.addr - layout.PER_NODE_STAT for stats in system.jobs.nodeinfo]
    assert [mem_map.nid(addr >> 12) for addr in per_node] == [0, 1]
    assert system.allocator.ksize(system.cpus[0], system.jobs.objcg.addr) >= layout.OBJCG_BYTES
    assert system.jobs.memory.addr % 64 == 0


def test_only_cgroups_below_the_root_have_what_objects_refer_to():
    system = MemcgSystem()
    assert system.root.objcg is None
    assert system.jobs.objcg.memcg is system.jobs


def test_without_room_in_the_per_cpu_areas_there_is_no_cgroup():
    system = MemcgSystem()
    with pytest.raises(KernelBugError, match="no per-CPU memory"):
        [system.make("more", system.root) for _ in range(2000)]
