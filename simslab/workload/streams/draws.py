"""Numbers of a random stream that are drawn again, piece by piece, when they are needed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from simslab.workload.streams.pieces import PIECE, portions
from simslab.workload.streams.program import Words

Numbers = npt.NDArray[Any]

KEPT: Final = 1 << 11  # numbers that are kept at most, 16 KiB: a workload may have steps without end


class Draws:
    """`count` numbers that `draw` draws from `random`, to be taken in pieces, as often as wanted.

    `random` is left as it is after all of them: NumPy draws the same numbers however a request is divided. A few
    numbers are kept, at most `piece`; more are drawn anew by each reader, so that steps to come need no memory.
    `passing` leaves a generator as drawing so many numbers would, if that can be done without drawing them.
    """

    def __init__(
        self,
        random: np.random.Generator,
        draw: Callable[[np.random.Generator, int], Numbers],
        count: int,
        piece: int = PIECE,
        passing: Callable[[np.random.Generator, int], None] | None = None,
    ) -> None:
        self.draw = draw
        self.count = count
        self.piece = piece
        self.start = copy.deepcopy(random)
        self.kept = draw(random, count) if count <= min(piece, KEPT) else None
        if self.kept is not None:
            return
        if passing is not None:
            passing(random, count)
            return
        for _, some in portions(count, piece):
            draw(random, some)

    def values(self) -> Numbers:
        """Return the different numbers among them, ascending; at most some thousands if there are many draws."""
        if self.kept is not None:
            return np.unique(self.kept)
        take = self.reader()
        found: Numbers = np.zeros(0, dtype=np.int64)
        for _, some in portions(self.count, self.piece):
            found = np.union1d(found, take(some))
        return found

    def reader(self) -> Callable[[int], Numbers]:
        """Return what takes the next so many of them, from the first on."""
        if self.kept is not None:
            return _Slices(self.kept)
        random = copy.deepcopy(self.start)
        return lambda count: self.draw(random, count)


def pass_over(random: np.random.Generator, count: int) -> None:
    """Leave a generator of NumPy's default kind as it is after `count` fractions of `random()`, a step of it each.

    Speed: drawing them was a twentieth of a run of mixed-remote (benchmarks/allocator.py).
    """
    generator = random.bit_generator
    assert isinstance(generator, np.random.PCG64)
    kept = generator.state
    generator.advance(count)
    # `advance` forgets the half of a step that 32-bit numbers leave for the next of them; fractions do not touch it.
    generator.state = {**generator.state, "has_uint32": kept["has_uint32"], "uinteger": kept["uinteger"]}


class _Slices:
    """Takes the next so many elements of an array."""

    def __init__(self, array: Numbers) -> None:
        self.array = array
        self.taken = 0

    def __call__(self, count: int) -> Numbers:
        self.taken += count
        return self.array[self.taken - count : self.taken]


class Kinds:
    """Rows of the table of kinds for allocations, to be taken in pieces: always `one`, or by the size drawn."""

    def __init__(self, sizes: Draws | None = None, number: Callable[[int], int] = int, one: int = 0) -> None:
        self.sizes = sizes
        self.one = one
        self.values = sizes.values() if sizes is not None else np.zeros(0, dtype=np.int64)
        self.table: Words = np.array([number(size) for size in self.values.tolist()], dtype=np.int64)

    def reader(self) -> Callable[[int], Words]:
        """Return what takes the kinds of the next so many allocations, from the first on."""
        if self.sizes is None:
            return lambda count: np.full(count, self.one, dtype=np.int64)
        take = self.sizes.reader()
        return lambda count: self.table[np.searchsorted(self.values, take(count))]
