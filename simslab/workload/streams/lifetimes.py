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
    sources = [
        Source(making, step, count, t, _others(making, group, step, t), making.random(group.name, t, number))
        for t in range(group.size)
    ]
    lives = Lives(sources, making.piece)
    return [LifetimesStream(lives, thread) for thread in range(group.size)]


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
    """Objects that a thread allocates one after the other, with what becomes of them."""

    end: int  # turn after the last birth
    births: Words  # words of the allocations
    ends: Words  # turn of each object's death, killer by killer and of each in order of birth
    deaths: Words  # words of the frees, in the same order
    bounds: Words  # where each killer's begin in them, and where the last one's end


class Source:
    """What one of `threads` threads allocates, and which thread frees each object."""

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

    def killed_by(self, thread: int) -> bool:
        """Whether `thread` may free some of the objects."""
        return thread == self.thread or (self.share > 0 and thread in self.others)

    def windows(self, threads: int, portion: int) -> Iterator[Window]:
        """Yield the objects, `portion` at once."""
        kinds, lifetimes = self.kinds.reader(), self.lifetimes.reader()
        remote, choice = self.remote.reader(), self.choice.reader()
        for start, count in portions(self.count, portion):
            turns = np.arange(start, start + count)
            slots = self.first + turns
            killers = self._killers(remote(count), choice(count))
            order = in_order(killers)
            yield Window(
                start + count,
                self.words(kinds(count), slots),
                (turns + lifetimes(count))[order],
                self.words(np.full(count, self.free), slots)[order],
                np.searchsorted(killers[order], np.arange(threads + 1)),
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
    """The objects of a group. Each source's are made once for all threads that free some, as the last of them needs."""

    def __init__(self, sources: list[Source], piece: int) -> None:
        self.sources = sources
        threads = len(sources)
        # Short portions for many threads: the objects of one portion of all of them are in memory at once.
        self.portion = max(1, piece // 64, min(piece // 2, 4 * piece // threads))
        self.begun: dict[int, list[Iterator[Window]]] = {}

    def windows_of(self, thread: int) -> list[Iterator[Window]]:
        """Return what yields the windows of each source of which `thread` frees objects, from the first on."""
        if thread not in self.begun:
            self.begun = self._begin()
        return self.begun.pop(thread)

    def _begin(self) -> dict[int, list[Iterator[Window]]]:
        threads = range(len(self.sources))
        begun: dict[int, list[Iterator[Window]]] = {thread: [] for thread in threads}
        for source in self.sources:
            killers = [thread for thread in threads if source.killed_by(thread)]
            windows = source.windows(len(self.sources), self.portion)
            waiting: list[deque[Window]] = [deque() for _ in killers]
            for thread, own in zip(killers, waiting, strict=True):
                begun[thread].append(_shared(windows, own, waiting))
        return begun


def _shared(windows: Iterator[Window], own: deque[Window], waiting: list[deque[Window]]) -> Iterator[Window]:
    """Yield what one of several readers of `windows` gets; what it takes waits for all others, too.

    itertools.tee would keep up to 57 windows that all have read.
    """
    while True:
        if not own:
            window = next(windows, None)
            if window is None:
                return
            for other in waiting:
                other.append(window)
        yield own.popleft()


class LifetimesStream:
    """The allocations of one thread, merged with the frees that fall to it."""

    def __init__(self, lives: Lives, thread: int) -> None:
        self.lives = lives
        self.thread = thread
        self.own = [source.thread for source in lives.sources if source.killed_by(thread)].index(thread)
        self.length = 2 * lives.sources[thread].count

    def pieces(self) -> Iterator[Words]:
        """Yield the words by turn; in one turn the allocation comes first. The last piece frees what is left."""
        none = np.zeros(0, dtype=np.int64)
        sources = self.lives.windows_of(self.thread)
        waiting = [(none, none)] * len(sources)
        count = self.lives.sources[self.thread].count
        for windows in zip(*sources, strict=True):
            own = windows[self.own]
            until = own.end if own.end < count else NEVER
            deaths = [self._deaths(window, left) for window, left in zip(windows, waiting, strict=True)]
            yield _by_turn(own, [(ends[ends < until], words[ends < until]) for ends, words in deaths])
            waiting = [(ends[ends >= until], words[ends >= until]) for ends, words in deaths]

    def _deaths(self, window: Window, left: tuple[Words, Words]) -> tuple[Words, Words]:
        """Return (turn, word) of the frees of one source that wait or come new."""
        mine = slice(window.bounds[self.thread], window.bounds[self.thread + 1])
        return np.concatenate([left[0], window.ends[mine]]), np.concatenate([left[1], window.deaths[mine]])


def _by_turn(own: Window, deaths: list[tuple[Words, Words]]) -> Words:
    """Merge allocations and frees by turn; in one turn the allocation comes first."""
    births = np.arange(own.end - len(own.births), own.end)
    turns: Words = np.concatenate([births * 2, *(ends * 2 + 1 for ends, _ in deaths)])
    words = np.concatenate([own.births, *(words for _, words in deaths)])
    merged: Words = words[in_order(turns)]
    return merged
