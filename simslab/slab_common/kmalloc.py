"""The kmalloc caches: types, size classes, names and the order of their creation (mm/slab_common.c, slab.h).

An allocator says with `KmallocSizes` which classes it has; indexes 1 and 2 are 96 and 192 bytes in every one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from simslab.kernel.mm import gfp
from simslab.kernel.printk import KernelLog
from simslab.machine.core.cpu import Cpu
from simslab.slab_common import flags as fl
from simslab.slab_common.alignment import boot_alignment

KMALLOC_NORMAL: Final = 0
KMALLOC_RECLAIM: Final = 1
KMALLOC_DMA: Final = 2
NR_KMALLOC_TYPES: Final = 3

ZERO_SIZE_PTR: Final = 16  # what kmalloc(0) returns

PREFIXES: Final = ("kmalloc-", "kmalloc-rcl-", "dma-kmalloc-")
TYPE_FLAGS: Final = (0, fl.SLAB_RECLAIM_ACCOUNT, fl.SLAB_CACHE_DMA)


@dataclass(frozen=True)
class KmallocCache:
    """One kmalloc cache to be created at boot."""

    type: int
    index: int
    name: str
    size: int
    flags: int
    align: int


@dataclass(frozen=True)
class KmallocSizes:
    """The size classes of an allocator: 2**shift_low to 2**shift_high bytes, 96 and 192; `flags` of all its caches."""

    shift_low: int
    shift_high: int
    flags: int = 0

    def kmalloc_size(self, index: int) -> int:
        """Return the bytes of size class `index`, 0 for a class that does not exist."""
        if index in (1, 2):
            return 96 * index
        return 1 << index if self.shift_low <= index <= self.shift_high else 0

    def kmalloc_index(self, size: int) -> int:
        """Return the size class for `size` bytes, -1 beyond the largest (mm/slab_common.c: kmalloc_slab).

        The kernel looks small sizes up in a table (setup_kmalloc_cache_index_table); its classes are computed here.
        Size 0 gives 0, which is no cache.
        """
        if size <= 0 or size > 1 << self.shift_high:
            return 0 if size == 0 else -1
        if 64 < size <= 96:
            return 1
        if 128 < size <= 192:
            return 2
        return max(self.shift_low, (size - 1).bit_length())

    def kmalloc_name(self, kmalloc_type: int, index: int) -> str:
        """Return the name of a kmalloc cache, as in /proc/slabinfo."""
        size = self.kmalloc_size(index)
        for unit, name in ((1 << 20, "M"), (1 << 10, "k")):
            if size >= unit:
                return f"{PREFIXES[kmalloc_type]}{size // unit}{name}"
        return f"{PREFIXES[kmalloc_type]}{size}"

    def kmalloc_cache(self, kmalloc_type: int, index: int) -> KmallocCache:
        """Describe the kmalloc cache of a type and size class."""
        size, flags = self.kmalloc_size(index), self.flags | TYPE_FLAGS[kmalloc_type]
        name = self.kmalloc_name(kmalloc_type, index)
        return KmallocCache(kmalloc_type, index, name, size, flags, boot_alignment(size, flags))

    def creation_order(self) -> Iterator[KmallocCache]:
        """Yield every kmalloc cache in the order of boot (mm/slab_common.c: create_kmalloc_caches, new_kmalloc_cache).

        96 and 192 follow 64 and 128, but the DMA caches are made by ascending index.
        """
        for kmalloc_type in (KMALLOC_NORMAL, KMALLOC_RECLAIM):
            for index in range(self.shift_low, self.shift_high + 1):
                yield self.kmalloc_cache(kmalloc_type, index)
                if index in (6, 7):
                    yield self.kmalloc_cache(kmalloc_type, index - 5)
        for index in (1, 2, *range(self.shift_low, self.shift_high + 1)):
            yield self.kmalloc_cache(KMALLOC_DMA, index)


def kmalloc_type(flags: int) -> int:
    """Return which kmalloc caches serve GFP `flags`; DMA wins over RECLAIMABLE (include/linux/slab.h: kmalloc_type)."""
    if not flags & (gfp.DMA | gfp.RECLAIMABLE):
        return KMALLOC_NORMAL
    return KMALLOC_DMA if flags & gfp.DMA else KMALLOC_RECLAIM


def kmalloc_fix_flags(flags: int) -> tuple[int, str]:
    """Flags without those that no slab can have, and the warning about them (mm/slab_common.c: kmalloc_fix_flags)."""
    invalid, fixed = flags & gfp.GFP_SLAB_BUG_MASK, flags & ~gfp.GFP_SLAB_BUG_MASK
    found, kept = (f"{bits:#x} ({gfp.format_gfp(bits)})" for bits in (invalid, fixed))
    return fixed, f"Unexpected gfp: {found}. Fixing up to gfp: {kept}. Fix your code!"


def warn_and_fix_flags(log: KernelLog | None, cpu: Cpu, flags: int) -> int:
    """Flags without those that no slab can have, once the warning about them is told."""
    fixed, told = kmalloc_fix_flags(flags)
    if log is not None:
        log.pr_warn(cpu, told)
        log.dump_stack(cpu)
    return fixed
