"""Which free belongs to which allocation, event by event: the compiled part of `pairing`."""

from __future__ import annotations

from typing import Any, Final

from simslab.base import buffers
from simslab.workload.trace import trace_events
from simslab.workload.trace.int_table import IntTable

NO_SLOT: Final = -1


class ObjectTable:
    """The objects of a trace by pointer, fed up to `capacity` events at a time; every allocation has its own slot.

    The table holds twice the slot of the last object at a pointer, and one more while the object is allocated.
    """

    def __init__(self, capacity: int) -> None:
        self.objects = IntTable()
        self.nr_slots = 0
        self.failed_allocations = 0
        self.frees_of_null = 0
        self.frees_of_nothing = 0  # of what kmalloc(0) returned
        self.frees_before = 0  # frees of objects whose allocation was not seen
        self.freed_twice = 0
        self.reused = 0  # allocations at a pointer whose object was not seen freed
        self.live = 0
        self.frees_owner: Any = buffers.uint8_zeros(capacity)  # whether an event is a free
        self.frees = buffers.uint8_pointer(self.frees_owner)
        self.ptr_owner: Any = buffers.int64_zeros(capacity)
        self.ptr = buffers.int64_pointer(self.ptr_owner)
        self.slot_owner: Any = buffers.int64_zeros(capacity)  # of each event's object, NO_SLOT if it is skipped
        self.slot = buffers.int64_pointer(self.slot_owner)

    def pair(self, count: int) -> int:
        """Find the slots of the next `count` events."""
        for i in range(count):
            self.slot[i] = self.freed(self.ptr[i]) if self.frees[i] else self.allocated(self.ptr[i])
        return 0

    def allocated(self, ptr: int) -> int:
        """Return the slot of a new object."""
        if ptr == 0:
            self.failed_allocations += 1
            return NO_SLOT
        slot = self.nr_slots
        self.nr_slots += 1
        self.live += 1
        if ptr == trace_events.UNKNOWN_PTR:
            return slot
        before = self.objects.get(ptr)
        if before >= 0 and before & 1:
            self.reused += 1
        self.objects.put(ptr, 2 * slot + 1)
        return slot

    def freed(self, ptr: int) -> int:
        """Return the slot of the object that is freed."""
        if ptr == 0:
            self.frees_of_null += 1
            return NO_SLOT
        before = -1 if ptr == trace_events.UNKNOWN_PTR else self.objects.get(ptr)
        if before < 0:
            if ptr == trace_events.ZERO_SIZE_PTR:
                self.frees_of_nothing += 1
            else:
                self.frees_before += 1
            return NO_SLOT
        if not before & 1:
            self.freed_twice += 1
            return NO_SLOT
        self.objects.put(ptr, before - 1)
        self.live -= 1
        return before >> 1
