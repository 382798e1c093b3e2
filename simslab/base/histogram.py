"""Exact histograms of non-negative integers (cycles): every value keeps its own count, none shares a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from simslab.base import buffers

FLAT: Final = 4096  # values below have a slot of their own; larger ones are rare and go to a dict


class Histogram:
    """Counts by value. `total` is the sum of the values, `count` their number, `max` the largest (0 if none)."""

    def __init__(self) -> None:
        self.owner: Any = buffers.int64_zeros(FLAT)
        self.flat = buffers.int64_pointer(self.owner)
        self.above: dict[int, int] = {}
        self.total = 0
        self.count = 0
        self.max = 0

    def add(self, value: int) -> int:
        """Count `value` once; ValueError if it is negative."""
        # Speed: one 64-bit slot per value instead of a dict look-up.
        if 0 <= value < FLAT:
            self.flat[value] += 1
        else:
            self.add_above(value)
        self.total += value
        self.count += 1
        if value > self.max:
            self.max = value
        return 0

    def add_above(self, value: int) -> int:
        """Count a value that has no slot of its own."""
        if value < 0:
            raise ValueError(f"{value} is negative")
        self.above[value] = self.above.get(value, 0) + 1
        return 0

    def items(self) -> list[tuple[int, int]]:
        """Return (value, count) of every value seen, ascending."""
        flat = [(value, count) for value, count in enumerate(self.owner) if count]
        return flat + sorted((value, count) for value, count in self.above.items() if count)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self.items())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Histogram):
            return False
        return self.items() == other.items()

    __hash__ = None  # type: ignore[assignment]  # it changes
