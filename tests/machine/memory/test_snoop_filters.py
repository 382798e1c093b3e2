import pytest
from hypothesis import given
from hypothesis import strategies as st

from simslab.machine.memory import states
from simslab.machine.memory.snoop_filters import SnoopFilters


@pytest.mark.parametrize("cores_each", [1, 63, 64, 65, 128, 1024])
@given(data=st.data())
def test_a_row_tells_the_one_other_core_several_or_nobody(cores_each, data):
    filters = SnoopFilters([core // cores_each for core in range(2 * cores_each)], 2)
    row, held = filters.row(1, 4711), set()
    cores = st.integers(cores_each, 2 * cores_each - 1)
    for core in data.draw(st.lists(cores, max_size=20)):
        if core in held:
            filters.drop_core(row, core)
            held.remove(core)
        else:
            filters.add_core(row, core)
            held.add(core)
        others = held - {core}
        expected = states.SEVERAL if len(others) > 1 else min(others, default=states.NOBODY)
        assert filters.another(1, row, core) == expected
        assert filters.held(row) == (1 if held else 0)


def test_cores_of_a_domain_need_not_be_numbered_together():
    filters = SnoopFilters([0, 1, 0, 1], 2)
    row = filters.row(1, 4711)
    filters.add_core(row, 3)
    assert filters.another(1, row, 1) == 3


def test_more_than_1024_cores_in_a_domain_are_refused():
    with pytest.raises(ValueError, match="1025 cores in an L3 domain, at most 1024"):
        SnoopFilters([0] * 1025, 1)
