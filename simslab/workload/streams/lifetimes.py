"""Streams of the `lifetimes` pattern: objects that die by a distribution, some of them on other threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from simslab.workload.description.patterns import Lifetimes
from simslab.workload.streams.distributions import draw
from simslab.workload.streams.draws import Draws, pass_over
from simslab.workload.streams.making import Group, Making
from simslab.workload.streams.pieces import portions
from simslab.workload.streams.program import Stream, Words
from simslab.workload.streams.turns import Merger, in_order

Fractions = npt.NDArray[np.float64]

NEVER: Final = 1 << 62  # a turn after all others


def lifetimes(making: Making, group: Group, step: Lifetimes, number: int) -> list[Stream]:
    """Streams of a `lifetimes` step; what outlives the step is freed at its end."""
    count = making.asked(step, group.size)
    randoms = [making.random(group.name, thread, number) for thread in range(group.size)]
    if step.remote == 0:  # no thread's objects wait for what another one does
        alone = [Source(making, step, count, 0, [], random) for random in randoms]
        return [LifetimesStream(Lives([source], making.piece), source) for source in alone]
    others = [_others(making, group, step, thread) for thread in range(group.size)]
    sources = [Source(making, step, count, t, others[t], randoms[t]) for t in range(group.size)]
    lives = Lives(sources, making.piece)
    return [LifetimesStream(lives, source) for source in sources]


def _others(making: Making, group: Group, step: Lifetimes, thread: int) -> list[int]:
    """Return the threads that may free a thread's remote objects."""
    others = [other for other in range(group.size) if other != thread]
    if step.remote_to == "next":
        return [(thread + 1) % group.size] if others else []
    if step.remote_to == "other_node":
        node_of = making.places.node_of
        away = [o for o in others if node_of[group.cpus[o]] != node_of[group.cpus[thread]]]
        return away or others
    return others


class Deaths(NamedTuple):
    """Frees; of one thread's objects in order of birth."""

    ends: Words  # turn of each
    words: Words
    killers: Words  # thread that frees

    def only(self, which: slice | npt.NDArray[np.bool_]) -> Deaths:
        """Return some of them."""
        return Deaths(self.ends[which], self.words[which], self.killers[which])


class Window(NamedTuple):
    """Objects that a thread allocates one after the other, with what becomes of them."""

    births: Words  # words of the allocations
    deaths: Deaths


class Round(NamedTuple):
    """The same turns of all threads: allocations, and the frees that are due in them."""

    start: int  # the first turn
    births: list[Words]  # of each thread
    ends: Words  # turns of the frees: killer by killer, of each by turn, in one turn by who has allocated
    words: Words  # the frees in the same order
    bounds: Words  # where each killer's begin, and where the last one's end


class Source:
    """What a thread of those that share objects allocates, and which of them frees each object."""

    def __init__(
        self, making: Making, step: Lifetimes, count: int, thread: int, others: list[int], random: np.random.Generator
    ) -> None:
        self.count = count
        self.thread = thread
        self.others = np.array(others, dtype=np.int64)
        self.share = step.remote if others else 0.0
        self.words = making.program.words
        self.free = making.own_free(step)
        self.first = making.program.slots.take(count, used_once=True)
        self.kinds = making.alloc_kinds(step, count, random)
        self.lifetimes = Draws(random, partial(draw, step.lifetime), count, making.piece)
        self.remote = Draws(random, _fractions, count, making.piece, pass_over)
        self.choice = Draws(random, _fractions, count, making.piece, pass_over)

    def windows(self, portion: int) -> Iterator[Window]:
        """Yield the objects, `portion` at once."""
        kinds, lifetimes = self.kinds.reader(), self.lifetimes.reader()
        remote, choice = self.remote.reader(), self.choice.reader()
        for start, count in portions(self.count, portion):
            turns = np.arange(start, start + count)
            slots = self.first + turns
            deaths = Deaths(
                turns + lifetimes(count),
                self.words(np.full(count, self.free), slots),
                self._killers(remote(count), choice(count)),
            )
            yield Window(self.words(kinds(count), slots), deaths)

    def _killers(self, remote: Fractions, choice: Fractions) -> Words:
        """Return which thread frees each object, from two fractions drawn for it."""
        if not len(self.others):
            return np.full(len(remote), self.thread)
        chosen = self.others[(choice * len(self.others)).astype(np.int64)]
        killers: Words = np.where(remote < self.share, chosen, self.thread)
        return killers


