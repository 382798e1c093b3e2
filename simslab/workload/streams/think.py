"""Think times that vary: each operation's is one of the equally likely values of its distribution.

Fixed think times let threads that share a lock or a ring fall into one of several rhythms, and a small change of the
machine may choose another; drawn ones do not. The table of kinds holds whole numbers of cycles, so a distribution
stands in it as `STEPS` kinds, one for the mean of each of its `STEPS` equal shares.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from math import log
from typing import Final

import numpy as np

from simslab.workload.description.quantities import ThinkTime
from simslab.workload.streams import operations as ops
from simslab.workload.streams.draws import Draws
from simslab.workload.streams.program import KindTable, Stream, Words

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

    def drawn(self, streams: list[Stream], randoms: list[np.random.Generator], piece: int) -> list[Stream]:
        """Return the streams with each think time that varies drawn, each stream's from the random stream beside it."""
        if not self.varying:
            return streams
        counts = self._counted(streams)
        return [
            self._thinking(stream, count, random, piece)
            for stream, count, random in zip(streams, counts, randoms, strict=True)
        ]

    def _counted(self, streams: list[Stream]) -> list[Counter[int]]:
        """Return how often each kind whose think time varies occurs in each stream.

        The streams are made in step, since those that share what they are made from make it only once then.
        """
        rows = list(self.kinds.numbers)
        counts: list[Counter[int]] = [Counter() for _ in streams]
        for pieces in zip_longest(*(stream.pieces() for stream in streams)):
            for count, words in zip(counts, pieces, strict=True):
                if words is not None:
                    times = np.bincount(words & ops.KIND_MASK)
                    count.update({k: int(times[k]) for k in np.flatnonzero(times).tolist() if rows[k][ops.THINK] < 0})
        return counts

    def _thinking(self, stream: Stream, counts: Counter[int], random: np.random.Generator, piece: int) -> Stream:
        rows = list(self.kinds.numbers)
        variants = {
            number: (self._variants(rows[number]), Draws(random, _steps, counts[number], piece))
            for number in sorted(counts)
        }
        return Thinking(stream, variants) if variants else stream

    def _variants(self, row: ops.Kind) -> Words:
        """Return the kinds that stand for a row whose think time varies, shortest first."""
        times = cycles_of(self.varying[-1 - row[ops.THINK]], self.frequency_hz)
        made = [self.kinds.number(row._replace(think=time)) for time in times]
        return np.array(made, dtype=np.int64)


def _steps(random: np.random.Generator, count: int) -> Words:
    return random.integers(STEPS, size=count)


class Thinking:
    """A stream with its think times drawn; `variants` by kind: what it can become, and which of them are drawn."""

    def __init__(self, stream: Stream, variants: dict[int, tuple[Words, Draws]]) -> None:
        self.stream = stream
        self.variants = variants

    @property
    def length(self) -> int:
        """How many words there are, about."""
        return self.stream.length

    def pieces(self) -> Iterator[Words]:
        """Yield the words."""
        readers = [(number, made, drawn.reader()) for number, (made, drawn) in self.variants.items()]
        for words in self.stream.pieces():
            kinds, result = words & ops.KIND_MASK, words.copy()
            for number, made, take in readers:
                chosen = kinds == number
                result[chosen] += made[take(int(chosen.sum()))] - number
            yield result


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
