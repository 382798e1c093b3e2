"""Cache flags of Linux 5.10 that the allocators share (include/linux/slab.h, mm/slab.h), by value and by name.

The set is that of a kernel without KASAN and DEBUG_OBJECTS, where the flags of those options are 0 and so not
permitted. SLAB_ACCOUNT, which kernels with MEMCG_KMEM permit beside the others, is likewise 0 without. SLAB_FAILSLAB,
of kernels with FAILSLAB, is permitted to nobody: `slub_debug` gives it (its letter A).
"""

from __future__ import annotations

from collections.abc import Iterable
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
SLAB_FAILSLAB: Final = 0x2000000
SLAB_ACCOUNT: Final = 0x4000000

CONTENTS_MATTER: Final = SLAB_TYPESAFE_BY_RCU | SLAB_POISON  # between a free and the next allocation: never zeroed

# Not modelled: SLAB_KASAN, SLAB_DEBUG_OBJECTS (0 in the configuration modelled).

SLAB_CORE_FLAGS: Final = SLAB_HWCACHE_ALIGN | SLAB_CACHE_DMA | SLAB_CACHE_DMA32 | SLAB_PANIC | SLAB_TYPESAFE_BY_RCU
SLAB_CACHE_FLAGS: Final = SLAB_MEM_SPREAD | SLAB_NOLEAKTRACE | SLAB_RECLAIM_ACCOUNT
SLAB_DEBUG_FLAGS: Final = SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER

SLAB_FLAGS_PERMITTED: Final = (
    SLAB_CORE_FLAGS | SLAB_CACHE_FLAGS | SLAB_DEBUG_FLAGS | SLAB_TRACE | SLAB_CONSISTENCY_CHECKS
)
SLAB_NEVER_MERGE: Final = SLAB_DEBUG_FLAGS | SLAB_TRACE | SLAB_TYPESAFE_BY_RCU | SLAB_NOLEAKTRACE | SLAB_FAILSLAB
SLAB_MERGE_SAME: Final = SLAB_RECLAIM_ACCOUNT | SLAB_CACHE_DMA | SLAB_CACHE_DMA32 | SLAB_ACCOUNT

Names = tuple[tuple[str, int], ...]

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
    ("ACCOUNT", SLAB_ACCOUNT),
)


def flag_names(flags: int, own: Names = ()) -> str:
    """Return `flags` as names joined by `|`, unnamed bits as one hexadecimal number, "0" when none is set.

    `own` are an allocator's flags beyond the shared ones.
    """
    known = (*FLAG_NAMES, *own)
    names = [name for name, value in known if flags & value]
    unnamed = flags & ~sum(value for _, value in known)
    if unnamed:
        names.append(hex(unnamed))
    return "|".join(names) or "0"


def parse_flags(text: str, own: Names = ()) -> int:
    """Return the bits of names joined by `|` or `,` (with or without `SLAB_`) or of a number.

    Raises ValueError naming the first word that is neither.
    """
    flags = 0
    known = dict((*FLAG_NAMES, *own))
    values = known | {"CONSISTENCY_CHECKS": SLAB_CONSISTENCY_CHECKS}
    for word in text.replace(",", "|").split("|"):
        name = word.strip().upper().removeprefix("SLAB_")
        if name in values:
            flags |= values[name]
        elif name:
            flags |= _number(word.strip(), known)
    return flags


def _number(word: str, names: Iterable[str]) -> int:
    try:
        return int(word, 0)
    except ValueError:
        raise ValueError(f"unknown cache flag {word!r}; expected a number or one of {', '.join(names)}") from None
