import numpy as np
import pytest

from simslab.workload.description.quantities import Distribution
from simslab.workload.streams.distributions import draw


def drawn(count=20_000, **what):
    return draw(Distribution.model_validate(what), np.random.default_rng(1), count)


def test_a_fixed_number_is_always_the_same():
    assert set(drawn(fixed=64).tolist()) == {64}


def test_uniform_includes_both_ends():
    assert set(drawn(uniform=[3, 5]).tolist()) == {3, 4, 5}


def test_an_exponential_has_its_mean_before_rounding_down():
    assert drawn(exponential=1000).mean() == pytest.approx(999.5, rel=0.03)


def test_a_pareto_never_goes_below_its_minimum():
    values = drawn(pareto=[100, 1.5])
    assert values.min() >= 100
    assert np.median(values) == pytest.approx(100 * 2 ** (1 / 1.5), rel=0.03)


def test_a_heavy_tail_is_cut_before_it_overflows():
    assert drawn(pareto=[1, 0.01]).max() == 1 << 40


def test_a_choice_follows_its_weights():
    values = drawn(choice={64: 3, 128: 1})
    assert (values == 64).mean() == pytest.approx(0.75, abs=0.02)
    assert set(values.tolist()) == {64, 128}
