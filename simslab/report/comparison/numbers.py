"""Numbers of comparisons, sweeps and tunings as text: means, differences with their signs, intervals, percent."""

from __future__ import annotations

from collections.abc import Callable

from simslab.report.tables import fixed

NOTHING = "-"  # where there is no figure


def number(value: float | None) -> str:
    """Return a figure with one decimal, or none from 1,000 up."""
    return NOTHING if value is None else fixed(value, 0 if abs(value) >= 1000 else 1)


def signed(value: float | None) -> str:
    """Return a difference with its sign, none where it is shown as 0."""
    if value is None:
        return NOTHING
    text = number(abs(value))
    return text if text == "0.0" else f"{'-' if value < 0 else '+'}{text}"


def interval(low: float | None, high: float | None, show: Callable[[float | None], str] = signed) -> str:
    """Return both ends of an interval."""
    return NOTHING if low is None or high is None else f"{show(low)} .. {show(high)}"


def in_percent(value: float | None, base: float | None) -> float | None:
    """Return `value` in percent of `base`; None where that is 0 or there is none."""
    return None if value is None or not base else 100 * value / base
