"""SLUB's own counters (include/linux/slub_def.h: enum stat_item), kept by CPU and cache, never charged.

Not modelled: the line that CONFIG_SLUB_STATS adds to struct kmem_cache_cpu and the increments in it.
"""

from typing import Final

ALLOC_FASTPATH: Final = 0  # from the CPU's freelist
ALLOC_SLOWPATH: Final = 1
FREE_FASTPATH: Final = 2  # to the CPU's freelist
FREE_SLOWPATH: Final = 3
FREE_FROZEN: Final = 4  # into a slab that some CPU has
FREE_ADD_PARTIAL: Final = 5  # slab put on its node's list
FREE_REMOVE_PARTIAL: Final = 6  # slab taken off it, as its last object was freed
ALLOC_FROM_PARTIAL: Final = 7  # CPU slab from a node's list
ALLOC_SLAB: Final = 8  # from the page allocator
ALLOC_REFILL: Final = 9  # CPU freelist refilled with what others freed into the slab
ALLOC_NODE_MISMATCH: Final = 10
FREE_SLAB: Final = 11  # to the page allocator
CPUSLAB_FLUSH: Final = 12
DEACTIVATE_FULL: Final = 13
DEACTIVATE_EMPTY: Final = 14
DEACTIVATE_TO_HEAD: Final = 15
DEACTIVATE_TO_TAIL: Final = 16
DEACTIVATE_REMOTE_FREES: Final = 17  # the slab had objects that others freed
DEACTIVATE_BYPASS: Final = 18  # a used-up slab was dropped
ORDER_FALLBACK: Final = 19  # a smaller slab than wished
CMPXCHG_DOUBLE_CPU_FAIL: Final = 20
CMPXCHG_DOUBLE_FAIL: Final = 21
CPU_PARTIAL_ALLOC: Final = 22  # CPU slab from the CPU's own list
CPU_PARTIAL_FREE: Final = 23  # slab put there by a free
CPU_PARTIAL_NODE: Final = 24  # slab put there from a node's list
CPU_PARTIAL_DRAIN: Final = 25  # the CPU's list moved to the nodes
NR_SLUB_STAT_ITEMS: Final = 26

STAT_ITEMS: Final = (
    "ALLOC_FASTPATH",
    "ALLOC_SLOWPATH",
    "FREE_FASTPATH",
    "FREE_SLOWPATH",
    "FREE_FROZEN",
    "FREE_ADD_PARTIAL",
    "FREE_REMOVE_PARTIAL",
    "ALLOC_FROM_PARTIAL",
    "ALLOC_SLAB",
    "ALLOC_REFILL",
    "ALLOC_NODE_MISMATCH",
    "FREE_SLAB",
    "CPUSLAB_FLUSH",
    "DEACTIVATE_FULL",
    "DEACTIVATE_EMPTY",
    "DEACTIVATE_TO_HEAD",
    "DEACTIVATE_TO_TAIL",
    "DEACTIVATE_REMOTE_FREES",
    "DEACTIVATE_BYPASS",
    "ORDER_FALLBACK",
    "CMPXCHG_DOUBLE_CPU_FAIL",
    "CMPXCHG_DOUBLE_FAIL",
    "CPU_PARTIAL_ALLOC",
    "CPU_PARTIAL_FREE",
    "CPU_PARTIAL_NODE",
    "CPU_PARTIAL_DRAIN",
)
