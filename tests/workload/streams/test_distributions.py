import numpy as np
import pytest

from simslab.workload.description.quantities import Distribution
from simslab.workload.streams.distributions import draw

COUNT = 20_000


def drawn(**how):
    return draw(Distribution.model_validate(how), np.random.default_rng(1), COUNT)


def test_a_fixed_number_is_always_the_same():
    assert set(drawn(fixed=7).tolist()) == {7}


def test_a_uniform_draw_includes_both_ends():
    values = drawn(uniform=[3, 5])
    assert np.unique(values).tolist() == [3, 4, 5]
    assert np.bincount(values)[3:] == pytest.approx(COUNT / 3, rel=0.05)


def test_an_exponential_draw_has_its_mean_before_rounding_down():
    values = drawn(exponential=100)
    assert values.mean() == pytest.approx(99.5, rel=0.03)
    assert np.median(values) == pytest.approx(100 * np.log(2), rel=0.05)


def test_a_pareto_draw_has_its_minimum_and_its_tail():
    values = drawn(pareto=[16, 2.0])
    assert values.min() == 16
    assert np.mean(values >= 160) == pytest.approx(0.01, rel=0.3)


def test_a_tail_without_end_is_cut():
    assert drawn(pareto=[1 << 30, 0.01]).max() == 1 << 40


def test_choices_come_by_their_weights():
    values = drawn(choice={8: 3, 64: 1, 512: 0})
    assert np.unique(values).tolist() == [8, 64]
    assert np.mean(values == 8) == pytest.approx(0.75, abs=0.01)


@pytest.mark.parametrize(
    "how", [{"fixed": 1}, {"uniform": [1, 2]}, {"exponential": 2}, {"pareto": [1, 2]}, {"choice": {1: 1}}]
)
def test_whole_numbers_of_the_count_asked_for_are_drawn(how):
    assert (drawn(**how).dtype, drawn(**how).shape) == (np.int64, (COUNT,))
