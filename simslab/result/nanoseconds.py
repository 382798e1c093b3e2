"""Cycles to time: integer picoseconds first, so that rounding is stated once and is the same on every machine."""

from __future__ import annotations

from typing import Final

PICOSECONDS_PER_SECOND: Final = 10**12


def picoseconds(cycles: int, frequency_hz: int) -> int:
    """Return `cycles` (>= 0) in picoseconds, rounded half up."""
    return (2 * cycles * PICOSECONDS_PER_SECOND + frequency_hz) // (2 * frequency_hz)


def nanoseconds(cycles: int, frequency_hz: int) -> float:
    """Return `cycles` (>= 0) in nanoseconds with three decimals (whole picoseconds, rounded half up)."""
    return picoseconds(cycles, frequency_hz) / 1000


def mean_nanoseconds(total_cycles: int, count: int, frequency_hz: int) -> float:
    """Return the mean of `count` durations that sum to `total_cycles`, in ns with three decimals; 0 of nothing is 0."""
    return picoseconds(total_cycles, frequency_hz * count) / 1000 if count else 0.0


def ratio(numerator: int, denominator: int, decimals: int = 3) -> float:
    """Return `numerator / denominator` rounded half up to `decimals`; 0 when the denominator is 0."""
    if denominator == 0:
        return 0.0
    scale: int = 10**decimals
    return float((2 * numerator * scale + denominator) // (2 * denominator)) / scale
