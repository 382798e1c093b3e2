from hypothesis import given
from hypothesis import strategies as st

from simslab.base import bits


def test_bit_is_a_power_of_two_beyond_31():
    assert bits.bit(40) == 2**40


@given(st.sets(st.integers(0, 62), min_size=1))
def test_lowest_and_count_describe_a_mask(positions):
    mask = sum(bits.bit(p) for p in positions)
    assert bits.lowest(mask) == min(positions)
    assert bits.count(mask) == len(positions)
