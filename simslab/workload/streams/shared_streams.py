"""Streams of the patterns in which threads free what others allocated.

No program made here can wait in a circle: a free waits for an allocation of a smaller step number only.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from simslab.workload.description.patterns import Bleed, Consume, Produce
from simslab.workload.streams import operations as ops
from simslab.workload.streams.draws import Draws, Kinds
from simslab.workload.streams.making import Group, Handover, Making
from simslab.workload.streams.pieces import gathered, portions
from simslab.workload.streams.program import Stream, Words, joined
from simslab.workload.streams.turns import in_order, remainders

Chosen = npt.NDArray[np.bool_]


def plan_produce(making: Making, group: Group, step: Produce, _number: int) -> None:
    """Give the objects that each thread produces their slots: a ring for each thread that consumes them.

    A slot has one producer and one consumer, so the object that a consumer finds there is its own.
    """
    count = making.asked(step, group.size)
    consumers = making.groups[making.consumers[group.name]].size
    for thread in range(group.size):
        sharing = max(1, len(range(thread, consumers, group.size)))
        first = making.program.slots.take(step.ring * sharing)
        handover = Handover(count, partial(_ring_slots, first, step.ring, sharing), (making.free_way(step),))
        making.handovers.setdefault(group.name, []).append(handover)


def _ring_slots(first: int, ring: int, sharing: int, turns: Words) -> Words:
    """Return the slots of objects by their turn: `sharing` rings are filled in turn, each from its beginning again."""
    return first + remainders(turns, sharing) * ring + remainders(turns // sharing, ring)


def produce(making: Making, group: Group, step: Produce, number: int) -> list[Stream]:
    """Streams of a `produce` step."""
    streams: list[Stream] = []
    for thread in range(group.size):
        handover = making.handovers[group.name][thread]
        kinds = making.alloc_kinds(step, handover.count, making.random(group.name, thread, number))
        streams.append(ProduceStream(making, handover, kinds))
    return streams


class ProduceStream:
    """The `length` allocations of one producer."""

    def __init__(self, making: Making, handover: Handover, kinds: Kinds) -> None:
        self.length = handover.count
        self.piece = making.piece
        self.words = making.program.words
        self.slots = handover.slots
        self.kinds = kinds

    def pieces(self) -> Iterator[Words]:
        """Yield the words."""
        take = self.kinds.reader()
        for start, count in portions(self.length, self.piece):
            yield self.words(take(count), self.slots(np.arange(start, start + count)))


def consume(making: Making, group: Group, step: Consume, _number: int) -> list[Stream]:
    """Streams of a `consume` step: rings are dealt out to threads, or a ring's objects to several threads."""
    handovers, think = making.handovers[step.of], making.think_times.code(step.think)
    frees = [np.array([making.free_kind(way, step.touch, think) for way in handover.ways]) for handover in handovers]
    return [ConsumeStream(making, handovers, frees, thread, group.size) for thread in range(group.size)]


