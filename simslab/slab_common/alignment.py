"""Sizes and alignments as every allocator rounds them (mm/slab_common.c: calculate_alignment, create_boot_cache)."""

from __future__ import annotations

from typing import Final

from simslab.base.errors import UserError
from simslab.slab_common import flags as fl

BYTES_PER_WORD: Final = 8
ARCH_SLAB_MINALIGN: Final = 8
ARCH_KMALLOC_MINALIGN: Final = 8


class EndlessAlignmentError(UserError):
    """Size 0 with SLAB_HWCACHE_ALIGN: the real kernel never returns from calculate_alignment."""


def align_up(value: int, alignment: int) -> int:
    """Return `value` rounded up to a multiple of `alignment`, by the kernel's mask rule (ALIGN)."""
    return (value + alignment - 1) & ~(alignment - 1)


def calculate_alignment(flags: int, align: int, size: int, cache_line_size: int = 64) -> int:
    """Return the alignment in bytes that a cache gets (mm/slab_common.c: calculate_alignment).

    Raises EndlessAlignmentError for size 0 with SLAB_HWCACHE_ALIGN, where the kernel's halving loop has no end.
    """
    if flags & fl.SLAB_HWCACHE_ALIGN:
        if size == 0:
            raise EndlessAlignmentError(
                "size 0 with SLAB_HWCACHE_ALIGN: the real kernel hangs here (calculate_alignment never ends)",
                expected="a size of at least 1",
            )
        ralign = cache_line_size
        while size <= ralign // 2:
            ralign //= 2
        align = max(align, ralign)
    return align_up(max(align, ARCH_SLAB_MINALIGN), BYTES_PER_WORD)


def boot_alignment(size: int, flags: int) -> int:
    """Return the alignment of a boot cache: powers of two are naturally aligned (create_boot_cache)."""
    align = ARCH_KMALLOC_MINALIGN
    if size & (size - 1) == 0:
        align = max(align, size)
    return calculate_alignment(flags, align, size)


def reciprocal_value(divisor: int) -> tuple[int, int, int]:
    """Return (m, sh1, sh2) by which a division becomes a multiplication (lib/math/reciprocal_div.c)."""
    bits = (divisor - 1).bit_length()
    multiplier = ((1 << 32) * ((1 << bits) - divisor)) // divisor + 1
    return multiplier & 0xFFFFFFFF, min(bits, 1), max(bits - 1, 0)
