"""An exact table from lines to rows of integers, for what is known of each: directories and snoop filters.

Rows come in blocks of the 64 lines of a 4 KiB page, since neighbouring lines are used together; a hash with open
addressing finds a page's block. Nothing is ever deleted, the table doubles when half full, and an index that `row`
returned stays valid: one look-up a table serves a whole transaction.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from simslab.base import buffers, hashing

PAGE_BITS: Final = 6
IN_PAGE: Final = 63
HASH_BITS: Final = 32


class LineTable:
    """For each of `instances`, rows of `width` words by line number; `pages`, a power of two: room at the start."""

    def __init__(self, instances: int, width: int, pages: int = 64) -> None:
        self.instances = instances
        self.width = width
        self.pages = pages
        self.used = 0  # pages
        self.slots = 2 * pages
        self.shift = HASH_BITS - (self.slots.bit_length() - 1)
        self.index_owner = buffers.int64_zeros(2 * self.slots)
        self.index = buffers.int64_pointer(self.index_owner)  # [slot] key, index of the block's first row
        self.owner = buffers.int64_zeros((pages * width) << PAGE_BITS)
        self.rows = buffers.int64_pointer(self.owner)

    def row(self, instance: int, line: int) -> int:
        """Return what `row_of` does, for code that is not compiled."""
        return self.row_of(instance, line)

    def row_of(self, instance: int, line: int) -> int:
        """Index in `rows` of the first word of the row of `line`, all 0 if nothing was written to it yet."""
        key = (line >> PAGE_BITS) * self.instances + instance + 1
        slot = hashing.spread(key) >> self.shift
        while self.index[2 * slot] != key:
            if self.index[2 * slot] == 0:
                return self.add(key, slot) + (line & IN_PAGE) * self.width
            slot = (slot + 1) & (self.slots - 1)
        return self.index[2 * slot + 1] + (line & IN_PAGE) * self.width

    def add(self, key: int, slot: int) -> int:
        """Make the block of a page whose key belongs into the free `slot`; returns the index of its first row."""
        if self.used == self.pages:
            self.grow()
            slot = self.free_slot(key)
        block = (self.used * self.width) << PAGE_BITS
        self.used += 1
        self.index[2 * slot] = key
        self.index[2 * slot + 1] = block
        return block

    def free_slot(self, key: int) -> int:
        """The slot that a key which the table does not have belongs into."""
        slot = hashing.spread(key) >> self.shift
        while self.index[2 * slot] != 0:
            slot = (slot + 1) & (self.slots - 1)
        return slot

    def grow(self) -> int:
        """Double the room; rows keep their indices. MemoryError leaves the table as it was.

        NumPy is called directly: in code of Python, an interrupt could be raised, which who looks a line up cannot
        pass on.
        """
        index: memoryview = np.zeros(4 * self.slots, dtype=np.int64).data
        rows: memoryview = np.zeros((2 * self.pages * self.width) << PAGE_BITS, dtype=np.int64).data
        rows[: len(self.owner)] = self.owner
        old_owner, old_slots = self.index_owner, self.slots
        old = buffers.int64_pointer(old_owner)
        self.owner = rows
        self.rows = buffers.int64_pointer(self.owner)
        self.index_owner = index
        self.index = buffers.int64_pointer(self.index_owner)
        self.pages *= 2
        self.slots *= 2
        self.shift -= 1
        for i in range(old_slots):
            if old[2 * i] != 0:
                slot = self.free_slot(old[2 * i])
                self.index[2 * slot] = old[2 * i]
                self.index[2 * slot + 1] = old[2 * i + 1]
        return 0
