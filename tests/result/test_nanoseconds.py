from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simslab.result.nanoseconds import mean_nanoseconds, nanoseconds, picoseconds, ratio

HZ = st.integers(1_000_000, 10_000_000_000)


@pytest.mark.parametrize(
    ("cycles", "hz", "expected"),
    [(3, 3_000_000_000, 1000), (1, 3_000_000_000, 333), (2, 3_000_000_000, 667), (1, 16 * 10**11, 1), (0, 10**9, 0)],
)
def test_picoseconds_are_rounded_half_up(cycles, hz, expected):
    assert picoseconds(cycles, hz) == expected


@given(st.integers(0, 10**15), HZ)
def test_picoseconds_are_off_by_half_at_most(cycles, hz):
    assert abs(picoseconds(cycles, hz) - Fraction(cycles * 10**12, hz)) <= Fraction(1, 2)


def test_nanoseconds_have_three_decimals():
    assert nanoseconds(1, 3_000_000_000) == 0.333


@given(st.integers(0, 10**9), st.integers(1, 10**6), HZ)
def test_a_mean_is_rounded_once(total, count, hz):
    exact = Fraction(total * 10**9, count * hz)
    assert abs(Fraction(str(mean_nanoseconds(total, count, hz))) - exact) <= Fraction(1, 2000)


def test_a_mean_of_nothing_is_nothing():
    assert mean_nanoseconds(0, 0, 10**9) == 0.0


@pytest.mark.parametrize(
    ("top", "bottom", "decimals", "expected"),
    [(1, 3, 3, 0.333), (2, 3, 3, 0.667), (1, 2000, 3, 0.001), (5, 2, 0, 3.0), (7, 0, 3, 0.0)],
)
def test_a_ratio_is_rounded_half_up(top, bottom, decimals, expected):
    assert ratio(top, bottom, decimals) == expected
