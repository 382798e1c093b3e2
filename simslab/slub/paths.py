"""Path codes of SLUB: the deepest branch that an operation took, for statistics by path (`Cpu.path`)."""

from typing import Final

NO_PATH: Final = 0
ALLOC_FAST: Final = 1  # from the CPU's freelist
ALLOC_REFILL_PAGE: Final = 2  # from what others freed into the CPU's slab
ALLOC_CPU_PARTIAL: Final = 3  # from a slab of the CPU's own list
ALLOC_NODE_PARTIAL: Final = 4  # from a slab of a node's list
ALLOC_NEW_SLAB: Final = 5
ALLOC_FAILED: Final = 6  # NULL

FREE_FAST: Final = 7  # to the CPU's freelist
FREE_FROZEN: Final = 8  # into a slab that some CPU has
FREE_CPU_PARTIAL: Final = 9  # first free into a full slab, which goes to the CPU's list
FREE_DRAIN: Final = 10  # and the CPU's list was moved to the nodes first
FREE_NODE_PARTIAL: Final = 11  # into a slab of a node's list
FREE_SLAB: Final = 12  # the last object of a slab that was given back

ALLOC_BULK: Final = 13
FREE_BULK: Final = 14
SHRINK: Final = 15

PATH_NAMES: Final = (
    "none",
    "alloc_fast",
    "alloc_refill_page",
    "alloc_cpu_partial",
    "alloc_node_partial",
    "alloc_new_slab",
    "alloc_failed",
    "free_fast",
    "free_frozen",
    "free_cpu_partial",
    "free_drain",
    "free_node_partial",
    "free_slab",
    "alloc_bulk",
    "free_bulk",
    "shrink",
)
