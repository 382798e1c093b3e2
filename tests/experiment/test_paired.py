import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simslab.experiment.figures.metrics import metric
from simslab.experiment.figures.observation import observe
from simslab.experiment.inputs import load_inputs
from simslab.experiment.paired import best_of, level, mean_interval, paired_difference, t_quantile

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


def test_intervals_that_hold_together_are_wider():
    alone = paired_difference([1, 2, 3, 4], [2, 4, 4, 7])
    together = paired_difference([1, 2, 3, 4], [2, 4, 4, 7], comparisons=10)
    assert together.mean == alone.mean
    # t quantiles with 3 degrees of freedom: 3.182 at 0.975, 7.453 at 0.9975 + (of 0.025 / 10).
    assert (together.high - together.mean) / (alone.high - alone.mean) == pytest.approx(
        t_quantile(1 - 0.0025, 3) / 3.182, rel=1e-3
    )


def by_seed(**arms):
    return {name: dict(enumerate(row)) for name, row in arms.items()}


def test_the_best_arm_alone_is_claimed_where_the_others_are_beaten():
    found = best_of("latency.p99", "lower", by_seed(a=[5, 6, 5], b=[1, 2, 1], c=[9, 9, 8]))
    assert found.arms == ("b",)
    assert "best is b (95 % Bonferroni-t over 2 comparisons)" in found.told


def test_arms_that_cannot_be_told_apart_stay_in():
    found = best_of("throughput", "higher", by_seed(a=[5, 9, 5], b=[6, 7, 6], c=[1, 2, 1]))
    assert found.arms[0] == "a"
    assert set(found.arms) == {"a", "b"}
    assert "not told apart from it: b" in found.told


def test_one_seed_claims_no_best():
    assert best_of("time", "lower", by_seed(a=[1], b=[2])).arms == ()
    assert best_of("time", "lower", {"a": {1: 1, 2: 1}, "b": {2: 2, 3: 2}}).arms == ()


def test_why_no_best_is_claimed_is_told_as_it_is():
    assert best_of("time", "lower", by_seed(a=[1], b=[2])).told == "time: one seed says nothing about which is best"
    one_in_common = best_of("time", "lower", {"a": {1: 1, 2: 1}, "b": {2: 2, 3: 2}})
    assert one_in_common.told == "time: no two have two seeds in common, which says nothing about which is best"
    ring = {"a": {1: 1, 2: 1, 5: 9, 6: 9}, "b": {1: 2, 2: 2, 3: 1, 4: 1}, "c": {3: 2, 4: 2, 5: 8, 6: 8}}
    beaten = best_of("time", "lower", ring)
    assert beaten.arms == ()
    assert beaten.told == "time: none is best, as each is beaten by another over the seeds that these two share"


def test_each_two_arms_are_compared_over_the_seeds_that_both_have():
    many = {seed: 10 + seed % 3 for seed in range(12)}
    worse = {seed: value + 1 + seed % 2 for seed, value in many.items()}
    few = {seed: many[seed] for seed in (0, 1)}
    assert best_of("time", "lower", {"many": many, "worse": worse}).arms == ("many",)
    assert best_of("time", "lower", {"many": many, "worse": worse, "few": few}).arms == ("few", "many")


def test_an_arm_with_fewer_seeds_is_at_the_bases_level_plus_the_paired_difference():
    base = {1: 10.0, 2: 30.0, 3: 20.0, 4: 0.0}
    assert level(base, dict(base)).mean == level(base, {1: 10.0, 2: 30.0}).mean == 15
    assert level(base, {1: 11.0, 2: 33.0}).mean == 15 + 2
    more = level({1: 10.0, 2: 30.0}, {1: 11.0, 2: 33.0, 3: 500.0})
    assert (more.mean, more.seeds, more.levelled) == (22, 2, True)


