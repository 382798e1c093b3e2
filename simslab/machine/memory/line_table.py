"""Who may hold a line: an exact table from line number to a row of integers, for directories and snoop filters.

Open addressing with linear probing; rows are never deleted, the table doubles when half full. A row is
`ROW` words: line number, then fields given meaning by the coherence code. Line 0 is never used.

Indices returned by `row` are valid only until the next call of `row`, which may grow the table.
"""

from __future__ import annotations

from typing import Final

from simslab.base import buffers

ROW: Final = 4
HASH_MULTIPLIER: Final = 0x9E3779B1  # 2**32 divided by the golden ratio
HASH_LINE_MASK: Final = 0x7FFFFFFF  # keeps the product below 2**63, so that C and Python agree
WORD_MASK: Final = 0xFFFFFFFF


class LineTable:
    """Rows of `ROW` words keyed by line number; `initial` slots, a power of two."""

    def __init__(self, initial: int = 4096) -> None:
        self.slots = initial
        self.shift = 32 - (initial.bit_length() - 1)
        self.used = 0
        self.owner = buffers.int64_zeros(initial * ROW)
        self.rows = buffers.int64_pointer(self.owner)

    def slot(self, line: int) -> int:
        """First slot to probe for `line`: the high bits of a multiplicative hash modulo 2**32."""
        folded = (line ^ (line >> 17)) & HASH_LINE_MASK
        return ((folded * HASH_MULTIPLIER) & WORD_MASK) >> self.shift

    def row(self, line: int) -> int:
        """Index of the first word of the row of `line`, which is made (all fields 0) if it does not exist."""
        slot = self.slot(line)
        while True:
            index = slot * ROW
            if self.rows[index] == line:
                return index
            if self.rows[index] == 0:
                break
            slot = (slot + 1) & (self.slots - 1)
        if self.used * 2 >= self.slots:
            self.grow()
            return self.row(line)
        self.used += 1
        self.rows[index] = line
        return index

    def grow(self) -> int:
        """Double the table; every row index becomes invalid."""
        old_owner = self.owner
        old = buffers.int64_pointer(old_owner)
        old_slots = self.slots
        self.slots = old_slots * 2
        self.shift -= 1
        self.owner = buffers.int64_zeros(self.slots * ROW)
        self.rows = buffers.int64_pointer(self.owner)
        for i in range(old_slots):
            if old[i * ROW] != 0:
                slot = self.slot(old[i * ROW])
                while self.rows[slot * ROW] != 0:
                    slot = (slot + 1) & (self.slots - 1)
                for word in range(ROW):
                    self.rows[slot * ROW + word] = old[i * ROW + word]
        return 0
