"""Streams of the `lifetimes` pattern: objects that die by a distribution, some of them on other threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from simslab.workload.description.patterns import Lifetimes
from simslab.workload.streams.distributions import draw
from simslab.workload.streams.draws import Draws
from simslab.workload.streams.making import Group, Making
from simslab.workload.streams.pieces import portions
from simslab.workload.streams.program import Stream, Words
from simslab.workload.streams.turns import in_order

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


class Window(NamedTuple):
    """Objects that a thread allocates one after the other, with what becomes of them, in order of birth."""

    births: Words  # words of the allocations
    ends: Words  # turn of each object's death
    deaths: Words  # words of the frees
    killers: Words  # thread of each free


class Deaths(NamedTuple):
    """Frees, source by source, and of each source in order of birth."""

    sources: Words  # thread that has allocated
    ends: Words  # turn of the free
    words: Words

    def only(self, which: Words | slice | npt.NDArray[np.bool_]) -> Deaths:
        """Return some of them, by index, in the order asked for."""
        return Deaths(self.sources[which], self.ends[which], self.words[which])

    def and_new(self, new: Deaths) -> Deaths:
        """Return both, those that are not new first of each source."""
        both = Deaths(*(np.concatenate(pair) for pair in zip(self, new, strict=True)))
        return both.only(in_order(both.sources))


class Round(NamedTuple):
    """One window of each source at the same turns."""

    end: int  # turn after the last birth
    births: list[Words]  # of each source
    deaths: Deaths  # killer by killer
    bounds: Words  # where each killer's begin in them, and where the last one's end


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
        self.remote = Draws(random, _fractions, count, making.piece)
        self.choice = Draws(random, _fractions, count, making.piece)

    def windows(self, portion: int) -> Iterator[Window]:
        """Yield the objects, `portion` at once."""
        kinds, lifetimes = self.kinds.reader(), self.lifetimes.reader()
        remote, choice = self.remote.reader(), self.choice.reader()
        for start, count in portions(self.count, portion):
            turns = np.arange(start, start + count)
            slots = self.first + turns
            yield Window(
                self.words(kinds(count), slots),
                turns + lifetimes(count),
                self.words(np.full(count, self.free), slots),
                self._killers(remote(count), choice(count)),
            )

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

    Speed: one order of all sources' deaths, by killer, costs a thread as much as its objects; an order for each pair of
    threads, as it was, grew with the square of the threads (benchmarks/large.py).
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
        end = 0
        threads = np.arange(len(self.sources) + 1)
        for windows in zip(*(source.windows(self.portion) for source in self.sources), strict=True):
            births, ends, words, killers = zip(*windows, strict=True)
            end += len(births[0])
            killer = np.concatenate(killers)
            order = in_order(killer)
            deaths = Deaths(np.repeat(threads[:-1], len(births[0])), np.concatenate(ends), np.concatenate(words))
            yield Round(end, list(births), deaths.only(order), np.searchsorted(killer[order], threads))


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
        self.count = source.count
        self.length = 2 * source.count

    def pieces(self) -> Iterator[Words]:
        """Yield the words by turn; in one turn the allocation comes first. The last piece frees what is left."""
        none = np.zeros(0, dtype=np.int64)
        waiting = Deaths(none, none, none)
        for found in self.lives.rounds_of(self.thread):
            deaths = waiting.and_new(found.deaths.only(slice(*found.bounds[self.thread : self.thread + 2])))
            due = deaths.ends < (found.end if found.end < self.count else NEVER)
            yield _by_turn(found.births[self.thread], found.end, deaths.only(due))
            waiting = deaths.only(~due)


def _by_turn(births: Words, end: int, deaths: Deaths) -> Words:
    """Merge the allocations until turn `end` and frees by turn; in one turn the allocation comes first."""
    born = np.arange(end - len(births), end)
    turns: Words = np.concatenate([born * 2, deaths.ends * 2 + 1])
    merged: Words = np.concatenate([births, deaths.words])[in_order(turns)]
    return merged