def test_an_arm_with_one_seed_in_common_is_at_the_bases_level_without_an_interval():
    one = level({1: 10.0, 2: 30.0}, {1: 11.0})
    assert (one.mean, one.low, one.high, one.seeds, one.levelled) == (21, None, None, 1, True)
    more = level({1: 10.0, 2: 30.0}, {1: 11.0, 7: 500.0})
    assert (more.mean, more.low, more.seeds, more.levelled) == (21, None, 1, True)


def test_an_arm_with_no_seed_in_common_stands_for_itself():
    alone = level({1: 10.0, 2: 30.0}, {3: 11.0})
    assert (alone.mean, alone.low, alone.seeds, alone.levelled) == (11, None, 1, False)


def test_a_levelled_interval_is_that_of_the_difference_estimator():
    """Over 3 of 4 seeds the arm's variance is 121 and that of the differences 1: 121 / 4 + 1 * (1 / 3 - 1 / 4)."""
    base = {1: 10.0, 2: 30.0, 3: 20.0, 4: 0.0}
    found = level(base, {1: 11.0, 2: 33.0, 3: 22.0})
    half = 4.302653 * math.sqrt(121 / 4 + 1 / 12)
    assert found.mean == 15 + 2
    assert (found.low, found.high) == (pytest.approx(17 - half, abs=1e-4), pytest.approx(17 + half, abs=1e-4))


def test_levelled_intervals_cover_the_true_mean_in_93_to_98_percent_of_trials():
    """1,000 seeded trials of a base with 30 seeds, and an arm with 8 of them whose true mean is 103."""
    random = np.random.default_rng(22)
    covered = 0
    for _ in range(1000):
        common = random.normal(100, 20, 30)
        base, arm = common + random.normal(0, 9, 30), common[:8] + 3 + random.normal(0, 9, 8)
        found = level(dict(enumerate(base)), dict(enumerate(arm)))
        covered += found.low <= 103 <= found.high
    assert 930 <= covered <= 980


def test_paired_intervals_cover_the_true_difference_in_93_to_97_percent_of_trials():
    """1,000 seeded trials of 8 pairs that share a large effect of the seed; the true difference is 3."""
    random = np.random.default_rng(20)
    covered = 0
    for _ in range(1000):
        common = random.normal(100, 20, 8)
        base, variant = common + random.normal(0, 2, 8), common + 3 + random.normal(0, 2, 8)
        found = paired_difference(base.tolist(), variant.tolist())
        covered += found.low <= 3 <= found.high
    assert 930 <= covered <= 970


def test_corrected_intervals_cover_all_differences_together():
    """At least 95 % in truth; of 2,000 trials, whose share has a standard deviation of 0.5 %, at least 94 %."""
    random = np.random.default_rng(21)
    covered = 0
    for _ in range(2000):
        base = random.normal(0, 1, 6)
        pairs = [paired_difference(base.tolist(), random.normal(1, 1, 6).tolist(), 5) for _ in range(5)]
        covered += all(pair.low <= 1 <= pair.high for pair in pairs)
    assert covered >= 1880


def test_pairing_narrows_the_interval_at_least_threefold_on_a_shipped_workload():
    """Longer links under network-receive: the seed draws when packets come, which moves both arms alike."""

    def throughput(*settings):
        inputs = load_inputs("two-socket", "network-receive", ["scale=0.05", *settings])
        return [metric("throughput").value(observe(inputs, seed)) for seed in range(1, 7)]

    base, variant = throughput(), throughput("links.upi.latency=30 ns")
    paired = paired_difference(base, variant)
    half = (paired.high - paired.low) / 2
    spread = math.sqrt((statistics.variance(base) + statistics.variance(variant)) / len(base))
    unpaired = t_quantile(0.975, 2 * len(base) - 2) * spread
    assert unpaired >= 3 * half


def test_the_interval_of_a_mean_needs_two_values():
    assert mean_interval([4.0]) == (None, None)
    low, high = mean_interval([1.0, 2.0, 3.0])
    assert (low + high) / 2 == pytest.approx(2)
    assert high - low == pytest.approx(2 * 4.303 / math.sqrt(3), rel=1e-3)
