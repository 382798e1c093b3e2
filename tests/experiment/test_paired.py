import pytest
from hypothesis import given
from hypothesis import strategies as st

from simslab.experiment.paired import paired_difference, t_quantile

# Two-sided 95 % and 99 % points as printed in common tables (NIST/SEMATECH e-Handbook, section 1.3.6.7.2).
TABLE = [
    (0.975, 1, 12.706),
    (0.975, 2, 4.303),
    (0.975, 3, 3.182),
    (0.975, 4, 2.776),
    (0.975, 9, 2.262),
    (0.975, 19, 2.093),
    (0.975, 30, 2.042),
    (0.975, 100, 1.984),
    (0.995, 5, 4.032),
    (0.95, 10, 1.812),
    (0.999, 7, 4.785),
]


@pytest.mark.parametrize(("probability", "degrees", "expected"), TABLE)
def test_quantiles_equal_the_printed_table(probability, degrees, expected):
    assert t_quantile(probability, degrees) == pytest.approx(expected, abs=6e-4)


def test_one_degree_of_freedom_is_cauchy():
    assert t_quantile(0.75, 1) == pytest.approx(1.0, rel=1e-9)


@given(st.floats(0.001, 0.999), st.integers(1, 500))
def test_the_quantile_is_symmetric(probability, degrees):
    assert t_quantile(probability, degrees) == pytest.approx(-t_quantile(1 - probability, degrees), rel=1e-6, abs=1e-9)


def test_a_known_paired_sample():
    # Differences 1..5: mean 3, s = sqrt(2.5), half width 2.776 * sqrt(2.5 / 5) = 1.963.
    result = paired_difference([10, 10, 10, 10, 10], [11, 12, 13, 14, 15])
    assert result.mean == 3
    assert result.low == pytest.approx(3 - 1.9632, abs=1e-3)
    assert result.high == pytest.approx(3 + 1.9632, abs=1e-3)
    assert result.distinguishable


def test_an_interval_around_zero_is_noise():
    assert not paired_difference([1, 2, 3], [2, 1, 3]).distinguishable


def test_equal_arms_are_noise():
    result = paired_difference([5, 6, 7], [5, 6, 7])
    assert (result.low, result.high, result.distinguishable) == (0, 0, False)


def test_a_constant_difference_is_certain():
    assert paired_difference([5, 6, 7], [6, 7, 8]).distinguishable


def test_one_seed_gives_no_interval():
    result = paired_difference([5], [9])
    assert (result.mean, result.low, result.high, result.distinguishable) == (4, None, None, False)


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=2, max_size=20))
def test_the_interval_holds_the_mean(pairs):
    result = paired_difference([a for a, _ in pairs], [b for _, b in pairs])
    assert result.low <= result.mean <= result.high
