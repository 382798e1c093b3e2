"""Which free belongs to which allocation: objects of a recorded trace become slots.

A recorded pointer names an object only from its allocation to its free, so each allocation gets a slot of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from simslab.base.errors import UserError
from simslab.workload.trace import trace_events
from simslab.workload.trace.int_table import numbered
from simslab.workload.trace.kmem_trace import (
    CACHE_ALLOC,
    CACHE_FREE,
    KFREE,
    KMALLOC,
    NO_NAME,
    KmemTrace,
    read_kmem_trace,
)
from simslab.workload.trace.object_table import ObjectTable
from simslab.workload.trace.trace_shapes import MAX_OBJECT, Column

FREE_OF_NULL: Final = "free of NULL"
FREE_OF_ZERO_SIZE: Final = "free of ZERO_SIZE_PTR, which kmalloc(0) returns"
FAILED_ALLOCATION: Final = "allocation that returned NULL"
BEFORE_RECORDING: Final = "free of an object allocated before the recording"
FREED_TWICE: Final = "free of an object already freed"
BACKWARDS: Final = "earlier than the event before (in file order, not skipped)"
PUT_IN_ORDER: Final = "earlier than the line before, though no CPU's are (put in order of time, not skipped)"
TOO_LARGE: Final = "allocation of more than 4 MiB, which kmalloc of 5.10 does not serve"
NEVER_FREED: Final = "never freed (allocated, not skipped)"
REUSED: Final = "pointer allocated again without a recorded free (the object before stays, not skipped)"
NO_CACHE: Final = -1
NO_SLOT: Final = -1
MAX_CACHES: Final = 1 << 14

_BLOCK: Final = 1 << 16  # events paired at a time


@dataclass(frozen=True)
class TraceCache:
    """A cache that a trace needs; `size` is what one object asks for and `stride` what it was given, in bytes.

    `account`: objects were charged that did not ask for it, so it has SLAB_ACCOUNT.
    """

    name: str
    size: int
    stride: int
    account: bool = False

    @property
    def hwcache_align(self) -> bool:
        """Whether the stride can only come from alignment to cache lines."""
        return self.stride % 64 == 0 and self.stride > -(-self.size // 8) * 8


@dataclass(frozen=True)
class PairedTrace:
    """A trace's events that can be replayed; `event[i]` is the i-th one's index in the trace, `slot[i]` its object.

    They come in file order, or in order of time if `in_time`.
    """

    trace: KmemTrace
    event: Column  # int32
    slot: Column  # int32
    nr_slots: int
    skipped: dict[str, int]  # reason -> events not replayed
    never_freed: int  # objects still allocated when the recording ended, `reused` among them
    reused: int  # pointers that were allocated again although no free was recorded; the old object stays allocated
    caches: tuple[TraceCache, ...]
    slot_cache: Column  # int32: of each slot, index into `caches`, NO_CACHE for kmalloc
    in_time: bool = False

    def still_allocated(self, count: int | None = None) -> dict[str, int]:
        """Return how many objects of the first `count` events have no free among them, by whether these show that one
        is missing; {} for none."""
        live, reused = self._without_free(count)
        counts = {NEVER_FREED: live - reused, REUSED: reused}
        return {reason: number for reason, number in counts.items() if number}

    def _without_free(self, count: int | None) -> tuple[int, int]:
        """Return how many objects the first `count` events leave, and at how many of them another was allocated."""
        if count is None or count >= len(self.event):
            return self.never_freed, self.reused
        # Allocations come in the order of their slots, as the first event of each.
        first = np.unique(self.slot[:count], return_index=True)[1]
        left = np.bincount(self.slot[:count]) == 1
        ptr = self.trace.ptr[self.event[first]]
        newest = np.zeros(len(ptr), dtype=np.bool_)
        newest[len(ptr) - 1 - np.unique(ptr[::-1], return_index=True)[1]] = True
        reused = left & ~newest & (ptr != trace_events.UNKNOWN_PTR)
        return int(np.count_nonzero(left)), int(np.count_nonzero(reused))

    def objects(self, count: int | None = None) -> dict[str, int]:
        """Return how many objects of each cache the first `count` events allocate, kmalloc's not counted."""
        slots = int(self.slot[:count].max(initial=NO_SLOT)) + 1
        numbers = np.bincount(self.slot_cache[:slots] + 1, minlength=len(self.caches) + 1)[1:]
        return {cache.name: number for cache, number in zip(self.caches, numbers.tolist(), strict=True) if number}

    def out_of_order(self, count: int | None = None) -> dict[str, int]:
        """Return how many of the first `count` events are earlier than the one before, by that reason; {} for none.

        Where they were put in order of time, how many lines of the whole file are.
        """
        backwards = np.diff(self.trace.time, prepend=self.trace.time[:1]) < 0
        number = int(np.count_nonzero(backwards if self.in_time else backwards[self.event[:count]]))
        return {PUT_IN_ORDER if self.in_time else BACKWARDS: number} if number else {}


def read_paired(path: Path) -> PairedTrace:
    """Read and pair a trace; UserError also when nothing in it can be replayed."""
    paired = pair(read_kmem_trace(path))
    if not len(paired.event):
        why = ", ".join(f"{count} {what}" for what, count in (paired.trace.skipped | paired.skipped).items())
        told = f"nothing in the trace can be replayed: {why}"
        raise UserError(told, file=str(path), expected="allocations, and frees of what was allocated")
    return paired


