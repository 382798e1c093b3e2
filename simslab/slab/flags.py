"""Cache flags of Linux 5.10 (include/linux/slab.h, mm/slab.c, mm/slab.h), by value and by name.

The set is that of a kernel without MEMCG, KASAN, FAILSLAB's cache filter and DEBUG_OBJECTS, where the flags of those
options are 0 and so not permitted.
"""

from __future__ import annotations

from typing import Final

SLAB_CONSISTENCY_CHECKS: Final = 0x100
SLAB_RED_ZONE: Final = 0x400
SLAB_POISON: Final = 0x800
SLAB_HWCACHE_ALIGN: Final = 0x2000
SLAB_CACHE_DMA: Final = 0x4000
SLAB_CACHE_DMA32: Final = 0x8000
SLAB_STORE_USER: Final = 0x10000
SLAB_RECLAIM_ACCOUNT: Final = 0x20000
SLAB_PANIC: Final = 0x40000
SLAB_TYPESAFE_BY_RCU: Final = 0x80000
SLAB_MEM_SPREAD: Final = 0x100000
SLAB_TRACE: Final = 0x200000
SLAB_NOLEAKTRACE: Final = 0x800000
CFLGS_OBJFREELIST_SLAB: Final = 0x40000000
CFLGS_OFF_SLAB: Final = 0x80000000

# Not modelled: SLAB_ACCOUNT, SLAB_KASAN, SLAB_FAILSLAB, SLAB_DEBUG_OBJECTS (0 in the configuration modelled).

SLAB_CORE_FLAGS: Final = SLAB_HWCACHE_ALIGN | SLAB_CACHE_DMA | SLAB_CACHE_DMA32 | SLAB_PANIC | SLAB_TYPESAFE_BY_RCU
SLAB_CACHE_FLAGS: Final = SLAB_MEM_SPREAD | SLAB_NOLEAKTRACE | SLAB_RECLAIM_ACCOUNT
SLAB_DEBUG_FLAGS: Final = SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER

SLAB_FLAGS_PERMITTED: Final = (
    SLAB_CORE_FLAGS | SLAB_CACHE_FLAGS | SLAB_DEBUG_FLAGS | SLAB_TRACE | SLAB_CONSISTENCY_CHECKS
)
SLAB_NEVER_MERGE: Final = SLAB_DEBUG_FLAGS | SLAB_TRACE | SLAB_TYPESAFE_BY_RCU | SLAB_NOLEAKTRACE
SLAB_MERGE_SAME: Final = SLAB_RECLAIM_ACCOUNT | SLAB_CACHE_DMA | SLAB_CACHE_DMA32

# Short names in the order in which they are printed: by place in the kernel's documentation, not by value.
FLAG_NAMES: Final = (
    ("CONSISTENCY", SLAB_CONSISTENCY_CHECKS),
    ("RED_ZONE", SLAB_RED_ZONE),
    ("POISON", SLAB_POISON),
    ("HWCACHE_ALIGN", SLAB_HWCACHE_ALIGN),
    ("CACHE_DMA", SLAB_CACHE_DMA),
    ("CACHE_DMA32", SLAB_CACHE_DMA32),
    ("STORE_USER", SLAB_STORE_USER),
    ("RECLAIM_ACCOUNT", SLAB_RECLAIM_ACCOUNT),
    ("PANIC", SLAB_PANIC),
    ("TYPESAFE_BY_RCU", SLAB_TYPESAFE_BY_RCU),
    ("MEM_SPREAD", SLAB_MEM_SPREAD),
    ("TRACE", SLAB_TRACE),
    ("NOLEAKTRACE", SLAB_NOLEAKTRACE),
    ("CFLGS_OBJFREELIST_SLAB", CFLGS_OBJFREELIST_SLAB),
    ("CFLGS_OFF_SLAB", CFLGS_OFF_SLAB),
)


def cache_create_mask(debug_slab: bool) -> int:
    """Flags that reach a cache being created (mm/slab.h: CACHE_CREATE_MASK); debug flags only with DEBUG_SLAB."""
    return SLAB_CORE_FLAGS | SLAB_CACHE_FLAGS | (SLAB_DEBUG_FLAGS if debug_slab else 0)


CACHE_CREATE_MASK: Final = cache_create_mask(debug_slab=False)


def flag_names(flags: int) -> str:
    """Return `flags` as names joined by `|`, unnamed bits as one hexadecimal number, "0" when none is set."""
    names = [name for name, value in FLAG_NAMES if flags & value]
    unnamed = flags & ~sum(value for _, value in FLAG_NAMES)
    if unnamed:
        names.append(hex(unnamed))
    return "|".join(names) or "0"


def parse_flags(text: str) -> int:
    """Return the bits of names joined by `|` or `,` (with or without `SLAB_`) or of a number.

    Raises ValueError naming the first word that is neither.
    """
    flags = 0
    values = dict(FLAG_NAMES) | {"CONSISTENCY_CHECKS": SLAB_CONSISTENCY_CHECKS}
    for word in text.replace(",", "|").split("|"):
        name = word.strip().upper().removeprefix("SLAB_")
        if name in values:
            flags |= values[name]
        elif name:
            flags |= _number(word.strip())
    return flags


def _number(word: str) -> int:
    try:
        return int(word, 0)
    except ValueError:
        known = ", ".join(name for name, _ in FLAG_NAMES)
        raise ValueError(f"unknown cache flag {word!r}; expected a number or one of {known}") from None
