"""SLUB's kmalloc caches: 8 bytes to two pages; larger requests go to the page allocator (include/linux/slab.h)."""

from __future__ import annotations

from typing import Final

from simslab.slab_common.kmalloc import KmallocSizes

KMALLOC_SHIFT_LOW: Final = 3
KMALLOC_SHIFT_HIGH: Final = 13
KMALLOC_MAX_ORDER: Final = 10

SIZES: Final = KmallocSizes(KMALLOC_SHIFT_LOW, KMALLOC_SHIFT_HIGH)
