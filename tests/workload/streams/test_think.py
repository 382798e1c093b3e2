"""Think times that vary from operation to operation."""

import numpy as np
import pytest
from pydantic import ValidationError

from simslab.base.seeds import stream as random_stream
from simslab.workload.description.quantities import ThinkTime
from simslab.workload.streams import operations as ops
from simslab.workload.streams.pieces import Whole
from simslab.workload.streams.program import KindTable, joined
from simslab.workload.streams.think import STEPS, ThinkTimes, cycles_of

HZ = 2_000_000_000


def words_of(think, count):
    kinds = KindTable()
    times = ThinkTimes(kinds, HZ)
    number = kinds.number(ops.Kind(ops.FREE, 3, touch=64, think=times.code(think)))
    return times, np.full(count, number) | np.arange(count) << ops.KIND_BITS


def drawn_words(times, words, piece=1 << 20):
    (stream,) = times.drawn([Whole(words)], [random_stream(1, "think")], piece)
    return stream.words if isinstance(stream, Whole) else joined(stream.pieces())


def think_cycles(times, words):
    rows = list(times.kinds.numbers)
    return np.array([rows[kind][ops.THINK] for kind in (words & ops.KIND_MASK).tolist()])


def test_a_bare_duration_is_the_same_for_every_operation():
    times, words = words_of(ThinkTime.model_validate("150 ns"), 5)
    assert drawn_words(times, words) is words
    assert think_cycles(times, words).tolist() == [300] * 5


def test_an_exponential_think_time_has_its_mean_and_its_spread():
    times, words = words_of(ThinkTime.model_validate({"exponential": "500 ns"}), 200_000)
    drawn = think_cycles(times, drawn_words(times, words))
    assert abs(drawn.mean() - 1000) < 10
    assert abs(drawn.std() - 1000) < 50
    assert drawn.min() < 10


def test_a_uniform_think_time_stays_within_its_bounds():
    times, words = words_of(ThinkTime.model_validate({"uniform": ["100 cycles", "300 cycles"]}), 10_000)
    drawn = think_cycles(times, drawn_words(times, words))
    assert 100 <= drawn.min() < 105
    assert 295 < drawn.max() <= 300
    assert len(set(drawn.tolist())) == STEPS


def test_the_shares_of_a_distribution_have_its_mean():
    shares = cycles_of(ThinkTime.model_validate({"exponential": "1000000 cycles"}), HZ)
    assert abs(sum(shares) / STEPS - 1_000_000) < 1
    assert shares == sorted(shares)


def test_the_think_times_drawn_do_not_depend_on_how_long_pieces_are():
    times, words = words_of(ThinkTime.model_validate({"exponential": "500 ns"}), 1000)
    whole, parts = drawn_words(times, words), drawn_words(times, words, piece=7)
    assert (whole == parts).all()


def test_drawing_changes_nothing_but_the_think_time():
    times, words = words_of(ThinkTime.model_validate({"exponential": "500 ns"}), 100)
    drawn = drawn_words(times, words)
    assert (drawn >> ops.KIND_BITS).tolist() == list(range(100))
    rows = list(times.kinds.numbers)
    for kind in set((drawn & ops.KIND_MASK).tolist()):
        assert rows[kind][: ops.THINK] == ops.Kind(ops.FREE, 3, touch=64)[: ops.THINK]


def test_only_one_form_of_think_time_may_be_given():
    with pytest.raises(ValidationError, match="both 'fixed' and 'exponential' are given"):
        ThinkTime.model_validate({"fixed": "1 ns", "exponential": "1 ns"})
    with pytest.raises(ValidationError, match="shortest think time is above the longest"):
        ThinkTime.model_validate({"uniform": ["3 ns", "1 ns"]})
