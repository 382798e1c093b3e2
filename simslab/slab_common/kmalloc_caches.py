"""The kmalloc caches of one kernel, and which of them serves a request (mm/slab_common.c: kmalloc_slab)."""

from __future__ import annotations

from typing import Final

from simslab.allocator.cache import Cache
from simslab.kernel.mm import gfp
from simslab.slab_common import kmalloc

SMALL_SIZE: Final = 192  # up to here the size class comes from a table
ABOVE_SMALL: Final = 8  # the size class of the first size beyond


class KmallocCaches:
    """`rows[type][index]` are the caches, None before boot has made them (the kernel's kmalloc_caches)."""

    def __init__(self, sizes: kmalloc.KmallocSizes) -> None:
        self.largest = 1 << sizes.shift_high
        self.rows: list[list[Cache | None]] = [[None] * (sizes.shift_high + 1) for _ in range(kmalloc.NR_KMALLOC_TYPES)]
        self.size_index: list[int] = [sizes.kmalloc_index(size) for size in range(SMALL_SIZE + 1)]

    def kmalloc_slab(self, size: int, flags: int) -> Cache | None:
        """The cache for `size` bytes; None for 0, beyond the largest, and before it exists."""
        if size <= SMALL_SIZE:
            index = self.size_index[size]
        elif size > self.largest:
            return None
        else:
            index = ABOVE_SMALL
            while size > 1 << index:
                index += 1
        kind = 0 if not flags & (gfp.DMA | gfp.RECLAIMABLE) else 2 if flags & gfp.DMA else 1
        row = self.rows[kind]
        return row[index]