class ConsumeStream:
    """The frees of one of `threads` consumers; `frees` are the kinds of each handover's ways."""

    def __init__(
        self, making: Making, handovers: list[Handover], frees: list[Words], thread: int, threads: int
    ) -> None:
        self.words = making.program.words
        self.handovers = handovers
        self.frees = frees
        self.thread = thread
        self.threads = threads
        self.turns = max(handover.count for handover in handovers)
        self.portion = max(1, making.piece // len(handovers))
        self.length = sum(handover.count for handover in handovers) // threads

    def pieces(self) -> Iterator[Words]:
        """Yield the words: turn by turn, and in a turn handover by handover."""
        for start, count in portions(self.turns, self.portion):
            turns, words = zip(*(self._of(i, start, count) for i in range(len(self.handovers))), strict=True)
            if any(map(len, words)):
                yield joined(words)[in_order(np.concatenate(turns))]

    def _of(self, ring: int, start: int, count: int) -> tuple[Words, Words]:
        """Return the turns from `start` on in which this thread consumes of a handover, and the words."""
        handover, table = self.handovers[ring], self.frees[ring]
        turns = np.arange(start, min(start + count, handover.count))
        wholes = turns // len(handover.ways)  # a device's packets: who takes one takes all its objects
        chosen = turns[_share(ring, self.thread, len(self.handovers), self.threads, wholes)]
        return chosen, self.words(table[remainders(chosen, len(table))], handover.slots(chosen))


def _share(ring: int, thread: int, rings: int, threads: int, turns: Words) -> Chosen:
    """Return which of a ring's objects, or packets, a thread consumes."""
    if rings >= threads:
        return np.full(len(turns), ring % threads == thread)
    if thread % rings != ring:
        return np.zeros(len(turns), dtype=np.bool_)
    sharing = len(range(ring, threads, rings))
    share: Chosen = remainders(turns, sharing) == thread // rings
    return share


def bleed(making: Making, group: Group, step: Bleed, number: int) -> list[Stream]:
    """Streams of a `bleed` step; a barrier of the group ends each round."""
    count = making.asked(step, group.size)
    first = making.program.slots.take(step.live * group.size)
    barriers = [making.program.barrier(group.size) for _ in range(step.rounds + 1)]
    ring = Ring(count, first, barriers, group.size)
    return [BleedStream(making, step, thread, ring, making.random(group.name, thread, number))
            for thread in range(group.size)]  # fmt: skip


@dataclass(frozen=True)
class Ring:
    """What the threads of a bleeding group share: replacements a turn, first slot, barriers, how many they are."""

    count: int
    first: int
    barriers: list[int]
    threads: int


class BleedStream:
    """What one thread of a bleeding group does: its rounds, each on the objects of the next thread."""

    def __init__(self, making: Making, step: Bleed, thread: int, ring: Ring, random: np.random.Generator) -> None:
        self.making = making
        self.step = step
        self.thread = thread
        self.ring = ring
        self.meet = making.program.kinds.number(ops.Kind(ops.BARRIER))
        self.free = making.own_free(step)
        self.length = 2 * step.live + step.rounds * (2 * ring.count + 1) + 1
        self.start = random
        for _ in self._parts():  # so that the table of kinds is whole before the run
            if step.kmalloc is None:
                break

    def pieces(self) -> Iterator[Words]:
        """Yield the words."""
        return gathered(self._parts(), self.making.piece)

    def _parts(self) -> Iterator[Words]:
        making, step, ring = self.making, self.step, self.ring
        words, random = making.program.words, copy.deepcopy(self.start)
        own = np.arange(step.live)
        kinds = making.alloc_kinds(step, step.live, random).reader()
        yield words(kinds(step.live), ring.first + self.thread * step.live + own)
        for turn in range(step.rounds):
            yield words(self.meet, ring.barriers[turn])
            yield from self._round(self._array(turn), random)
        yield words(self.meet, ring.barriers[step.rounds])
        yield words(np.full(step.live, self.free), self._array(step.rounds) + own)

    def _array(self, turn: int) -> int:
        """Return the first slot of the objects that this thread has in a round."""
        return self.ring.first + ((self.thread + turn) % self.ring.threads) * self.step.live

    def _round(self, array: int, random: np.random.Generator) -> Iterator[Words]:
        """Yield the replacements of a round: a free and an allocation each."""
        making, live = self.making, self.step.live
        places = Draws(random, lambda g, count: g.integers(0, live, size=count), self.ring.count, making.piece)
        kinds = making.alloc_kinds(self.step, self.ring.count, random).reader()
        place = places.reader()
        for _, count in portions(self.ring.count, making.piece):
            slots = array + place(count)
            words = np.empty(2 * count, dtype=np.int64)
            words[0::2] = making.program.words(np.full(count, self.free), slots)
            words[1::2] = making.program.words(kinds(count), slots)
            yield words
