"""Streams made piece by piece while the run goes on, so that a long run needs no more memory than a short one.

How long the pieces are changes no word of a stream.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from simslab.workload.streams.program import Stream, Words, joined

PIECE: Final = 1 << 14  # words that are made at once, about; 128 KiB a thread


@dataclass(frozen=True)
class Whole:
    """A stream that is there at once."""

    words: Words

    @property
    def length(self) -> int:
        """How many words there are."""
        return len(self.words)

    def pieces(self) -> Iterator[Words]:
        """Yield all words at once, if there are any."""
        if len(self.words):
            yield self.words


@dataclass(frozen=True)
class Tiled:
    """The same words `repeat` times."""

    words: Words
    repeat: int
    piece: int = PIECE

    @property
    def length(self) -> int:
        """How many words there are."""
        return len(self.words) * self.repeat

    def pieces(self) -> Iterator[Words]:
        """Yield as many repetitions at once as a piece takes."""
        for _, times in portions(self.repeat, max(1, self.piece // max(1, len(self.words)))):
            yield np.tile(self.words, times)


@dataclass(frozen=True)
class Chain:
    """Streams one after the other."""

    parts: Sequence[Stream]

    @property
    def length(self) -> int:
        """How many words there are, about."""
        return sum(part.length for part in self.parts)

    def pieces(self) -> Iterator[Words]:
        """Yield the pieces of each."""
        for part in self.parts:
            yield from part.pieces()


def portions(count: int, size: int) -> Iterator[tuple[int, int]]:
    """Divide `count` into portions of `size` and a last one: yield where each begins and how much it is."""
    for start in range(0, count, size):
        yield start, min(size, count - start)


def gathered(pieces: Iterable[Words], least: int) -> Iterator[Words]:
    """Join short pieces to such of at least `least` words, the last excepted."""
    waiting: list[Words] = []
    length = 0
    for piece in pieces:
        waiting.append(piece)
        length += len(piece)
        if length >= least:
            yield joined(waiting)
            waiting, length = [], 0
    if waiting:
        yield joined(waiting)
