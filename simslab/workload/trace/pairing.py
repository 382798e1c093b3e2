"""Which free belongs to which allocation: objects of a recorded trace become slots.

A recorded pointer names an object only from its allocation to its free, so each allocation gets a slot of its own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np

from simslab.workload.trace.kmem_trace import CACHE_ALLOC, CACHE_FREE, KFREE, NO_NAME, Column, KmemTrace

FREE_OF_NULL: Final = "free of NULL"
FAILED_ALLOCATION: Final = "allocation that returned NULL"
BEFORE_RECORDING: Final = "free of an object allocated before the recording"
FREED_TWICE: Final = "free of an object already freed"
NO_SLOT: Final = -1


@dataclass(frozen=True)
class PairedTrace:
    """A trace's events that can be replayed; `event[i]` is the i-th one's index in the trace, `slot[i]` its object."""

    trace: KmemTrace
    event: Column  # int64
    slot: Column  # int64
    nr_slots: int
    skipped: dict[str, int]  # reason -> events not replayed
    never_freed: int  # objects still allocated when the recording ended
    reused: int  # pointers that were allocated again although no free was recorded; the old object stays allocated

    def caches(self) -> tuple[TraceCache | None, ...]:
        """Return the cache of each slot: None for kmalloc."""
        return _caches(self)


@dataclass(frozen=True)
class TraceCache:
    """A cache that a trace needs; `size` is what one object asks for and `stride` what it was given, in bytes."""

    name: str
    size: int
    stride: int

    @property
    def hwcache_align(self) -> bool:
        """Whether the stride can only come from alignment to cache lines."""
        return self.stride % 64 == 0 and self.stride > -(-self.size // 8) * 8


def pair(trace: KmemTrace) -> PairedTrace:
    """Give each allocation a slot and each free its object's, in file order."""
    slots = np.full(len(trace), NO_SLOT, dtype=np.int64)
    skipped: Counter[str] = Counter()
    live: dict[int, int] = {}
    gone: set[int] = set()
    reused = count = 0
    frees = (CACHE_FREE, KFREE)
    for i, (kind, ptr) in enumerate(zip(trace.kind.tolist(), trace.ptr.tolist(), strict=True)):
        if ptr == 0:
            skipped[FREE_OF_NULL if kind in frees else FAILED_ALLOCATION] += 1
        elif kind not in frees:
            reused += ptr in live
            live[ptr] = slots[i] = count
            count += 1
        elif ptr in live:
            slots[i] = live.pop(ptr)
            gone.add(ptr)
        else:
            skipped[FREED_TWICE if ptr in gone else BEFORE_RECORDING] += 1
    event = np.flatnonzero(slots != NO_SLOT)
    unfreed = len(live) + reused
    return PairedTrace(trace, event, slots[event], count, dict(sorted(skipped.items())), unfreed, reused)


def _caches(paired: PairedTrace) -> tuple[TraceCache | None, ...]:
    """Name each slot's cache by its allocation, else by its free, else (5.10's layout) by its stride."""
    trace = paired.trace
    kinds = trace.kind[paired.event].tolist()
    names = trace.name[paired.event].tolist()
    req, alloc = trace.bytes_req[paired.event].tolist(), trace.bytes_alloc[paired.event].tolist()
    slot_name = [NO_NAME] * paired.nr_slots
    slot_bytes: list[tuple[int, int] | None] = [None] * paired.nr_slots
    largest: dict[str, tuple[int, int]] = {}
    for i, slot in enumerate(paired.slot.tolist()):
        if names[i] != NO_NAME and slot_name[slot] == NO_NAME:
            slot_name[slot] = names[i]
        if kinds[i] == CACHE_ALLOC:
            slot_bytes[slot] = (req[i], alloc[i])
    labels: list[str] = []
    for slot, size in enumerate(slot_bytes):
        label = "" if size is None else trace.names[slot_name[slot]] if slot_name[slot] >= 0 else f"size-{size[1]}"
        labels.append(label)
        if size is not None and size > largest.get(label, (0, 0)):
            largest[label] = size
    made = {label: TraceCache(label, *size) for label, size in largest.items()}
    return tuple(made.get(label) for label in labels)
