import pytest

from simslab.kernel.bug import KernelBugError
from simslab.kernel.memcg.structures import MemCgroup, NodeStats, PercpuRef


def test_references_are_counted_over_all_cpus(machine):
    ref = PercpuRef(0x1000, [0x2000 + 64 * cpu.id for cpu in machine.cpus])
    ref.get(machine.cpus[0])
    ref.get(machine.cpus[3])
    ref.put(machine.cpus[1])
    assert ref.count == 2


def test_the_creators_reference_is_nobody_elses_to_drop(machine):
    ref = PercpuRef(0x1000, [0x2000] * 4)
    with pytest.raises(KernelBugError, match="once too often"):
        ref.put(machine.cpus[0])


def test_statistics_are_what_all_cpus_have_and_what_was_added():
    stats = NodeStats(0x1000, [0x2000, 0x3000])
    stats.parts[1][0], stats.total[1] = -3, 10
    assert stats.sum() == 7


def test_a_cgroup_counts_below_its_parent():
    root = MemCgroup("root", 0x1000, 100, None, [])
    assert MemCgroup("jobs", 0x4000, 10, root, []).memory.parent is root.memory
    assert root.objcg is None
