import pytest
from memcg_systems import MemcgSystem


@pytest.fixture
def system():
    system = MemcgSystem()
    system.alloc()
    return system


def test_charges_as_the_kernel_makes_them_have_no_fault(system):
    assert system.faults() == []


def test_a_page_too_many_is_found(system):
    system.jobs.memory.usage += 1
    assert len(system.faults()) == 2
    assert system.faults()[0].startswith("jobs: 33 pages are charged, 131072 bytes accounted for")
    assert system.faults()[1] == "the root has 32 pages, its cgroups 33"


def test_a_byte_too_few_in_a_stock_is_found(system):
    system.charging.stocks[0].nr_bytes -= 1
    assert system.faults() == ["jobs: 32 pages are charged, 131071 bytes accounted for"]


def test_statistics_that_differ_from_the_objects_are_found(system):
    system.jobs.nodeinfo[0].total[0] += 8
    assert len(system.faults()) == 1
    assert system.faults()[0].endswith("in its statistics")


def test_a_reference_too_many_is_found(system):
    system.jobs.objcg.refcnt.count += 1
    assert system.faults() == ["jobs: 4 references to its obj_cgroup, 3 known"]
