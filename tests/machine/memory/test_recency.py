"""Words of a set in order of use."""

from simslab.machine.memory.cache_array import CacheArray
from simslab.machine.memory.recency import put_first, take_out, to_front
from simslab.machine.memory.states import ABSENT, SHARED, STATE_BITS

BASE, WAYS = 1, 4


def a_set() -> list[int]:
    return [99, 10, 20, 30, 0, 99]  # a neighbour's word on either side


def test_a_used_word_goes_to_the_front_and_those_before_it_move_up():
    tags = a_set()
    assert to_front(tags, BASE, 3) == BASE
    assert tags == [99, 30, 10, 20, 0, 99]


def test_the_first_word_stays_where_it_is_when_used():
    tags = a_set()
    assert to_front(tags, BASE, BASE) == BASE
    assert tags == a_set()


def test_a_new_word_comes_first_and_the_last_falls_out():
    tags = a_set()
    assert put_first(tags, BASE, WAYS, 40) == 0
    assert put_first(tags, BASE, WAYS, 50) == 30
    assert tags == [99, 50, 40, 10, 20, 99]


def test_a_word_taken_out_leaves_the_free_way_last():
    tags = a_set()
    take_out(tags, BASE, WAYS, BASE)
    assert tags == [99, 20, 30, 0, 0, 99]


def test_a_set_of_many_ways_is_searched_and_shifted_as_far_as_it_is_used():
    array = CacheArray(1, 1, 20)
    for line in range(1, 23):
        assert array.insert(0, line, SHARED) >> STATE_BITS == max(line - 20, 0)
        assert [array.find(0, held) for held in range(max(line - 19, 1), line + 1)] == [*range(min(line, 20))][::-1]
        assert array.find(0, 30) == ABSENT
    for gone, line in enumerate(range(3, 23), 1):
        assert array.remove(0, line) == SHARED
        assert [word >> STATE_BITS for word in array.owner] == [*range(22, line, -1)] + [0] * gone
