"""Think times that vary: each operation's is one of the equally likely values of its distribution.

Fixed think times let threads that share a lock or a ring fall into one of several rhythms, and a small change of the
machine may choose another; drawn ones do not. The table of kinds holds whole numbers of cycles, so a distribution
stands in it as `STEPS` kinds, one for the mean of each of its `STEPS` equal shares.
"""

from __future__ import annotations

from math import log
from typing import Final

import numpy as np

from simslab.workload.description.quantities import ThinkTime
from simslab.workload.streams import operations as ops
from simslab.workload.streams.program import KindTable, Words

STEPS: Final = 64


class ThinkTimes:
    """The think times of a program; one that varies is a negative number in kinds until it is drawn."""

    def __init__(self, kinds: KindTable, frequency_hz: int) -> None:
        self.kinds = kinds
        self.frequency_hz = frequency_hz
        self.varying: list[ThinkTime] = []

    def code(self, think: ThinkTime) -> int:
        """Return what stands in a kind for `think`: cycles, or a negative number to be drawn."""
        if think.fixed is not None:
            return think.fixed.cycles(self.frequency_hz)
        if think not in self.varying:
            self.varying.append(think)
        return -1 - self.varying.index(think)

    def varies(self, words: Words) -> bool:
        """Whether any operation's think time is to be drawn."""
        return bool(self.varying) and bool(self._marked(words))

    def _marked(self, words: Words) -> list[int]:
        rows = list(self.kinds.numbers)
        return [k for k in np.unique(words & ops.KIND_MASK).tolist() if rows[k][ops.THINK] < 0]

    def drawn(self, words: Words, random: np.random.Generator) -> Words:
        """Return the operations with every think time drawn."""
        kinds, result = words & ops.KIND_MASK, words.copy()
        rows = list(self.kinds.numbers)
        for number in self._marked(words):
            chosen = kinds == number
            steps = random.integers(STEPS, size=int(chosen.sum()))
            result[chosen] += self._variants(rows[number])[steps] - number
        return result

    def _variants(self, row: ops.Kind) -> Words:
        """Return the kinds that stand for a row whose think time varies, shortest first."""
        times = cycles_of(self.varying[-1 - row[ops.THINK]], self.frequency_hz)
        made = [self.kinds.number(row._replace(think=time)) for time in times]
        return np.array(made, dtype=np.int64)


def cycles_of(think: ThinkTime, frequency_hz: int) -> list[int]:
    """Return the mean of each of the `STEPS` equal shares of a distribution, in cycles, ascending."""
    if think.uniform is not None:
        low, high = (bound.cycles(frequency_hz) for bound in think.uniform)
        return [low + (2 * step + 1) * (high - low) // (2 * STEPS) for step in range(STEPS)]
    assert think.exponential is not None
    mean = think.exponential.cycles(frequency_hz)
    return [round(mean * share) for share in _exponential_shares()]


def _exponential_shares() -> list[float]:
    """Return the mean of each of the `STEPS` equal shares of the exponential distribution of mean 1."""

    def above(step: int) -> float:
        """The integral of x * exp(-x) from the value that `step` shares lie below."""
        left = 1 - step / STEPS
        return left * (1 - log(left)) if left else 0.0

    return [STEPS * (above(step) - above(step + 1)) for step in range(STEPS)]
