"""Single operations on slots: what threads and devices' interrupt handlers do alike.

A slot holds an object's address and the time since which it has been there (or has been gone). CPUs' clocks differ by
up to a quantum, so whoever is earlier than that time must wait for it: nobody takes an object before it was put down.

Not modelled: the memory in which the workload itself keeps its pointers.
"""

from __future__ import annotations

from typing import Any

from simslab.allocator.allocator import Allocator
from simslab.allocator.cache import Cache
from simslab.base import buffers
from simslab.base.engine import Engine
from simslab.machine.core.cpu import Cpu
from simslab.slab_common import kmalloc
from simslab.workload.run.recorder import Recorder
from simslab.workload.streams import operations
from simslab.workload.streams.program import Words


class Executor:
    """The slots, the table of kinds and the allocator; `caches` are the program's, by their number in it."""

    def __init__(
        self,
        engine: Engine,
        allocator: Allocator,
        recorder: Recorder,
        kinds: Words,
        nr_slots: int,
        caches: list[Cache],
    ) -> None:
        self.engine = engine
        self.allocator = allocator
        self.recorder = recorder
        self.caches = caches
        self.kinds_owner = buffers.int64_of(kinds)
        self.kinds = buffers.int64_pointer(self.kinds_owner)
        self.nr_slots = nr_slots
        # A table of many slots can give memory back (used_slots.py).
        zeros = buffers.int64_zeros if nr_slots < operations.MANY_SLOTS else buffers.int64_sparse
        self.slots_owner = zeros(nr_slots * operations.SLOT_FIELDS)
        self.slots = buffers.int64_pointer(self.slots_owner)
        # Of each Cache by index: writing to an object ends with it.
        self.object_size_owner = buffers.int64_zeros(len(allocator.by_index))
        self.object_size = buffers.int64_pointer(self.object_size_owner)
        for index, known in enumerate(allocator.by_index):
            self.object_size[index] = 0 if known is None else known.object_size
        self.cpus: list[Any] = []
        self.faults: Any = None  # workload.faults.FaultInjector, when there are faults to be made
        self.skipped_frees = 0  # of objects whose allocation had failed

    def allocate(self, cpu: Cpu, kind: int, slot: int) -> int:
        """Allocate an object into an empty slot, and write to it; `kind` is the offset of the kind's row."""
        opcode = self.kinds[kind + operations.OPCODE]
        index = self.kinds[kind + operations.CACHE]
        node = self.kinds[kind + operations.NODE]
        if opcode == operations.ALLOC:
            cache: Cache = self.caches[index]
            index = cache.index
            start = self.recorder.begin(cpu)
            if node < 0:
                objp = self.allocator.kmem_cache_alloc(cpu, cache, self.kinds[kind + operations.GFP])
            else:
                objp = self.allocator.kmem_cache_alloc_node(cpu, cache, self.kinds[kind + operations.GFP], node)
        else:
            start = self.recorder.begin(cpu)
            if node < 0:
                objp = self.allocator.kmalloc(
                    cpu, self.kinds[kind + operations.SIZE], self.kinds[kind + operations.GFP]
                )
            else:
                objp = self.allocator.kmalloc_node(
                    cpu, self.kinds[kind + operations.SIZE], self.kinds[kind + operations.GFP], node
                )
        self.recorder.end(cpu, start, operations.RECORD_ALLOC, index)
        if self.recorder.witness is not None:
            self.recorder.witness.allocated(cpu, kind, index, objp)
        return self.put(cpu, slot, objp, index, self.kinds[kind + operations.TOUCH_BYTES])

    def put(self, cpu: Cpu, slot: int, objp: int, cache: int, touch: int) -> int:
        """Leave a new object in a slot after writing to it; a failed allocation leaves a mark.

        ZERO_SIZE_PTR is kept, so that it is freed, but is no object: it has no memory.
        """
        row = slot * operations.SLOT_FIELDS
        if objp > kmalloc.ZERO_SIZE_PTR:
            self.recorder.object_allocated(cpu, objp)
            if touch:
                self.write_to(cpu, objp, cache, touch)
            self.slots[row + operations.SLOT_ADDRESS] = objp
        elif objp:
            self.slots[row + operations.SLOT_ADDRESS] = objp
        else:
            self.recorder.failed += 1
            self.slots[row + operations.SLOT_ADDRESS] = operations.FAILED
        self.slots[row + operations.SLOT_CACHE] = cache
        return self.changed(cpu, slot)

    def take(self, cpu: Cpu, slot: int, touch: int) -> int:
        """Take the object out of a slot, writing to it; returns 0 when its allocation had failed."""
        row = slot * operations.SLOT_FIELDS
        objp = self.slots[row + operations.SLOT_ADDRESS]
        self.slots[row + operations.SLOT_ADDRESS] = operations.EMPTY
        self.changed(cpu, slot)
        if objp == operations.FAILED:
            self.skipped_frees += 1
            return 0
        if objp <= kmalloc.ZERO_SIZE_PTR:
            return objp
        if touch:
            self.write_to(cpu, objp, self.slots[row + operations.SLOT_CACHE], touch)
        self.recorder.object_freed(cpu, objp)
        return objp

    def write_to(self, cpu: Cpu, objp: int, cache: int, touch: int) -> int:
        """Write the first `touch` bytes of an object, or all of it; without a cache it is whole pages (SLUB).

        Not modelled: the instructions of it: lines that the L1 has for writing cost nothing, however many.
        """
        size = self.object_size[cache] if cache else self.bytes_of_pages(cpu, objp)
        cpu.write_span(objp, min(touch, size))
        return 0

    def bytes_of_pages(self, cpu: Cpu, objp: int) -> int:
        """Return the size of what kmalloc took from the page allocator."""
        return self.allocator.ksize(cpu, objp)

    def release(self, cpu: Cpu, kind: int, slot: int) -> int:
        """Free the object in a full slot."""
        objp = self.take(cpu, slot, self.kinds[kind + operations.TOUCH_BYTES])
        if objp == 0:
            return 0
        if self.faults is not None and objp > kmalloc.ZERO_SIZE_PTR:
            return self.release_faulty(cpu, kind, slot, objp)
        return self.free_object(cpu, kind, slot, objp)

    def release_faulty(self, cpu: Cpu, kind: int, slot: int, objp: int) -> int:
        """Free an object, with the faults due at this free."""
        by_kfree = self.kinds[kind + operations.OPCODE] != operations.FREE
        cache = (
            self.allocator.by_index[self.cache_in(slot)]
            if by_kfree
            else self.caches[self.kinds[kind + operations.CACHE]]
        )
        after: Any = self.faults.before_free(cpu, cache, objp)
        self.free_object(cpu, kind, slot, objp)
        self.faults.after_free(cpu, after, cache, objp, by_kfree)
        return 0

    def free_object(self, cpu: Cpu, kind: int, slot: int, objp: int) -> int:
        """Free an object taken out of a slot, and record it."""
        if self.recorder.witness is not None:
            self.recorder.witness.freeing(cpu, kind, self.cache_in(slot), objp)
        if self.kinds[kind + operations.OPCODE] == operations.FREE:
            cache: Cache = self.caches[self.kinds[kind + operations.CACHE]]
            start = self.recorder.begin(cpu)
            self.allocator.kmem_cache_free(cpu, cache, objp)
            return self.recorder.end(cpu, start, operations.RECORD_FREE, cache.index)
        start = self.recorder.begin(cpu)
        self.allocator.kfree(cpu, objp)
        return self.recorder.end(cpu, start, operations.RECORD_FREE, self.cache_in(slot))

    def allocate_bulk(self, cpu: Cpu, kind: int, slot: int) -> int:
        """Allocate COUNT objects with one call into empty slots from `slot` on."""
        cache: Cache = self.caches[self.kinds[kind + operations.CACHE]]
        count = self.kinds[kind + operations.COUNT]
        start = self.recorder.begin(cpu)
        objects = self.allocator.kmem_cache_alloc_bulk(cpu, cache, self.kinds[kind + operations.GFP], count)
        self.recorder.end(cpu, start, operations.RECORD_BULK_ALLOC, cache.index)
        for i in range(count):
            objp = objects[i] if objects else 0
            self.put(cpu, slot + i, objp, cache.index, self.kinds[kind + operations.TOUCH_BYTES])
        return 0

    def release_bulk(self, cpu: Cpu, kind: int, slot: int) -> int:
        """Free the objects of COUNT slots from `slot` on with one call."""
        cache: Cache = self.caches[self.kinds[kind + operations.CACHE]]
        objects = []
        for i in range(self.kinds[kind + operations.COUNT]):
            objp = self.take(cpu, slot + i, self.kinds[kind + operations.TOUCH_BYTES])
            if objp:
                objects.append(objp)
        if not objects:
            return 0
        faulty: list[tuple[int, Any]] = []
        if self.faults is not None:
            faulty = [(objp, self.faults.before_free(cpu, cache, objp)) for objp in objects]
        start = self.recorder.begin(cpu)
        self.allocator.kmem_cache_free_bulk(cpu, cache, objects)
        self.recorder.end(cpu, start, operations.RECORD_BULK_FREE, cache.index)
        for objp, after in faulty:
            self.faults.after_free(cpu, after, cache, objp, False)
        return 0

    def drop(self, cpu: Cpu, slot: int) -> int:
        """Mark a slot as if its allocation had failed: nothing will be put there."""
        self.slots[slot * operations.SLOT_FIELDS + operations.SLOT_ADDRESS] = operations.FAILED
        return self.changed(cpu, slot)

    def address_in(self, slot: int) -> int:
        """What the slot holds."""
        return self.slots[slot * operations.SLOT_FIELDS + operations.SLOT_ADDRESS]

    def cache_in(self, slot: int) -> int:
        """Index of the Cache of the object that the slot holds, or held last."""
        return self.slots[slot * operations.SLOT_FIELDS + operations.SLOT_CACHE]

    def changed_at(self, slot: int) -> int:
        """The cycle since which the slot has held that."""
        return self.slots[slot * operations.SLOT_FIELDS + operations.SLOT_SINCE]

    def wake_for(self, slot: int, cpu: Cpu) -> int:
        """Wake a CPU, which is about to park, at the slot's next change."""
        self.slots[slot * operations.SLOT_FIELDS + operations.SLOT_WAITER] = cpu.id + 1
        return 0

    def changed(self, cpu: Cpu, slot: int) -> int:
        """Stamp a slot with this CPU's time and wake whoever waits for it."""
        row = slot * operations.SLOT_FIELDS
        self.slots[row + operations.SLOT_SINCE] = cpu.now
        if self.slots[row + operations.SLOT_WAITER]:
            self.engine.wake(self.cpus[self.slots[row + operations.SLOT_WAITER] - 1], cpu.now)
            self.slots[row + operations.SLOT_WAITER] = 0
        return 0

    def live(self) -> int:
        """How many slots hold an object."""
        count = 0
        for slot in range(self.nr_slots):
            if self.slots[slot * operations.SLOT_FIELDS + operations.SLOT_ADDRESS] > kmalloc.ZERO_SIZE_PTR:
                count += 1
        return count
