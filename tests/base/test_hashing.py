from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from simslab.base.hashing import spread


@given(st.integers(0, 2**62))
def test_a_hash_has_32_bits(number):
    assert 0 <= spread(number) < 2**32


def test_consecutive_numbers_spread_over_the_high_bits():
    slots = Counter(spread(number) >> 26 for number in range(1, 4097))
    assert len(slots) == 64
    assert max(slots.values()) < 2 * 4096 // 64


def test_numbers_that_differ_above_bit_17_do_not_meet():
    assert len({spread(number << 20) for number in range(1024)}) == 1024
