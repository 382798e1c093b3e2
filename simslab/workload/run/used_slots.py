"""Slots that will not be used again: their memory goes back to the host while the run goes on.

Patterns whose objects die in any order (`lifetimes`) and devices give every object a slot of its own, so the table of
slots grows with the run; what is in memory of it need not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

import numpy as np

from simslab.base import buffers
from simslab.workload.run.executor import Executor
from simslab.workload.streams import operations
from simslab.workload.streams.pieces import PIECE

BLOCK: Final = 1 << 13  # slots that are given back at once: 256 KiB
TRIED: Final = 64  # blocks looked at in one sweep, so that those that stay in use cost little
EVERY: Final = 4 * PIECE  # words of all threads from one sweep to the next


class UsedSlots:
    """Looks for blocks of slots that are used up, in the ranges `used_once`; `table` is the executor's.

    A block is used up when each of its slots has been filled (`since` is not 0) and is empty.
    """

    def __init__(self, used_once: Sequence[range], executor: Executor) -> None:
        rows = np.asarray(executor.slots_owner).reshape(-1, operations.SLOT_FIELDS)
        self.address = rows[:, operations.SLOT_ADDRESS]
        self.since = rows[:, operations.SLOT_SINCE]
        self.table = executor.slots_owner
        self.coming = [blocks for blocks in (*map(whole_blocks, used_once), *shared_blocks(used_once)) if blocks]
        self.begun: deque[int] = deque()  # first slots of blocks
        self.forgotten = 0  # slots given back
        self.words = 0  # executed since the last sweep

    def after(self, words: int) -> None:
        """Sweep now and then; called when a thread has executed so many words more."""
        self.words += words
        if self.words >= EVERY:
            self.words = 0
            self.sweep()

    def sweep(self) -> None:
        """Give back what is used up now."""
        self.coming = [blocks for blocks in map(self._begin, self.coming) if blocks]
        for _ in range(min(TRIED, len(self.begun))):
            first = self.begun.popleft()
            if self._used_up(slice(first, first + BLOCK)):
                self._forget(first)
            else:
                self.begun.append(first)

    def _begin(self, blocks: range) -> range:
        """Take the blocks whose first slot has been filled from those to come."""
        while blocks and self.since[blocks[0]]:
            self.begun.append(blocks[0])
            blocks = blocks[1:]
        return blocks

    def _used_up(self, block: slice) -> bool:
        # Speed: the last slot is filled last, and its object is rarely the first that is gone; a block is 256 KiB to
        # read (callgrind, benchmarks/slub.py: 1.2 of 5.7 lines an operation beyond a cache of 1 MiB).
        last = block.stop - 1
        if not self.since[last] or self.address[last] != operations.EMPTY:
            return False
        return bool(self.since[block].all() and not (self.address[block] != operations.EMPTY).any())

    def _forget(self, first: int) -> None:
        buffers.forget(self.table, first * operations.SLOT_FIELDS, BLOCK * operations.SLOT_FIELDS)
        self.forgotten += BLOCK


def shared_blocks(ranges: Sequence[range]) -> list[range]:
    """Return the blocks in which one range ends and the next begins or more follow: each by itself, as it is begun by
    whoever comes first to its first slot."""
    found: list[range] = []
    for joined in _joined(ranges):
        own = {first for slots in joined for first in whole_blocks(slots)}
        whole = whole_blocks(range(joined[0].start, joined[-1].stop))
        found += [range(first, first + BLOCK, BLOCK) for first in whole if first not in own]
    return found


def _joined(ranges: Sequence[range]) -> list[list[range]]:
    """Return ranges that follow one another without a gap together."""
    together: list[list[range]] = []
    for slots in ranges:
        if together and together[-1][-1].stop == slots.start:
            together[-1].append(slots)
        else:
            together.append([slots])
    return together


def whole_blocks(slots: range) -> range:
    """Return the first slots of the whole blocks in a range."""
    return range(-(-slots.start // BLOCK) * BLOCK, slots.stop - BLOCK + 1, BLOCK)
