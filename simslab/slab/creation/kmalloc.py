"""The kmalloc caches: sizes, names, the size-to-cache table, and the order of their creation (mm/slab_common.c).

`KMALLOC_MIN_SIZE` is 32 with SLAB, so the table of small sizes starts there; indexes 1 and 2 are 96 and 192 bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from simslab.kernel.mm import gfp
from simslab.slab import flags as fl
from simslab.slab.creation.geometry import (
    FreelistCache,
    Geometry,
    Rules,
    cache_geometry,
    calculate_alignment,
)

KMALLOC_NORMAL: Final = 0
KMALLOC_RECLAIM: Final = 1
KMALLOC_DMA: Final = 2
NR_KMALLOC_TYPES: Final = 3

KMALLOC_SHIFT_LOW: Final = 5
KMALLOC_SHIFT_HIGH: Final = 22
KMALLOC_MIN_SIZE: Final = 1 << KMALLOC_SHIFT_LOW
KMALLOC_MAX_CACHE_SIZE: Final = 1 << KMALLOC_SHIFT_HIGH
ARCH_KMALLOC_MINALIGN: Final = 8
ARCH_KMALLOC_FLAGS: Final = fl.SLAB_HWCACHE_ALIGN
GFP_DMA: Final = gfp.DMA
GFP_RECLAIMABLE: Final = gfp.RECLAIMABLE

SIZEOF_KMEM_CACHE_NODE: Final = 120
ZERO_SIZE_PTR: Final = 16  # what kmalloc(0) returns

PREFIXES: Final = ("kmalloc-", "kmalloc-rcl-", "dma-kmalloc-")


@dataclass(frozen=True)
class KmallocCache:
    """One kmalloc cache to be created at boot."""

    type: int
    index: int
    name: str
    size: int
    flags: int
    align: int


def kmalloc_size(index: int) -> int:
    """Return the bytes of size class `index`, 0 for a class that does not exist."""
    if index in (1, 2):
        return 96 * index
    return 1 << index if KMALLOC_SHIFT_LOW <= index <= KMALLOC_SHIFT_HIGH else 0


def kmalloc_name(kmalloc_type: int, index: int) -> str:
    """Return the name of a kmalloc cache, as in /proc/slabinfo."""
    size = kmalloc_size(index)
    for unit, name in ((1 << 20, "M"), (1 << 10, "k")):
        if size >= unit:
            return f"{PREFIXES[kmalloc_type]}{size // unit}{name}"
    return f"{PREFIXES[kmalloc_type]}{size}"


def kmalloc_index(size: int) -> int:
    """Return the size class for `size` bytes, -1 beyond the largest (mm/slab_common.c: kmalloc_slab).

    The kernel looks small sizes up in `size_index`; the classes of that table are computed here. Size 0 gives 0,
    which is no cache.
    """
    if size <= 0 or size > KMALLOC_MAX_CACHE_SIZE:
        return 0 if size == 0 else -1
    if 64 < size <= 96:
        return 1
    if 128 < size <= 192:
        return 2
    return max(KMALLOC_SHIFT_LOW, (size - 1).bit_length())


def size_index_elem(size: int) -> int:
    """Return the element of the size table read for 1 <= size <= 192 (mm/slab_common.c: size_index_elem)."""
    return (size - 1) // 8


def size_index_table() -> list[int]:
    """Return the 24 size classes for 8, 16 .. 192 bytes (mm/slab_common.c: setup_kmalloc_cache_index_table)."""
    return [kmalloc_index(8 * (element + 1)) for element in range(24)]


def kmalloc_type(gfp: int) -> int:
    """Return which kmalloc caches serve `gfp`; DMA wins over RECLAIMABLE (include/linux/slab.h: kmalloc_type)."""
    if not gfp & (GFP_DMA | GFP_RECLAIMABLE):
        return KMALLOC_NORMAL
    return KMALLOC_DMA if gfp & GFP_DMA else KMALLOC_RECLAIM


def type_flags(kmalloc_type: int) -> int:
    """Return the cache flags of a kmalloc type."""
    extra = (0, fl.SLAB_RECLAIM_ACCOUNT, fl.SLAB_CACHE_DMA)[kmalloc_type]
    return ARCH_KMALLOC_FLAGS | extra


def boot_alignment(size: int, flags: int) -> int:
    """Return the alignment of a boot cache: powers of two are naturally aligned (create_boot_cache)."""
    align = ARCH_KMALLOC_MINALIGN
    if size & (size - 1) == 0:
        align = max(align, size)
    return calculate_alignment(flags, align, size)


def kmalloc_cache(type_: int, index: int) -> KmallocCache:
    """Describe the kmalloc cache of a type and size class."""
    size, flags = kmalloc_size(index), type_flags(type_)
    return KmallocCache(type_, index, kmalloc_name(type_, index), size, flags, boot_alignment(size, flags))


INDEX_NODE: Final = kmalloc_index(SIZEOF_KMEM_CACHE_NODE)


def creation_order() -> Iterator[KmallocCache]:
    """Yield every kmalloc cache in the order of boot; the first serves struct kmem_cache_node.

    Origin: mm/slab.c: kmem_cache_init, mm/slab_common.c: create_kmalloc_caches, new_kmalloc_cache. 96 and 192 follow
    64 and 128, but the DMA caches are made by ascending index.
    """
    yield kmalloc_cache(KMALLOC_NORMAL, INDEX_NODE)
    for type_ in (KMALLOC_NORMAL, KMALLOC_RECLAIM):
        for index in range(KMALLOC_SHIFT_LOW, KMALLOC_SHIFT_HIGH + 1):
            if (type_, index) != (KMALLOC_NORMAL, INDEX_NODE):
                yield kmalloc_cache(type_, index)
            if index in (6, 7):
                yield kmalloc_cache(type_, index - 5)
    for index in (1, 2, *range(KMALLOC_SHIFT_LOW, KMALLOC_SHIFT_HIGH + 1)):
        yield kmalloc_cache(KMALLOC_DMA, index)


def kmalloc_geometries(rules: Rules) -> dict[str, Geometry]:
    """Size every kmalloc cache in order of boot, each knowing only those before it; in order of creation."""
    made: dict[str, Geometry] = {}
    known = replace(rules, kmalloc_slab=lambda size: freelist_cache(made, size))
    for cache in creation_order():
        made[cache.name] = cache_geometry(cache.size, cache.align, cache.flags, False, known)
    return made


def freelist_cache(made: Mapping[str, Geometry], size: int) -> FreelistCache | None:
    """Return the KMALLOC_NORMAL cache of `made` that holds a freelist of `size` bytes, None if it is not made yet."""
    geometry = made.get(kmalloc_name(KMALLOC_NORMAL, kmalloc_index(size)))
    if geometry is None:
        return None
    name = kmalloc_name(KMALLOC_NORMAL, kmalloc_index(size))
    return FreelistCache(name, geometry.size, bool(geometry.flags & fl.CFLGS_OFF_SLAB))


def running_rules(rules: Rules) -> Rules:
    """Return `rules` as after boot: with every kmalloc cache there to hold freelists."""
    made = kmalloc_geometries(rules)
    return replace(rules, kmalloc_slab=lambda size: freelist_cache(made, size))


def kmalloc_fix_flags(flags: int) -> tuple[int, str]:
    """Flags without those that no slab can have, and the warning about them (mm/slab_common.c: kmalloc_fix_flags)."""
    invalid, fixed = flags & gfp.GFP_SLAB_BUG_MASK, flags & ~gfp.GFP_SLAB_BUG_MASK
    found, kept = (f"{bits:#x} ({gfp.format_gfp(bits)})" for bits in (invalid, fixed))
    return fixed, f"Unexpected gfp: {found}. Fixing up to gfp: {kept}. Fix your code!"
