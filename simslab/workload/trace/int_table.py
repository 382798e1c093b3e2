"""A table from 64-bit integers to whole numbers, for millions of keys without an object each.

Open addressing with linear probing; entries are never deleted, the table doubles when three quarters full.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from simslab.base import buffers

NONE: Final = -1  # what `get` returns of a key that is not there
HASH_MULTIPLIER: Final = 0x9E3779B1  # 2**32 divided by the golden ratio
HASH_MASK: Final = 0x7FFFFFFF  # keeps the product below 2**63, so that C and Python agree
HASH_SHIFT: Final = 20

Column = npt.NDArray[np.int64]


class IntTable:
    """Values (not negative) by key; `initial` slots, a power of two."""

    def __init__(self, initial: int = 1024) -> None:
        self.slots = initial
        self.used = 0
        self.keys_owner: Any = buffers.int64_zeros(initial)
        self.keys = buffers.int64_pointer(self.keys_owner)
        self.values_owner: Any = buffers.int64_zeros(initial)  # one more than the value; 0 of a free slot
        self.values = buffers.int64_pointer(self.values_owner)

    def slot(self, key: int) -> int:
        """Return the slot of `key`, or the free one where it belongs."""
        folded = (key ^ (key >> 31)) & HASH_MASK
        slot = ((folded * HASH_MULTIPLIER) >> HASH_SHIFT) & (self.slots - 1)
        while self.values[slot] != 0 and self.keys[slot] != key:
            slot = (slot + 1) & (self.slots - 1)
        return slot

    def get(self, key: int) -> int:
        """Return the value of `key`, NONE if there is none."""
        return self.values[self.slot(key)] - 1

    def put(self, key: int, value: int) -> int:
        """Set the value of `key`."""
        slot = self.slot(key)
        if self.values[slot] == 0:
            if self.used * 4 >= self.slots * 3:
                self.grow()
                slot = self.slot(key)
            self.used += 1
            self.keys[slot] = key
        self.values[slot] = value + 1
        return 0

    def number(self, key: int) -> int:
        """Return the number of `key`, the next one if it has none: keys are numbered in order of appearance."""
        slot = self.slot(key)
        if self.values[slot] == 0:
            self.put(key, self.used)
            return self.used - 1
        return self.values[slot] - 1

    def number_all(self, keys: memoryview, numbers: memoryview, count: int) -> int:
        """Write the numbers of the first `count` of `keys`."""
        key = buffers.int64_pointer(keys)
        number = buffers.int64_pointer(numbers)
        for i in range(count):
            number[i] = self.number(key[i])
        return 0

    def in_order(self) -> Column:
        """Return the keys by the order of their values."""
        values = np.asarray(self.values_owner)
        used = np.flatnonzero(values)
        keys: Column = np.asarray(self.keys_owner)[used[np.argsort(values[used])]]
        return keys

    def grow(self) -> int:
        """Double the table."""
        old_keys_owner, old_values_owner = self.keys_owner, self.values_owner
        old_keys = buffers.int64_pointer(old_keys_owner)
        old_values = buffers.int64_pointer(old_values_owner)
        old_slots = self.slots
        self.slots = old_slots * 2
        self.keys_owner = buffers.int64_zeros(self.slots)
        self.keys = buffers.int64_pointer(self.keys_owner)
        self.values_owner = buffers.int64_zeros(self.slots)
        self.values = buffers.int64_pointer(self.values_owner)
        for i in range(old_slots):
            if old_values[i] != 0:
                slot = self.slot(old_keys[i])
                self.keys[slot] = old_keys[i]
                self.values[slot] = old_values[i]
        return 0


def numbered(keys: Column) -> tuple[Column, Column]:
    """Return the distinct keys in order of appearance, and the number of each key among them."""
    table = IntTable()
    numbers = np.zeros(len(keys), dtype=np.int64)
    if len(keys):
        table.number_all(np.ascontiguousarray(keys).data, numbers.data, len(keys))
    return table.in_order(), numbers
