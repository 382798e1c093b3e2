from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simslab.base.histogram import Histogram

FLAT = 4096  # values from here on are kept out of the flat part
VALUES = st.lists(st.integers(0, 3 * FLAT) | st.integers(0, 9) | st.integers(0, 1 << 40))


def histogram_of(values):
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    return histogram


@given(VALUES)
def test_every_value_keeps_its_exact_count(values):
    histogram = histogram_of(values)
    assert histogram.items() == sorted(Counter(values).items())
    assert (histogram.total, histogram.count, histogram.max) == (sum(values), len(values), max(values, default=0))


def test_a_negative_value_is_refused_and_not_counted():
    histogram = histogram_of([3])
    with pytest.raises(ValueError, match="negative"):
        histogram.add(-1)
    assert (histogram.items(), histogram.total, histogram.count) == ([(3, 1)], 3, 1)


def test_values_on_both_sides_of_the_flat_part_sort():
    assert [value for value, _ in histogram_of([FLAT, FLAT - 1, FLAT + 1])] == [FLAT - 1, FLAT, FLAT + 1]
