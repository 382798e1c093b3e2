"""The kmalloc caches of SLUB: 8 bytes to two pages; larger requests go to the page allocator (mm/slab_common.c)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simslab.slab_common import flags as slab_flags
from simslab.slab_common.alignment import ARCH_KMALLOC_MINALIGN, calculate_alignment
from simslab.slab_common.kmalloc import (
    KMALLOC_DMA,
    KMALLOC_NORMAL,
    KMALLOC_RECLAIM,
    NR_KMALLOC_TYPES,
    PREFIXES,
    ZERO_SIZE_PTR,
    KmallocCache,
    kmalloc_type,
)

__all__ = [
    "KMALLOC_DMA",
    "KMALLOC_MAX_CACHE_SIZE",
    "NR_INDEXES",
    "NR_KMALLOC_TYPES",
    "ZERO_SIZE_PTR",
    "boot_alignment",
    "creation_order",
    "kmalloc_index",
    "kmalloc_type",
]

KMALLOC_SHIFT_LOW: Final = 3
KMALLOC_SHIFT_HIGH: Final = 13
KMALLOC_MAX_CACHE_SIZE: Final = 1 << KMALLOC_SHIFT_HIGH
KMALLOC_MAX_ORDER: Final = 10
NR_INDEXES: Final = KMALLOC_SHIFT_HIGH + 1


def kmalloc_size(index: int) -> int:
    """Return the bytes of size class `index`."""
    return 96 * index if index in (1, 2) else 1 << index


def kmalloc_index(size: int) -> int:
    """Return the size class for `size` bytes, 0 for none, -1 beyond the largest (mm/slab_common.c: kmalloc_slab)."""
    if size <= 0 or size > KMALLOC_MAX_CACHE_SIZE:
        return 0 if size == 0 else -1
    if 64 < size <= 96:
        return 1
    if 128 < size <= 192:
        return 2
    return max(KMALLOC_SHIFT_LOW, (size - 1).bit_length())


def boot_alignment(size: int, flags: int) -> int:
    """Return the alignment of a boot cache: powers of two are naturally aligned (create_boot_cache)."""
    align = max(ARCH_KMALLOC_MINALIGN, size) if size & (size - 1) == 0 else ARCH_KMALLOC_MINALIGN
    return calculate_alignment(flags, align, size)


def kmalloc_cache(type_: int, index: int) -> KmallocCache:
    """Return the description of one kmalloc cache."""
    size = kmalloc_size(index)
    shown = f"{size // 1024}k" if size >= 1024 else str(size)
    flags = (0, slab_flags.SLAB_RECLAIM_ACCOUNT, slab_flags.SLAB_CACHE_DMA)[type_]
    return KmallocCache(type_, index, PREFIXES[type_] + shown, size, flags, boot_alignment(size, flags))


def creation_order() -> Iterator[KmallocCache]:
    """Yield every kmalloc cache in the order of boot (mm/slab_common.c: create_kmalloc_caches).

    96 and 192 follow 64 and 128, but the DMA caches are made by ascending index.
    """
    for type_ in (KMALLOC_NORMAL, KMALLOC_RECLAIM):
        for index in range(KMALLOC_SHIFT_LOW, KMALLOC_SHIFT_HIGH + 1):
            yield kmalloc_cache(type_, index)
            if index in (6, 7):
                yield kmalloc_cache(type_, index - 5)
    for index in (1, 2, *range(KMALLOC_SHIFT_LOW, KMALLOC_SHIFT_HIGH + 1)):
        yield kmalloc_cache(KMALLOC_DMA, index)
