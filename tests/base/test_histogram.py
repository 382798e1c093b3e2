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


@given(VALUES, VALUES)
def test_the_difference_to_a_snapshot_is_what_came_since(before, after):
    histogram = histogram_of(before)
    snapshot = histogram.snapshot()
    for value in after:
        histogram.add(value)
    since = histogram.minus(snapshot)
    assert since == histogram_of(after)
    assert (since.total, since.count, since.max) == (sum(after), len(after), max(after, default=0))
    assert snapshot == histogram_of(before)


@given(VALUES, VALUES)
def test_merging_is_adding_all_of_both(first, second):
    histogram = histogram_of(first)
    histogram.merge(histogram_of(second))
    assert histogram == histogram_of(first + second)


@given(VALUES.filter(bool), st.integers(1, 1000))
def test_a_quantile_is_the_value_of_that_rank(values, per_mille):
    rank = -(-len(values) * per_mille // 1000)
    assert histogram_of(values).quantile(per_mille, 1000) == sorted(values)[rank - 1]


def test_an_empty_histogram_has_quantile_zero():
    assert Histogram().quantile(1, 2) == 0


def test_a_negative_value_is_refused():
    with pytest.raises(ValueError, match="negative"):
        Histogram().add(-1)


def test_something_that_is_no_earlier_snapshot_is_refused():
    with pytest.raises(ValueError, match="not an earlier snapshot"):
        histogram_of([5]).minus(histogram_of([5, 5]))
    with pytest.raises(ValueError, match="not an earlier snapshot"):
        histogram_of([5]).minus(histogram_of([6]))


def test_values_on_both_sides_of_the_flat_part_sort():
    assert [value for value, _ in histogram_of([FLAT, FLAT - 1, FLAT + 1])] == [FLAT - 1, FLAT, FLAT + 1]
