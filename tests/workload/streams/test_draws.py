"""Numbers that are drawn again, piece by piece, are those that were drawn at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simslab.base.seeds import stream
from simslab.workload.description.quantities import Distribution
from simslab.workload.streams.distributions import draw
from simslab.workload.streams.draws import KEPT, Draws, Kinds, pass_over

WAYS = {
    "integers": lambda random, count: random.integers(0, 1000, size=count),
    "fractions": lambda random, count: random.random(count),
    **{
        next(iter(how)): lambda random, count, how=how: draw(Distribution.model_validate(how), random, count)
        for how in (
            {"uniform": [3, 9]}, {"exponential": 50}, {"pareto": [2, 1.5]}, {"choice": {1: 2, 5: 1}}, {"fixed": 4},
        )
    },
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@given(count=st.integers(0, 200), piece=st.integers(1, 250), portions=st.lists(st.integers(0, 60), max_size=6))
def test_what_is_taken_and_what_is_drawn_later_is_as_if_all_were_drawn_at_once(way, count, piece, portions):
    once, random = stream(1, "a"), stream(1, "a")
    once.integers(0, 9)  # half of a 64-bit number is left for the next draw
    random.integers(0, 9)
    expected, after = WAYS[way](once, count), once.integers(0, 1 << 30, size=3)
    draws = Draws(random, WAYS[way], count, piece)
    assert random.integers(0, 1 << 30, size=3).tolist() == after.tolist()
    for _ in range(2):
        take, taken = draws.reader(), 0
        for portion in portions:
            some = min(portion, count - taken)
            assert take(some).tolist() == expected[taken : taken + some].tolist()
            taken += some


@pytest.mark.parametrize("piece", [4, 1000])
def test_the_values_that_occur_are_told_in_order(piece):
    draws = Draws(stream(1, "a"), WAYS["integers"], 100, piece)
    assert draws.values().tolist() == np.unique(draws.reader()(100)).tolist()


@pytest.mark.parametrize("piece", [4, 1000])
def test_allocations_have_the_kind_of_their_size(piece):
    sizes = Draws(stream(1, "a"), WAYS["uniform"], 50, piece)
    kinds = Kinds(sizes, lambda size: 100 + size)
    assert kinds.reader()(50).tolist() == [100 + size for size in sizes.reader()(50).tolist()]
    assert Kinds(one=7).reader()(3).tolist() == [7, 7, 7]


def test_few_numbers_are_kept_and_many_drawn_again():
    few, many = (Draws(stream(1, "a"), WAYS["fractions"], count, 4 * KEPT) for count in (KEPT, KEPT + 1))
    assert few.kept is not None
    assert many.kept is None
    assert many.reader()(KEPT + 1)[:KEPT].tolist() == few.reader()(KEPT).tolist()


@given(count=st.integers(0, 5000), halves=st.integers(0, 2))
def test_fractions_that_are_passed_over_leave_the_generator_as_if_they_were_drawn(count, halves):
    once, random = stream(1, "a"), stream(1, "a")
    for _ in range(halves):  # each takes half of a 64-bit number
        once.integers(0, 9)
        random.integers(0, 9)
    expected = once.random(count)
    draws = Draws(random, lambda random, count: random.random(count), count, 1 << 14, pass_over)
    assert random.integers(0, 1 << 30, size=3).tolist() == once.integers(0, 1 << 30, size=3).tolist()
    assert draws.reader()(count).tolist() == expected.tolist()
