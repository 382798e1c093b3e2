"""Streams of the patterns in which each thread works on objects of its own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from simslab.base.errors import BadValue
from simslab.workload.description.patterns import AllocFree, AllocObjects, Bulk, FreeObjects, Order, Shrink, WorkStep
from simslab.workload.streams import operations as ops
from simslab.workload.streams.draws import Draws
from simslab.workload.streams.making import Group, Kept, Making
from simslab.workload.streams.pieces import Tiled, Whole, portions
from simslab.workload.streams.program import Stream, Words, joined
from simslab.workload.streams.turns import Places, remainders

Chosen = npt.NDArray[np.bool_]


def alloc_free(making: Making, group: Group, step: AllocFree, number: int) -> list[Stream]:
    """Streams of an `alloc_free` step, one per thread."""
    count = making.asked(step, group.size)
    return [AllocFreeStream(making, step, count, making.random(group.name, t, number)) for t in range(group.size)]


class AllocFreeStream:
    """The `length` allocations and frees of a thread, on `live` slots of its own."""

    def __init__(self, making: Making, step: AllocFree, count: int, random: np.random.Generator) -> None:
        self.order = step.order
        self.live = step.live
        self.length = count
        self.piece = making.piece
        self.words = making.program.words
        self.places = self._drawn_places(random) if step.order == "random" else None
        self.free = making.own_free(step)
        allocations = 0 if step.kmalloc is None else sum(int(allocates.sum()) for _, allocates in self._turns())
        self.kinds = making.alloc_kinds(step, allocations, random)
        self.first = making.program.slots.take(step.live)

    def pieces(self) -> Iterator[Words]:
        """Yield the words."""
        take = self.kinds.reader()
        for places, allocates in self._turns():
            if self.kinds.sizes is None:
                kinds = np.where(allocates, self.kinds.one, self.free)
            else:
                kinds = np.full(len(places), self.free, dtype=np.int64)
                kinds[allocates] = take(int(allocates.sum()))
            yield self.words(kinds, places + self.first)

    def _drawn_places(self, random: np.random.Generator) -> Draws:
        return Draws(random, lambda g, count: g.integers(0, self.live, size=count), self.length, self.piece)

    def _turns(self) -> Iterator[tuple[Words, Chosen]]:
        """Yield the place of each operation, and whether it allocates."""
        return self._in_turn() if self.places is None else self._at_random(self.places)

    def _in_turn(self) -> Iterator[tuple[Words, Chosen]]:
        for start, count in portions(self.length, self.piece):
            turn = remainders(np.arange(start, start + count), 2 * self.live)
            allocates = turn < self.live
            freed = turn - self.live if self.order == "fifo" else 2 * self.live - 1 - turn
            yield np.where(allocates, turn, freed), allocates

    def _at_random(self, drawn: Draws) -> Iterator[tuple[Words, Chosen]]:
        take, own = drawn.reader(), Places(self.live)
        for _, count in portions(self.length, self.piece):
            places = np.ascontiguousarray(take(count), dtype=np.int64)
            fills = np.empty(count, dtype=np.int64)
            own.take(places.data, fills.data, count)
            yield places, fills != 0


def plan_alloc(making: Making, group: Group, step: AllocObjects, number: int) -> None:
    """Give the objects of an `alloc` step their slots, before any stream is made: others may free them."""
    count = making.asked(step, group.size)
    for thread in range(group.size):
        first = making.program.slots.take(count)
        slots = np.arange(first, first + count)
        making.planned[group.name, number, thread] = slots
        kept = Kept(number, slots, making.free_way(step))
        making.kept.setdefault((group.name, step.name, thread), []).append(kept)


def alloc(making: Making, group: Group, step: AllocObjects, number: int) -> list[Stream]:
    """Streams of an `alloc` step. All its objects are live in the end, so these streams are made at once."""
    streams: list[Stream] = []
    for thread in range(group.size):
        slots = making.planned[group.name, number, thread]
        kinds = making.alloc_kinds(step, len(slots), making.random(group.name, thread, number)).reader()(len(slots))
        if step.bulk > 1:
            streams.append(Whole(_bulk_words(making, slots, step.bulk, int(kinds[0]), ops.BULK_ALLOC)))
        else:
            streams.append(Whole(making.program.words(kinds, slots)))
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


def free(making: Making, group: Group, step: FreeObjects, number: int) -> list[Stream]:
    """Streams of a `free` step."""
    return [Whole(_free(making, group, step, number, thread)) for thread in range(group.size)]


def _free(making: Making, group: Group, step: FreeObjects, number: int, thread: int) -> Words:
    ready = _take_kept(making, group, step, number, thread)
    think = making.think_times.code(step.think)
    words = []
    for kept in ready:
        kind = making.free_kind(kept.way, step.touch, think)
        if step.bulk > 1:
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


def bulk(making: Making, group: Group, step: Bulk, number: int) -> list[Stream]:
    """Streams of a `bulk` step."""
    streams: list[Stream] = []
    repeat = making.asked(step, group.size)
    for thread in range(group.size):
        slots = making.program.slots.take(step.size)
        kind = int(making.alloc_kinds(step, 1, making.random(group.name, thread, number)).reader()(1)[0])
        one = np.arange(slots, slots + step.size)
        pair = joined(
            [
                _bulk_words(making, one, step.size, kind, ops.BULK_ALLOC),
                _bulk_words(making, one, step.size, making.own_free(step), ops.BULK_FREE),
            ]
        )
        streams.append(Tiled(pair, repeat, making.piece))
    return streams


def work(making: Making, group: Group, step: WorkStep, _number: int) -> list[Stream]:
    """Streams of a `work` step."""
    cycles = min(step.time.cycles(making.frequency_hz), ops.MAX_ARGUMENT)
    word = making.program.words(making.program.kinds.number(ops.Kind(ops.WORK)), cycles)
    repeat = making.asked(step, group.size)
    return [Tiled(word, repeat, making.piece) for _ in range(group.size)]


def shrink(making: Making, group: Group, step: Shrink, _number: int) -> list[Stream]:
    """Streams of a `shrink` step: its first thread calls kmem_cache_shrink."""
    kind = making.program.kinds.number(ops.Kind(ops.SHRINK, making.program.cache(step.cache)))
    return [Whole(making.program.words(kind, 0) if t == 0 else joined([])) for t in range(group.size)]
