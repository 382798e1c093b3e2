"""Cache flags of SLAB's own (mm/slab.c), and which flags reach a cache being created (mm/slab.h)."""

from __future__ import annotations

from typing import Final

from simslab.slab_common import flags as fl

CFLGS_OBJFREELIST_SLAB: Final = 0x40000000  # the freelist lies in a free object
CFLGS_OFF_SLAB: Final = 0x80000000  # the freelist lies in an object of kmalloc

CFLGS_NAMES: Final = (
    ("CFLGS_OBJFREELIST_SLAB", CFLGS_OBJFREELIST_SLAB),
    ("CFLGS_OFF_SLAB", CFLGS_OFF_SLAB),
)


def cache_create_mask(debug_slab: bool) -> int:
    """Flags that reach a cache being created (mm/slab.h: CACHE_CREATE_MASK); debug flags only with DEBUG_SLAB."""
    return fl.SLAB_CORE_FLAGS | fl.SLAB_CACHE_FLAGS | (fl.SLAB_DEBUG_FLAGS if debug_slab else 0)


def flag_names(flags: int) -> str:
    """Return `flags` as names joined by `|`, SLAB's own included."""
    return fl.flag_names(flags, CFLGS_NAMES)


def parse_flags(text: str) -> int:
    """Return the bits of names, SLAB's own included, or of a number; ValueError for others."""
    return fl.parse_flags(text, CFLGS_NAMES)