def _fractions(random: np.random.Generator, count: int) -> Fractions:
    return random.random(count)


class Lives:
    """The objects of a group, made once for all threads that free some, as the first of them needs.

    Speed: one order of all threads' frees costs each as much as its objects; an order for each pair of threads, as it
    was, grew with the square of the threads (benchmarks/large.py).
    """

    def __init__(self, sources: list[Source], piece: int) -> None:
        self.sources = sources
        threads = len(sources)
        # Short portions for many threads: the objects of one portion of all of them are in memory at once.
        self.portion = max(1, piece // 64, min(piece // 2, 4 * piece // threads))
        self.begun: dict[int, Iterator[Round]] = {}

    def rounds_of(self, thread: int) -> Iterator[Round]:
        """Return what yields the rounds, from the first on; `thread` must read all if others are to forget them."""
        if thread not in self.begun:
            self.begun = self._begin()
        return self.begun.pop(thread)

    def _begin(self) -> dict[int, Iterator[Round]]:
        rounds = self._rounds()
        waiting: list[deque[Round]] = [deque() for _ in self.sources]
        return {source.thread: _shared(rounds, own, waiting) for source, own in zip(self.sources, waiting, strict=True)}

    def _rounds(self) -> Iterator[Round]:
        none = np.zeros(0, dtype=np.int64)
        left = [Deaths(none, none, none) for _ in self.sources]
        start = 0
        for windows in zip(*(source.windows(self.portion) for source in self.sources), strict=True):
            births = [window.births for window in windows]
            end = start + len(births[0])
            parts = [part for old, new in zip(left, windows, strict=True) for part in (old, new.deaths)]
            deaths = Deaths(*(np.concatenate(column) for column in zip(*parts, strict=True)))
            due = deaths.ends < (end if end < self.sources[0].count else NEVER)
            yield Round(start, births, *_by_killer(deaths.only(due), start, len(self.sources)))
            left = _by_source(parts, deaths, ~due)
            start = end


def _by_source(parts: list[Deaths], deaths: Deaths, which: npt.NDArray[np.bool_]) -> list[Deaths]:
    """Divide some of `deaths` into those of each source; `parts`, two for each, is what they were joined from."""
    ends = np.cumsum([len(part.ends) for part in parts])[1::2]
    bounds = np.concatenate([[0], np.cumsum(which)])[np.concatenate([[0], ends])]
    some = deaths.only(which)
    return [some.only(slice(a, b)) for a, b in pairwise(bounds.tolist())]


def _by_killer(deaths: Deaths, start: int, threads: int) -> tuple[Words, Words, Words]:
    """Return turns and words of frees, killer by killer and by turn, and the bounds; `start`: no turn is before it."""
    span = int(deaths.ends.max(initial=start)) - start + 1
    order = in_order(deaths.killers * span + (deaths.ends - start))
    bounds = np.concatenate([[0], np.cumsum(np.bincount(deaths.killers, minlength=threads))])
    return deaths.ends[order], deaths.words[order], bounds


def _shared(rounds: Iterator[Round], own: deque[Round], waiting: list[deque[Round]]) -> Iterator[Round]:
    """Yield what one of several readers of `rounds` gets; what it takes waits for all others, too.

    itertools.tee would keep up to 57 rounds that all have read.
    """
    while True:
        if not own:
            found = next(rounds, None)
            if found is None:
                return
            for other in waiting:
                other.append(found)
        yield own.popleft()


class LifetimesStream:
    """The allocations of one thread, merged with the frees that fall to it."""

    def __init__(self, lives: Lives, source: Source) -> None:
        self.lives = lives
        self.thread = source.thread
        self.length = 2 * source.count

    def pieces(self) -> Iterator[Words]:
        """Yield the words by turn; in one turn the allocation comes first. The last piece frees what is left."""
        for found in self.lives.rounds_of(self.thread):
            mine = slice(*found.bounds[self.thread : self.thread + 2])
            yield _by_turn(found.births[self.thread], found.start, found.ends[mine], found.words[mine])


def _by_turn(births: Words, start: int, ends: Words, deaths: Words) -> Words:
    """Merge a round's allocations and frees, both in order; in one turn the allocation comes first."""
    if not len(births) or not len(deaths):
        return births if len(births) else deaths
    merged = np.empty(len(births) + len(deaths), dtype=np.int64)
    Merger().merge(births.data, deaths.data, ends.data, start, merged.data)
    return merged
