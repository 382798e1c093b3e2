"""Paired differences: two arms run with the same seeds, so the seed's own effect cancels in each pair."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

CONFIDENCE: Final = 0.95
_TINY: Final = 1e-300  # keeps Lentz's continued fraction away from division by zero
_PRECISION: Final = 1e-15


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
    if probability < 0.5:
        return -t_quantile(1 - probability, degrees)
    low, high = 0.0, 1.0
    while t_distribution(high, degrees) < probability:
        low, high = high, high * 2
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if t_distribution(middle, degrees) < probability else (low, middle)
    return high


def t_distribution(value: float, degrees: int) -> float:
    """Return the probability that Student's t with `degrees` of freedom is at most `value`."""
    square = value * value
    # The half beyond |value| is the incomplete beta at degrees/(degrees + t^2); near t = 0 its complement is the
    # accurate one, which `incomplete_beta` picks itself.
    tail = incomplete_beta(degrees / 2, 0.5, degrees / (degrees + square)) / 2
    return 1 - tail if value > 0 else tail


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b); a, b > 0 and 0 <= x <= 1."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x),
    )
    if x < (a + 1) / (a + b + 2):
        return front * _beta_fraction(a, b, x) / a
    return 1 - front * _beta_fraction(b, a, 1 - x) / b


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Return the continued fraction of I_x(a, b) (Abramowitz and Stegun 26.5.8) by Lentz's method."""
    c = 1.0
    d = 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    result = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _away_from_zero(1 + term * d)
            c = _away_from_zero(1 + term / c)
            result *= c * d
        if abs(c * d - 1) < _PRECISION:
            break
    return result


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
