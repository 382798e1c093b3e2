"""An exact table from lines to rows of integers, for what is known of each: directories and snoop filters.

Rows come in blocks of the 64 lines of a 4 KiB page, since neighbouring lines are used together; a hash with open
addressing finds a page's block. Where the rows of all instances for a line fit two lines of the host's they lie side by
side, else every instance has blocks of its own. Nothing is ever deleted, the table doubles when half full, and an index
that `row` returned stays valid.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from simslab.base import buffers, hashing

PAGE_BITS: Final = 6
IN_PAGE: Final = 63
HASH_BITS: Final = 32
MOST_TOGETHER: Final = 16  # words, two lines of the host's


class LineTable:
    """For each of `instances`, rows of `width` words by line number; `pages`, a power of two: room at the start.

    Speed: what a transaction wants to know of a line is one look-up and a line or two of the host's on small machines,
    and the page found last is found again without the hash (benchmarks/allocator.py: 8 CPUs, 64 CPUs).
    """

    def __init__(self, instances: int, width: int, pages: int = 64) -> None:
        self.instances = instances
        self.width = width
        together = instances * width <= MOST_TOGETHER
        self.blocks = 1 if together else instances  # of a page, each by a key of its own
        self.stride = 1 << (instances * width - 1).bit_length() if together else width  # words from line to line
        self.beside = width if together else 0  # words from instance to instance, in a block
        self.own_key = 0 if together else 1
        self.latest_key = 0
        self.latest_block = 0
        self.pages = pages
        self.used = 0  # blocks
        self.slots = 2 * pages
        self.shift = HASH_BITS - (self.slots.bit_length() - 1)
        self.index_owner = buffers.int64_zeros(2 * self.slots)
        self.index = buffers.int64_pointer(self.index_owner)  # [slot] key, index of the block's first row
        self.owner = buffers.int64_zeros((pages * self.stride) << PAGE_BITS)
        self.rows = buffers.int64_pointer(self.owner)

    def row(self, instance: int, line: int) -> int:
        """Return what `row_of` does, for code that is not compiled."""
        return self.row_of(instance, line)

    def row_of(self, instance: int, line: int) -> int:
        """Index in `rows` of the first word of the row of `line`, all 0 if nothing was written to it yet."""
        key = (line >> PAGE_BITS) * self.blocks + instance * self.own_key + 1
        if key != self.latest_key:
            self.latest_block = self.block_of(key)
            self.latest_key = key
        return self.latest_block + (line & IN_PAGE) * self.stride + instance * self.beside

    def block_of(self, key: int) -> int:
        """Index of the first row of the block of a page's key, which is made if there is none."""
        slot = hashing.spread(key) >> self.shift
        while self.index[2 * slot] != key:
            if self.index[2 * slot] == 0:
                return self.add(key, slot)
            slot = (slot + 1) & (self.slots - 1)
        return self.index[2 * slot + 1]

    def add(self, key: int, slot: int) -> int:
        """Make the block of a page whose key belongs into the free `slot`; returns the index of its first row."""
        if self.used == self.pages:
            self.grow()
            slot = self.free_slot(key)
        block = (self.used * self.stride) << PAGE_BITS
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
        rows: memoryview = np.zeros((2 * self.pages * self.stride) << PAGE_BITS, dtype=np.int64).data
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
