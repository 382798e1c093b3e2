"""Streams of the patterns in which threads free what others allocated.

No program made here can wait in a circle: a free waits for an allocation of a smaller step number only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simslab.workload.description.patterns import Bleed, Consume, Lifetimes, Produce
from simslab.workload.streams import operations as ops
from simslab.workload.streams.distributions import draw
from simslab.workload.streams.making import Group, Handover, Making
from simslab.workload.streams.program import Words, joined

Chosen = npt.NDArray[np.bool_]


def lifetimes(making: Making, group: Group, step: Lifetimes, number: int) -> list[Words]:
    """Streams of a `lifetimes` step; what outlives the step is freed at its end."""
    count = making.scaled(step.objects, group.size)
    births: list[tuple[Words, Words]] = []  # (step, word) of each thread's allocations
    deaths: list[list[tuple[Words, Words]]] = [[] for _ in range(group.size)]
    free = making.own_free(step)
    for thread in range(group.size):
        random = making.random(group.name, thread, number)
        first = making.program.slots.take(count)
        slots = np.arange(first, first + count)
        turn = np.arange(count)
        births.append((turn, making.program.words(making.alloc_kinds(step, count, random), slots)))
        ends = turn + draw(step.lifetime, random, count)
        killer = _killers(making, group, step, thread, count, random)
        words = making.program.words(np.full(count, free), slots)
        for other in range(group.size):
            chosen = killer == other
            deaths[other].append((ends[chosen], words[chosen]))
    return [_by_turn(births[thread], deaths[thread]) for thread in range(group.size)]


def _killers(
    making: Making, group: Group, step: Lifetimes, thread: int, count: int, random: np.random.Generator
) -> Words:
    """Return which thread frees each of this thread's objects."""
    remote = random.random(count) < step.remote
    choice = random.random(count)
    others = [other for other in range(group.size) if other != thread]
    if step.remote_to == "next":
        others = [(thread + 1) % group.size] if others else []
    elif step.remote_to == "other_node":
        node_of = making.places.node_of
        away = [o for o in others if node_of[group.cpus[o]] != node_of[group.cpus[thread]]]
        others = away or others
    if not others:
        return np.full(count, thread)
    chosen = np.array(others)[(choice * len(others)).astype(np.int64)]
    killers: Words = np.where(remote, chosen, thread)
    return killers


def _by_turn(births: tuple[Words, Words], deaths: list[tuple[Words, Words]]) -> Words:
    """Merge allocations and frees by turn; in one turn the allocation comes first."""
    turns: Words = np.concatenate([births[0] * 2, *(turn * 2 + 1 for turn, _ in deaths)])
    words = np.concatenate([births[1], *(word for _, word in deaths)])
    merged: Words = words[np.argsort(turns, kind="stable")]
    return merged


def plan_produce(making: Making, group: Group, step: Produce, _number: int) -> None:
    """Give the objects that each thread produces their slots: a ring for each thread that consumes them.

    A slot has one producer and one consumer, so the object that a consumer finds there is its own.
    """
    count = making.scaled(step.count, group.size)
    consumers = making.groups[making.consumers[group.name]].size
    for thread in range(group.size):
        sharing = max(1, len(range(thread, consumers, group.size)))
        first = making.program.slots.take(step.ring * sharing)
        turns = np.arange(count)
        slots = first + turns % sharing * step.ring + turns // sharing % step.ring
        handover = Handover(slots, np.zeros(count, dtype=np.int64), (making.free_way(step),))
        making.handovers.setdefault(group.name, []).append(handover)


def produce(making: Making, group: Group, step: Produce, number: int) -> list[Words]:
    """Streams of a `produce` step."""
    streams = []
    for thread in range(group.size):
        slots = making.handovers[group.name][thread].slots
        kinds = making.alloc_kinds(step, len(slots), making.random(group.name, thread, number))
        streams.append(making.program.words(kinds, slots))
    return streams


def consume(making: Making, group: Group, step: Consume, _number: int) -> list[Words]:
    """Streams of a `consume` step: rings are dealt out to threads, or a ring's objects to several threads."""
    handovers = making.handovers[step.of]
    think = making.think_times.code(step.think)
    streams = []
    for thread in range(group.size):
        shares = []
        for i, handover in enumerate(handovers):
            table = np.array([making.free_kind(way, step.touch, think) for way in handover.ways])
            words = making.program.words(table[handover.frees], handover.slots)
            turns = np.arange(len(words))
            chosen = _share(i, thread, len(handovers), group.size, turns)
            shares.append((turns[chosen], words[chosen]))
        turns = np.concatenate([turn for turn, _ in shares])
        streams.append(joined(word for _, word in shares)[np.argsort(turns, kind="stable")])
    return streams


def _share(ring: int, thread: int, rings: int, threads: int, turns: Words) -> Chosen:
    """Return which of a ring's objects a thread consumes."""
    if rings >= threads:
        return np.full(len(turns), ring % threads == thread)
    if thread % rings != ring:
        return np.zeros(len(turns), dtype=np.bool_)
    sharing = len(range(ring, threads, rings))
    share: Chosen = turns % sharing == thread // rings
    return share


def bleed(making: Making, group: Group, step: Bleed, number: int) -> list[Words]:
    """Streams of a `bleed` step; a barrier of the group ends each round."""
    count = making.scaled(step.replacements, group.size * step.rounds)
    first = making.program.slots.take(step.live * group.size)
    barriers = [making.program.barrier(group.size) for _ in range(step.rounds + 1)]
    ring = Ring(count, first, barriers)
    return [_bleed(making, group, step, number, thread, ring) for thread in range(group.size)]


@dataclass(frozen=True)
class Ring:
    """What the threads of a bleeding group share: replacements a turn, first slot, barriers."""

    count: int
    first: int
    barriers: list[int]


def _bleed(making: Making, group: Group, step: Bleed, number: int, thread: int, ring: Ring) -> Words:
    count, first, barriers = ring.count, ring.first, ring.barriers
    program, random = making.program, making.random(group.name, thread, number)
    meet, free = program.kinds.number(ops.Kind(ops.BARRIER)), making.own_free(step)
    own = np.arange(step.live)
    parts = [program.words(making.alloc_kinds(step, step.live, random), first + thread * step.live + own)]
    for turn in range(step.rounds):
        parts.append(program.words(meet, barriers[turn]))
        array = first + ((thread + turn) % group.size) * step.live
        slots = array + random.integers(0, step.live, size=count)
        words = np.empty(2 * count, dtype=np.int64)
        words[0::2] = program.words(np.full(count, free), slots)
        words[1::2] = program.words(making.alloc_kinds(step, count, random), slots)
        parts.append(words)
    parts.append(program.words(meet, barriers[step.rounds]))
    last = first + ((thread + step.rounds) % group.size) * step.live
    parts.append(program.words(np.full(step.live, free), last + own))
    return joined(parts)
