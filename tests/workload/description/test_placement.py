import pytest

from simslab.base.errors import BadValue
from simslab.workload.description.placement import CpuPlaces, select_cpus

TWO_NODES = CpuPlaces((0, 0, 0, 0, 1, 1, 1, 1), 3)  # node 2 has memory only


@pytest.mark.parametrize(
    ("selector", "cpus"),
    [
        ("all", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("node1", [4, 5, 6, 7]),
        ("one_per_node", [0, 4]),
        ("first 2", [0, 1]),
        ("last 2", [6, 7]),
        ("spread 3", [0, 1, 4]),
        ("0-1,6", [0, 1, 6]),
        ([5, 2], [5, 2]),
        (3, [3]),
    ],
)
def test_a_selector_names_cpus(selector, cpus):
    assert select_cpus(selector, TWO_NODES) == cpus


def test_the_rest_is_what_others_leave():
    assert select_cpus("rest", TWO_NODES, [0, 1, 2, 4]) == [3, 5, 6, 7]


@pytest.mark.parametrize(
    ("selector", "said"),
    [
        ("first 9", "'first 9' of 8 CPUs"),
        ("8", "the machine has no CPU 8"),
        ("node2", "node 2 has no CPUs"),
        ("node3", "no node 3"),
        ("0,0", "CPU 0 is listed twice"),
        ("5-2", "runs backwards"),
        ("evry", "names no CPUs"),
    ],
)
def test_what_the_machine_has_not_is_an_error(selector, said):
    with pytest.raises(BadValue, match=said):
        select_cpus(selector, TWO_NODES)
