import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simslab.workload.streams.turns import Merger, Places, in_order, remainders


def filled(own, *places):
    fills = np.full(len(places), -1, dtype=np.int64)
    own.take(np.array(places, dtype=np.int64).data, fills.data, len(places))
    return fills.tolist()


def test_every_second_turn_of_a_place_empties_it():
    assert filled(Places(3), 2, 0, 2, 2, 0) == [1, 1, 0, 1, 0]


def test_what_is_full_stays_so_until_the_next_turns():
    own = Places(2)
    filled(own, 1)
    assert filled(own, 0, 1) == [1, 0]


@given(st.lists(st.integers(-(2**40), 2**40)), st.integers(1, 2**42))
def test_turns_come_in_order_and_equal_ones_as_they_were(numbers, modulus):
    turns = np.array([number % modulus for number in numbers], dtype=np.int64)
    assert in_order(turns).tolist() == sorted(range(len(turns)), key=turns.tolist().__getitem__)


@given(st.lists(st.integers(0, 2**62)), st.integers(1, 2**40))
def test_remainders_are_those_of_a_division(numbers, divisor):
    turns = np.array(numbers, dtype=np.int64)
    assert remainders(turns, divisor).tolist() == [number % divisor for number in numbers]


@given(st.integers(0, 100), st.integers(1, 12), st.lists(st.integers(0, 20), min_size=1, max_size=30))
def test_births_and_deaths_of_turns_come_in_one_line_with_the_birth_first(start, turns, ages):
    births = np.arange(turns, dtype=np.int64)
    ends = np.array(sorted(start + age for age in ages), dtype=np.int64)
    deaths = 1000 + np.arange(len(ages), dtype=np.int64)
    merged = np.empty(turns + len(ages), dtype=np.int64)
    Merger().merge(births.data, deaths.data, ends.data, start, merged.data)
    dated = [(start + turn, 0, born) for turn, born in enumerate(births)]
    dated += [(max(end, start), 1, died) for end, died in zip(ends, deaths, strict=True)]
    assert merged.tolist() == [word for _, _, word in sorted(dated)]
