"""What the simulated CPUs execute: operation streams and the tables they refer to, built before the run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from simslab.base.errors import BadValue
from simslab.workload.streams import operations as ops

Words = npt.NDArray[np.int64]


class Stream(Protocol):
    """The operation words of a thread, or of one of its steps; it can be made any number of times, always the same."""

    @property
    def length(self) -> int:
        """How many words there are, about so many where only making them would tell: for progress alone."""

    def pieces(self) -> Iterator[Words]:
        """Yield all words in order, in pieces of one word or more; a piece is read once, then may go."""


class KindTable:
    """Numbers the distinct kinds of operations of a program, in order of first use."""

    def __init__(self) -> None:
        self.numbers: dict[ops.Kind, int] = {}

    def number(self, kind: ops.Kind) -> int:
        """Return the row of `kind`, a new one when it has not been used before."""
        number = self.numbers.setdefault(kind, len(self.numbers))
        if number > ops.KIND_MASK:
            raise BadValue(f"more than {ops.KIND_MASK + 1} kinds of operations", expected="fewer sizes")
        return number

    def rows(self) -> Words:
        """The table, a row of `ops.NR_FIELDS` per kind, flat."""
        return np.array(list(self.numbers) or [ops.Kind(0, 0, node=0)], dtype=np.int64).ravel()


MAX_SLOTS: Final = 1 << 28  # the tables of that many take 8 GiB


class SlotSpace:
    """Hands out ranges of slots; in those of `used_once` each slot is filled and emptied once, in about their order."""

    def __init__(self) -> None:
        self.size = 0
        self.used_once: list[range] = []

    def take(self, count: int, used_once: bool = False) -> int:
        """Return the first of `count` slots that nobody else has; BadValue if all so far are too many."""
        first = self.size
        self.size += count
        if self.size > MAX_SLOTS:
            raise BadValue(f"{self.size:,} objects at a time up to here", expected=f"at most {MAX_SLOTS:,}")
        if used_once:
            self.used_once.append(range(first, first + count))
        return first


@dataclass
class ThreadProgram:
    """What one thread does: operation words, and with `times` the cycle before which each must not begin (-1: none).

    A stream with `times` comes in one piece.
    """

    name: str
    cpu: int
    stream: Stream
    times: Words | None = None

    @property
    def words(self) -> Words:
        """All words at once."""
        return joined(self.stream.pieces())


@dataclass
class DeviceProgram:
    """A device's interrupts: packet i of interrupt k fills `len(kinds)` slots from its first slot on."""

    name: str
    cpu: int
    arrivals: Words  # cycles from the start, ascending
    burst: int
    kinds: Words  # rows of the table of kinds: packets x objects, flat
    objects: int  # objects per packet
    first_slot: int
    ring: int  # packets that may wait; more are dropped

    @property
    def packets(self) -> int:
        """Packets of all interrupts."""
        return len(self.arrivals) * self.burst


@dataclass
class Program:
    """A whole workload, ready to run on a machine with the CPUs it names."""

    kinds: KindTable = field(default_factory=KindTable)
    slots: SlotSpace = field(default_factory=SlotSpace)
    caches: dict[str, int] = field(default_factory=dict)  # name -> number used in the table of kinds
    threads: list[ThreadProgram] = field(default_factory=list)
    devices: list[DeviceProgram] = field(default_factory=list)
    parties: list[int] = field(default_factory=list)  # threads that meet at each barrier
    phases: list[str] = field(default_factory=list)
    begins_region: bool = False

    def cache(self, name: str) -> int:
        """Return the number of the cache called `name`."""
        return self.caches.setdefault(name, len(self.caches))

    def barrier(self, parties: int) -> int:
        """Return the number of a new barrier for `parties` threads."""
        self.parties.append(parties)
        return len(self.parties) - 1

    def phase(self, name: str) -> int:
        """Return the number of the phase called `name`."""
        if name not in self.phases:
            self.phases.append(name)
        return self.phases.index(name)

    def words(self, kinds: npt.ArrayLike, arguments: npt.ArrayLike) -> Words:
        """Return operation words of kind numbers and arguments, element by element."""
        low = np.asarray(kinds, dtype=np.int64)
        high = np.asarray(arguments, dtype=np.int64)
        result: Words = np.bitwise_or(low, np.left_shift(high, ops.KIND_BITS))
        return np.atleast_1d(result)


def joined(parts: Iterable[Words]) -> Words:
    """Return the parts one after the other."""
    listed = list(parts)
    return np.concatenate(listed) if listed else np.zeros(0, dtype=np.int64)


def unpack(word: Any) -> tuple[Any, Any]:
    """Return (kind number, argument) of a word or of an array of words."""
    return word & ops.KIND_MASK, word >> ops.KIND_BITS
