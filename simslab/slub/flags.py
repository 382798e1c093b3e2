"""Cache flags as SLUB uses them: the shared list (`simslab.slab_common.flags`), and two of its own (mm/slub.c).

The set is that of a kernel with SLUB_DEBUG and FAILSLAB, and without MEMCG, KASAN and DEBUG_OBJECTS, whose flags are 0
and so not permitted.
"""

from __future__ import annotations

from typing import Final

from simslab.slab_common.flags import (
    CONTENTS_MATTER,
    FLAG_NAMES,
    SLAB_CACHE_DMA,
    SLAB_CACHE_DMA32,
    SLAB_CONSISTENCY_CHECKS,
    SLAB_CORE_FLAGS,
    SLAB_FAILSLAB,
    SLAB_FLAGS_PERMITTED,
    SLAB_MERGE_SAME,
    SLAB_NEVER_MERGE,
    SLAB_NOLEAKTRACE,
    SLAB_POISON,
    SLAB_RECLAIM_ACCOUNT,
    SLAB_RED_ZONE,
    SLAB_STORE_USER,
    SLAB_TRACE,
    SLAB_TYPESAFE_BY_RCU,
)

__all__ = [
    "CACHE_CREATE_MASK",
    "CMPXCHG_DOUBLE",
    "CONTENTS_MATTER",
    "DEBUG_DEFAULT_FLAGS",
    "DEBUG_METADATA_FLAGS",
    "OBJECT_POISON",
    "SLAB_CACHE_DMA",
    "SLAB_CACHE_DMA32",
    "SLAB_CONSISTENCY_CHECKS",
    "SLAB_DEBUG_FLAGS",
    "SLAB_FAILSLAB",
    "SLAB_FLAGS_PERMITTED",
    "SLAB_MERGE_SAME",
    "SLAB_NEVER_MERGE",
    "SLAB_NO_CMPXCHG",
    "SLAB_POISON",
    "SLAB_RECLAIM_ACCOUNT",
    "SLAB_RED_ZONE",
    "SLAB_STORE_USER",
    "SLAB_TRACE",
    "SLAB_TYPESAFE_BY_RCU",
    "flag_names",
]

CMPXCHG_DOUBLE: Final = 0x40000000  # __CMPXCHG_DOUBLE: freelist and counters of a page change in one instruction
OBJECT_POISON: Final = 0x80000000  # __OBJECT_POISON: free objects are filled with a pattern

SLAB_DEBUG_FLAGS: Final = SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER | SLAB_TRACE | SLAB_CONSISTENCY_CHECKS
DEBUG_DEFAULT_FLAGS: Final = SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER
DEBUG_METADATA_FLAGS: Final = SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER
SLAB_NO_CMPXCHG: Final = SLAB_CONSISTENCY_CHECKS | SLAB_STORE_USER | SLAB_TRACE

CACHE_CREATE_MASK: Final = SLAB_CORE_FLAGS | SLAB_DEBUG_FLAGS | SLAB_NOLEAKTRACE | SLAB_RECLAIM_ACCOUNT

SLUB_FLAG_NAMES: Final = (
    ("CONSISTENCY_CHECKS", SLAB_CONSISTENCY_CHECKS),
    *FLAG_NAMES[1:],
    ("FAILSLAB", SLAB_FAILSLAB),
    ("OBJECT_POISON", OBJECT_POISON),
    ("CMPXCHG_DOUBLE", CMPXCHG_DOUBLE),
)


def flag_names(flags: int) -> str:
    """Return `flags` as names joined by `|`, "0" when none is set."""
    return "|".join(name for name, value in SLUB_FLAG_NAMES if flags & value) or "0"
