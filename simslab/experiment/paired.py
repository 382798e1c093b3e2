"""Paired differences: two arms run with the same seeds, so the seed's own effect cancels in each pair."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

CONFIDENCE: Final = 0.95


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


def paired_difference(base: Sequence[float], variant: Sequence[float]) -> PairedDifference:
    """Return the paired difference of two arms; `base[i]` and `variant[i]` come from one seed, at least one pair."""
    differences = tuple(after - before for before, after in zip(base, variant, strict=True))
    count = len(differences)
    mean = math.fsum(differences) / count
    low, high = (None, None) if count < 2 else _interval(differences, mean)
    return PairedDifference(
        base_mean=math.fsum(base) / count,
        variant_mean=math.fsum(variant) / count,
        differences=differences,
        mean=mean,
        low=low,
        high=high,
    )


def _interval(differences: Sequence[float], mean: float) -> tuple[float, float]:
    count = len(differences)
    variance = math.fsum((difference - mean) ** 2 for difference in differences) / (count - 1)
    half = t_quantile(0.5 + CONFIDENCE / 2, count - 1) * math.sqrt(variance / count)
    return mean - half, mean + half


def t_quantile(probability: float, degrees: int) -> float:
    """Return the quantile of Student's t distribution with `degrees` (>= 1) of freedom; 0 < `probability` < 1."""
    from scipy.special import stdtrit  # here, as nothing else needs it

    return float(stdtrit(degrees, probability))
