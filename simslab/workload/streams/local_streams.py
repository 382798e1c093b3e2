"""Streams of the patterns in which each thread works on objects of its own."""

from __future__ import annotations

import numpy as np

from simslab.base.errors import BadValue
from simslab.workload.description.patterns import AllocFree, AllocObjects, Bulk, FreeObjects, Order, Shrink, WorkStep
from simslab.workload.streams import operations as ops
from simslab.workload.streams.making import Group, Kept, Making
from simslab.workload.streams.program import Words, joined


def alloc_free(making: Making, group: Group, step: AllocFree, number: int) -> list[Words]:
    """Streams of an `alloc_free` step, one per thread."""
    count = making.scaled(step.operations, group.size)
    return [_alloc_free(making, step, count, making.random(group.name, t, number)) for t in range(group.size)]


def _alloc_free(making: Making, step: AllocFree, count: int, random: np.random.Generator) -> Words:
    if step.order == "random":
        places = random.integers(0, step.live, size=count)
        allocates = _occurrence(places) % 2 == 0
    else:
        turn = np.arange(count) % (2 * step.live)
        allocates = turn < step.live
        freed = turn - step.live if step.order == "fifo" else 2 * step.live - 1 - turn
        places = np.where(allocates, turn, freed)
    kinds = np.full(count, making.own_free(step), dtype=np.int64)
    kinds[allocates] = making.alloc_kinds(step, int(allocates.sum()), random)
    first = making.program.slots.take(step.live)
    return making.program.words(kinds, places + first)


def _occurrence(values: Words) -> Words:
    """Return how often each element's value occurred before it."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    rank = np.arange(len(values)) - np.repeat(starts, np.diff(np.r_[starts, len(values)]))
    result = np.empty(len(values), dtype=np.int64)
    result[order] = rank
    return result


def plan_alloc(making: Making, group: Group, step: AllocObjects, number: int) -> None:
    """Give the objects of an `alloc` step their slots, before any stream is made: others may free them."""
    count = making.scaled(step.count, group.size)
    for thread in range(group.size):
        first = making.program.slots.take(count)
        slots = np.arange(first, first + count)
        making.planned[group.name, number, thread] = slots
        kept = Kept(number, slots, making.free_way(step))
        making.kept.setdefault((group.name, step.name, thread), []).append(kept)


def alloc(making: Making, group: Group, step: AllocObjects, number: int) -> list[Words]:
    """Streams of an `alloc` step."""
    streams = []
    for thread in range(group.size):
        slots = making.planned[group.name, number, thread]
        kinds = making.alloc_kinds(step, len(slots), making.random(group.name, thread, number))
        if step.bulk > 1:
            streams.append(_bulk_words(making, slots, step.bulk, int(kinds[0]), ops.BULK_ALLOC))
        else:
            streams.append(making.program.words(kinds, slots))
    return streams


def _bulk_words(making: Making, slots: Words, size: int, kind: int, opcode: int) -> Words:
    """Return calls of at most `size` neighbouring slots each."""
    base = list(making.program.kinds.numbers)[kind]
    words = []
    for at in range(0, len(slots), size):
        count = min(size, len(slots) - at)
        bulk = base._replace(opcode=opcode, objects=count)
        words.append(making.program.words(making.program.kinds.number(bulk), slots[at]))
    return joined(words)


def free(making: Making, group: Group, step: FreeObjects, number: int) -> list[Words]:
    """Streams of a `free` step."""
    return [_free(making, group, step, number, thread) for thread in range(group.size)]


def _free(making: Making, group: Group, step: FreeObjects, number: int, thread: int) -> Words:
    ready = _take_kept(making, group, step, number, thread)
    think = making.think_times.code(step.think)
    words = []
    for kept in ready:
        kind = making.free_kind(kept.way, step.touch, think)
        if step.bulk > 1 and step.order == "fifo" and kept.way[0] == ops.FREE:
            words.append(_bulk_words(making, kept.slots, step.bulk, kind, ops.BULK_FREE))
        else:
            words.append(making.program.words(kind, kept.slots))
    stream = joined(words)
    return _in_order(stream, step.order, making.random(group.name, thread, number))


def _take_kept(making: Making, group: Group, step: FreeObjects, number: int, thread: int) -> list[Kept]:
    """Take what this thread has to free: its own objects of earlier steps, or its share of another group's."""
    source = making.groups[step.of or group.name]
    threads = [thread] if source is group else range(thread, source.size, group.size)
    taken: list[Kept] = []
    for other in threads:
        kept = making.kept.get((source.name, step.name, other), [])
        ready = [k for k in kept if source is not group or k.step < number]
        making.kept[source.name, step.name, other] = [k for k in kept if k not in ready]
        taken += ready
    if not taken and thread == 0:
        told = f"no 'alloc' step of '{source.name}' keeps '{step.name}' for this step"
        raise BadValue(told, expected="an earlier 'alloc' step with that name", at=("name",))
    return taken


def _in_order(stream: Words, order: Order, random: np.random.Generator) -> Words:
    if order == "lifo":
        return stream[::-1].copy()
    return random.permutation(stream) if order == "random" else stream


def bulk(making: Making, group: Group, step: Bulk, number: int) -> list[Words]:
    """Streams of a `bulk` step."""
    streams = []
    repeat = making.scaled(step.repeat, group.size)
    for thread in range(group.size):
        slots = making.program.slots.take(step.size)
        kind = int(making.alloc_kinds(step, 1, making.random(group.name, thread, number))[0])
        one = np.arange(slots, slots + step.size)
        pair = joined(
            [
                _bulk_words(making, one, step.size, kind, ops.BULK_ALLOC),
                _bulk_words(making, one, step.size, making.own_free(step), ops.BULK_FREE),
            ]
        )
        streams.append(np.tile(pair, repeat))
    return streams


def work(making: Making, group: Group, step: WorkStep, _number: int) -> list[Words]:
    """Streams of a `work` step."""
    cycles = min(step.time.cycles(making.frequency_hz), ops.MAX_ARGUMENT)
    word = making.program.words(making.program.kinds.number(ops.Kind(ops.WORK)), cycles)
    repeat = making.scaled(step.repeat, group.size)
    return [np.tile(word, repeat) for _ in range(group.size)]


def shrink(making: Making, group: Group, step: Shrink, _number: int) -> list[Words]:
    """Streams of a `shrink` step: its first thread calls kmem_cache_shrink."""
    kind = making.program.kinds.number(ops.Kind(ops.SHRINK, making.program.cache(step.cache)))
    return [making.program.words(kind, 0) if t == 0 else joined([]) for t in range(group.size)]
