"""Which turn fills a place and which empties it, and the order of turns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simslab.base import buffers

Turns = npt.NDArray[np.int64]


class Places:
    """`count` places, all empty at first.

    Speed: a compiled loop; sorts of NumPy for it were a fifth of a run of local-churn (benchmarks/allocator.py).
    """

    def __init__(self, count: int) -> None:
        self.full_owner = buffers.int64_zeros(count)
        self.full = buffers.int64_pointer(self.full_owner)

    def take(self, places: memoryview, fills: memoryview, count: int) -> int:
        """Let each turn fill the place that it names, or empty it if it is full: `fills` becomes 1 or 0."""
        place = buffers.int64_pointer(places)
        filled = buffers.int64_pointer(fills)
        for i in range(count):
            self.full[place[i]] = 1 - self.full[place[i]]
            filled[i] = self.full[place[i]]
        return 0


class Merger:
    """Puts what happens in turns after one another into one line.

    Speed: a compiled loop; with masks of NumPy it took a fifth of what the streams of mixed-remote take
    (benchmarks/allocator.py: 8 CPUs).
    """

    def merge(self, births: memoryview, deaths: memoryview, ends: memoryview, start: int, merged: memoryview) -> int:
        """Fill `merged` with one birth a turn from turn `start` on and the deaths, whose turns `ends` ascend.

        In one turn the birth comes first; deaths of turns after the last birth come last. Neither may be empty.
        """
        born, died = buffers.int64_pointer(births), buffers.int64_pointer(deaths)
        end, line = buffers.int64_pointer(ends), buffers.int64_pointer(merged)
        turns, dead = len(births), len(deaths)
        place = death = 0
        for turn in range(turns):
            line[place] = born[turn]
            place += 1
            while death < dead and end[death] <= start + turn:
                line[place] = died[death]
                place += 1
                death += 1
        while death < dead:
            line[place] = died[death]
            place += 1
            death += 1
        return 0


def remainders(turns: Turns, divisor: int) -> Turns:
    """Return `turns % divisor`, of turns that are not negative.

    Speed: NumPy divides by one number with multiplications, but takes remainders with divisions
    (benchmarks/allocator.py).
    """
    found: Turns = turns - turns // divisor * divisor
    return found


def in_order(turns: Turns) -> npt.NDArray[np.intp]:
    """Return the indices that put turns in order; those of equal turns keep theirs.

    Speed: NumPy sorts 16-bit numbers in two passes and longer ones by comparison (benchmarks/allocator.py).
    """
    if not len(turns):
        return np.zeros(0, dtype=np.intp)
    least = turns.min()
    if turns.max() - least < 1 << 16:
        return np.argsort((turns - least).astype(np.uint16), kind="stable")
    return np.argsort(turns, kind="stable")
