"""Paired differences: two arms run with the same seeds, so the seed's own effect cancels in each pair.

Intervals are Student's t. Where several are claimed together, each is widened so that all hold at once with the stated
confidence (Bonferroni: of m comparisons each gets the share 1/m of the error).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

CONFIDENCE: Final = 0.95
CORRECTION: Final = "Bonferroni-t"
SHOWN: Final = 4  # arms that are named where they cannot be told apart; more are counted
ONE_SEED: Final = "one seed says nothing about which is best"
NO_PAIRS: Final = "no two have two seeds in common, which says nothing about which is best"
CYCLE: Final = "none is best, as each is beaten by another over the seeds that these two share"


@dataclass(frozen=True)
class PairedDifference:
    """Differences variant minus base, one a seed, with the 95 % t-interval of their mean.

    `low` and `high` are None with fewer than two seeds: one pair says nothing of its own spread.
    """

    base_mean: float
    variant_mean: float
    differences: tuple[float, ...]
    mean: float
    low: float | None
    high: float | None

    @property
    def distinguishable(self) -> bool:
        """Whether the interval exists and leaves out 0."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


def paired_difference(base: Sequence[float], variant: Sequence[float], comparisons: int = 1) -> PairedDifference:
    """Return the paired difference of two arms; `base[i]` and `variant[i]` come from one seed, at least one pair.

    With `comparisons` above 1 the interval is one of so many that hold together (Bonferroni-t).
    """
    differences = tuple(after - before for before, after in zip(base, variant, strict=True))
    count = len(differences)
    low, high = mean_interval(differences, comparisons)
    return PairedDifference(
        base_mean=math.fsum(base) / count,
        variant_mean=math.fsum(variant) / count,
        differences=differences,
        mean=math.fsum(differences) / count,
        low=low,
        high=high,
    )


def mean_interval(values: Sequence[float], comparisons: int = 1) -> tuple[float | None, float | None]:
    """Return the t-interval of the mean of `values`; None, None with fewer than two."""
    count = len(values)
    if count < 2:
        return None, None
    mean = math.fsum(values) / count
    tail = (1 - CONFIDENCE) / 2 / comparisons
    half = t_quantile(1 - tail, count - 1) * math.sqrt(_variance(values) / count)
    return mean - half, mean + half


@dataclass(frozen=True)
class Level:
    """The mean of an arm with its 95 % interval over so many seeds; `levelled` where the base's seeds are not its own.

    `low` and `high` are None with fewer than two seeds.
    """

    mean: float
    low: float | None
    high: float | None
    seeds: int
    levelled: bool = False


def level(base: Mapping[int, float], values: Mapping[int, float]) -> Level:
    """Return the mean of an arm's values by seed (at least one), as it may stand beside the mean of the base's.

    Over other seeds than the base's the seeds' own effect would stand in it as if it were the arm's. Such an arm's mean
    is the base's plus the mean paired difference over the seeds that both have: the difference estimator of double
    sampling (Cochran, Sampling Techniques, chapter 12), whose variance over n of N seeds is that of the arm over N and
    that of the differences over 1/n - 1/N. One seed in common gives no interval; with none the mean is the arm's own.
    """
    shared = [seed for seed in values if seed in base]
    if not shared or len(base) == len(shared) == len(values):
        row = list(values.values())
        return Level(math.fsum(row) / len(row), *mean_interval(row), len(row))
    differences = [values[seed] - base[seed] for seed in shared]
    count, whole = len(shared), len(base)
    mean = math.fsum(base.values()) / whole + math.fsum(differences) / count
    if count < 2:
        return Level(mean, None, None, count, levelled=True)
    variance = _variance([values[seed] for seed in shared]) / whole + _variance(differences) * (1 / count - 1 / whole)
    half = t_quantile((1 + CONFIDENCE) / 2, count - 1) * math.sqrt(variance)
    return Level(mean, mean - half, mean + half, count, levelled=True)


def _variance(values: Sequence[float]) -> float:
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)


def t_quantile(probability: float, degrees: int) -> float:
    """Return the quantile of Student's t distribution with `degrees` (>= 1) of freedom; 0 < `probability` < 1."""
    from scipy.special import stdtrit  # here, as nothing else needs it

    return float(stdtrit(degrees, probability))


@dataclass(frozen=True)
class Best:
    """Which of several arms is best by one metric: `arms` holds it with 95 % confidence, the best mean first.

    One arm alone is the best; several cannot be told apart from it. Empty where nothing can be claimed: `why` says so.
    """

    metric: str
    arms: tuple[str, ...]
    comparisons: int
    why: str = ""

    @property
    def told(self) -> str:
        """What may be claimed, in words."""
        if not self.arms:
            return f"{self.metric}: {self.why}"
        sure = f"95 % {CORRECTION} over {self.comparisons} comparison{'s' * (self.comparisons > 1)}"
        if len(self.arms) == 1:
            return f"{self.metric}: best is {self.arms[0]} ({sure})"
        others = "; ".join(self.arms[1:]) if len(self.arms) <= SHOWN else f"{len(self.arms) - 1} others"
        return f"{self.metric}: best mean is {self.arms[0]}, not told apart from it: {others} ({sure})"


def best_of(metric: str, better: str, arms: Mapping[str, Mapping[int, float]], base: str = "") -> Best:
    """Return which arm has the lowest (or, with `better` "higher", the highest) mean; values are by seed.

    Each two arms are compared over the seeds that both have; means are levelled with those of `base` (default: the
    first arm). An arm is out when some other is better by an interval that leaves out 0. Each arm's k - 1 comparisons
    are held together, so the arm that is truly best stays in with 95 % confidence.
    """
    sign = -1 if better == "higher" else 1
    values = {name: {seed: sign * value for seed, value in row.items()} for name, row in arms.items()}
    reference = values[base or next(iter(values))]
    means = {name: level(reference, row).mean for name, row in values.items()}
    ordered = {name: values[name] for name in sorted(values, key=lambda name: (means[name], name))}
    comparisons = max(1, len(values) - 1)
    if not _comparable(list(values.values())):
        return Best(metric, (), comparisons, NO_PAIRS if any(len(row) > 1 for row in values.values()) else ONE_SEED)
    staying = [name for name in ordered if not _beaten(ordered, name, comparisons)]
    return Best(metric, tuple(staying), comparisons, "" if staying else CYCLE)


def _comparable(rows: Sequence[Mapping[int, float]]) -> bool:
    """Whether any two arms have two seeds in common."""
    several = [row for row in rows if len(row) > 1]
    return any(len(row.keys() & other.keys()) > 1 for i, row in enumerate(several) for other in several[:i])


def _beaten(values: Mapping[str, Mapping[int, float]], name: str, comparisons: int) -> bool:
    ours = values[name]
    for other, row in values.items():
        shared = [seed for seed in row if seed in ours] if other != name else []
        if len(shared) > 1:
            better, worse = [row[seed] for seed in shared], [ours[seed] for seed in shared]
            low = paired_difference(better, worse, comparisons).low
            if low is not None and low > 0:
                return True
    return False