def pair(trace: KmemTrace) -> PairedTrace:
    """Give each allocation a slot and each free its object's, in file order or in order of time."""
    table = ObjectTable(_BLOCK)
    kind, req, *_ = trace.shapes
    is_free = np.isin(kind, (CACHE_FREE, KFREE))
    is_too_large = (kind == KMALLOC) & (req > MAX_OBJECT)
    order = _order_of_time(trace)
    slots = np.empty(len(trace), dtype=np.int32)
    too_large = 0
    for begin in range(0, len(trace), _BLOCK):
        block = slice(begin, begin + _BLOCK) if order is None else order[begin : begin + _BLOCK]
        ptr, shape = trace.ptr[block], trace.shape[block]
        failing = is_too_large[shape] & (ptr != 0)
        too_large += int(np.count_nonzero(failing))
        np.asarray(table.ptr_owner)[: len(ptr)] = np.where(failing, 0, ptr)
        np.asarray(table.frees_owner)[: len(ptr)] = is_free[shape]
        table.pair(len(ptr))
        slots[begin : begin + _BLOCK] = np.asarray(table.slot_owner)[: len(ptr)]
    skipped = {
        TOO_LARGE: too_large,
        FAILED_ALLOCATION: table.failed_allocations - too_large,
        BEFORE_RECORDING: table.frees_before,
        FREED_TWICE: table.freed_twice,
        FREE_OF_NULL: table.frees_of_null,
        FREE_OF_ZERO_SIZE: table.frees_of_nothing,
    }
    event = np.flatnonzero(slots != NO_SLOT).astype(np.int32)
    slots = slots[event] if len(event) < len(slots) else slots
    event = event if order is None else order[event]
    caches, slot_cache = _caches(trace, event, slots, table.nr_slots)
    told = {reason: count for reason, count in sorted(skipped.items()) if count}
    return PairedTrace(
        trace, event, slots, table.nr_slots, told, table.live, table.reused, caches, slot_cache, order is not None
    )


def _order_of_time(trace: KmemTrace) -> Column | None:
    """Return the events by time where a file holds what CPUs recorded piece by piece; None where its order stands.

    A CPU's buffer is in order of time, so it is where per_cpu/cpu*/trace stand one after the other. Where one CPU's own
    events run backwards, times are something else (`perf script --deltatime`) or of several recordings, and tell
    nothing of the order.
    """
    if not np.any(np.diff(trace.time) < 0):
        return None
    by_cpu = np.argsort(trace.cpu, kind="stable")
    same_cpu = np.diff(trace.cpu[by_cpu]) == 0
    if np.any((np.diff(trace.time[by_cpu]) < 0) & same_cpu):
        return None
    return np.argsort(trace.time, kind="stable").astype(np.int32)


def _caches(trace: KmemTrace, event: Column, slot: Column, nr_slots: int) -> tuple[tuple[TraceCache, ...], Column]:
    """Return the caches in order of first use, and each slot's.

    An object's cache is named by its allocation, else by its free, else (5.10's layout) by its stride.
    """
    kind, _req, _alloc, _gfp, _node, name = trace.shapes
    shape = trace.shape[event]
    # Allocations come in the order of their slots.
    of_slot = shape[np.isin(kind, (CACHE_ALLOC, KMALLOC))[shape]]
    named = np.full(nr_slots, NO_NAME, dtype=np.int32)
    by_free = np.flatnonzero(((name != NO_NAME) & (kind == CACHE_FREE))[shape])
    named[slot[by_free]] = name[shape[by_free]]
    named = np.where(name[of_slot] != NO_NAME, name[of_slot], named)
    slots = np.flatnonzero((kind == CACHE_ALLOC)[of_slot])
    pairs, pair_of_slot = numbered(of_slot[slots].astype(np.int64) * (len(trace.names) + 1) + named[slots] + 1)
    caches, cache_of_pair = _caches_of(trace, pairs.tolist())
    slot_cache = np.full(nr_slots, NO_CACHE, dtype=np.int32)
    slot_cache[slots] = cache_of_pair[pair_of_slot]
    return caches, slot_cache


def _caches_of(trace: KmemTrace, pairs: list[int]) -> tuple[tuple[TraceCache, ...], Column]:
    """Return the caches, and the number of each pair's, of pairs of a shape and a name; the largest objects count."""
    _kind, req, alloc, *_ = trace.shapes.tolist()
    largest: dict[str, tuple[int, int]] = {}
    accounted: set[str] = set()
    labels = []
    for pair_of_both in pairs:
        shape, name = divmod(pair_of_both, len(trace.names) + 1)
        label = trace.names[name - 1] if name else f"size-{alloc[shape]}"
        largest[label] = max(largest.get(label, (0, 0)), (req[shape], alloc[shape]))
        labels.append(label)
        if shape in trace.accounted:
            accounted.add(label)
    if len(largest) > MAX_CACHES:
        raise UserError(f"{len(largest)} caches in a trace", file=trace.file, expected=f"at most {MAX_CACHES}")
    numbers = {label: number for number, label in enumerate(largest)}
    caches = tuple(TraceCache(label, *size, label in accounted) for label, size in largest.items())
    return caches, np.array([numbers[label] for label in labels], dtype=np.int32)
