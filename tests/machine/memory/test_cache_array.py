import pytest
from hypothesis import given
from hypothesis import strategies as st

from simslab.machine.memory.cache_array import CacheArray
from simslab.machine.memory.states import ABSENT, EXCLUSIVE, MODIFIED, SHARED, STATE_BITS


def test_an_inserted_line_is_found_with_its_state():
    array = CacheArray(2, 4, 2)
    array.insert(1, 9, EXCLUSIVE)
    assert array.locate(1, 9) == array.base(1, 9)
    assert array.state_of(1, 9) == EXCLUSIVE
    assert array.state_of(0, 9) == 0


def test_the_least_recently_used_way_is_evicted():
    array = CacheArray(1, 1, 2)
    array.insert(0, 1, SHARED)
    array.insert(0, 2, MODIFIED)
    array.use(0, array.find(0, 1))
    assert array.insert(0, 3, SHARED) == 2 << STATE_BITS | MODIFIED


def test_removing_tells_the_state_and_frees_the_way():
    array = CacheArray(1, 1, 2)
    array.insert(0, 1, MODIFIED)
    assert array.remove(0, 1) == MODIFIED
    assert array.remove(0, 1) == 0
    assert array.insert(0, 2, SHARED) == 0


@pytest.mark.parametrize("sets", [8, 11])
def test_sets_need_not_be_a_power_of_two(sets):
    array = CacheArray(2, sets, 3)
    assert {array.base(1, line) for line in range(sets)} == {(sets + i) * 3 for i in range(sets)}


@given(st.lists(st.tuples(st.sampled_from("ur"), st.integers(1, 12)), max_size=80))
def test_a_set_behaves_as_an_ordered_list(program):
    array, order = CacheArray(1, 1, 4), []
    for action, line in program:
        if action == "r":
            array.remove(0, line)
            order = [x for x in order if x != line]
            continue
        way = array.find(0, line)
        if way >= 0:
            array.use(0, way)
        else:
            evicted = array.insert(0, line, SHARED) >> STATE_BITS
            assert evicted == (order[3] if len(order) == 4 else 0)
        order = ([line] + [x for x in order if x != line])[:4]
        assert [word >> STATE_BITS for word in array.owner if word] == order


@pytest.mark.parametrize("ways", range(1, 14))
def test_a_line_is_found_in_any_way_of_a_set_and_nowhere_else(ways):
    array = CacheArray(1, 2, ways)
    for line in range(2, 2 * ways + 2):
        array.insert(0, line, SHARED)
    for line in range(2, 2 * ways + 2):
        base = array.base(0, line)
        assert base <= array.find(base, line) < base + ways
        assert array.owner[array.find(base, line)] == line << STATE_BITS | SHARED
        assert array.find(array.base(0, line + 1), line) == ABSENT
    assert array.find(0, 2 * ways + 2) == ABSENT


def test_a_set_that_is_expected_is_as_it_was():
    array = CacheArray(2, 4, 3)
    array.insert(1, 9, MODIFIED)
    array.expect(1, 9)
    array.expect(0, 9)
    assert (array.state_of(1, 9), array.state_of(0, 9)) == (MODIFIED, 0)
