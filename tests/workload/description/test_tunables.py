import pytest

from simslab.base.errors import BadValue
from simslab.workload.description.tunables import Tunables, check_tunables


def test_only_what_is_given_is_told():
    assert Tunables(cpu_partial=0, remote_node_defrag_ratio=3).given() == {
        "cpu_partial": 0,
        "remote_node_defrag_ratio": 3,
    }


@pytest.mark.parametrize(
    ("values", "allocator", "told"),
    [
        ({"limit": 9}, "slub", "'limit' is not a tunable of SLUB"),
        ({"min_partial": 9}, "slab", "'min_partial' is not a tunable of SLAB"),
    ],
)
def test_a_tunable_of_the_other_allocator_is_refused_with_its_place(values, allocator, told):
    with pytest.raises(BadValue, match=told) as error:
        check_tunables({"c": Tunables(**values)}, allocator)
    assert error.value.faults[0].at == ("tunables", "c", next(iter(values)))
    check_tunables({"c": Tunables(**values)}, {"slab": "slub", "slub": "slab"}[allocator])
