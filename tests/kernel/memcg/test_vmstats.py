import pytest
from memcg_systems import MemcgSystem

from simslab.kernel.memcg.vmstats import RECLAIMABLE, THRESHOLD, UNRECLAIMABLE, ancestors, mod_objcg_state


@pytest.fixture
def system():
    return MemcgSystem()


@pytest.mark.parametrize(("change", "left", "total"), [(THRESHOLD, THRESHOLD, 0), (THRESHOLD + 1, 0, THRESHOLD + 1)])
def test_a_cpu_keeps_no_more_than_its_threshold(system, change, left, total):
    mod_objcg_state(system.cpus[1], system.jobs.objcg, 0, UNRECLAIMABLE, change)
    for stats in (system.jobs.vmstats, system.jobs.nodeinfo[0]):
        assert (stats.parts[1][UNRECLAIMABLE], stats.total[UNRECLAIMABLE]) == (left, total)
    assert system.root.vmstats.total[UNRECLAIMABLE] == total


def test_nodes_and_kinds_are_counted_apart(system):
    mod_objcg_state(system.cpus[0], system.jobs.objcg, 1, RECLAIMABLE, 100)
    assert [node.sum() for node in system.jobs.nodeinfo] == [0, 100]
    assert system.jobs.vmstats.parts[0] == [100, 0]


def test_the_root_is_above_all(system):
    assert ancestors(system.jobs) == [system.root]
    assert ancestors(system.root) == []
