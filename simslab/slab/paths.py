"""Path codes: the deepest branch of the allocator that an operation took, for statistics by path.

`Cpu.path` holds the code of the operation in progress. Codes are small and dense, so that reports keep one row a code;
0 means that no allocator operation ran.
"""

from typing import Final

NO_PATH: Final = 0

ALLOC_HIT: Final = 1  # from the CPU's own array
ALLOC_REFILL_SHARED: Final = 2  # array refilled from the node's shared array
ALLOC_REFILL_SLABS: Final = 3  # array refilled from partial or free slabs
ALLOC_GROW: Final = 4  # array refilled from a new slab
ALLOC_NODE_SLABS: Final = 5  # one object straight from a node's partial or free slabs
ALLOC_NODE_GROW: Final = 6  # one object from a new slab of the node asked for
ALLOC_FALLBACK: Final = 7  # the zonelist was walked
ALLOC_FAILED: Final = 8  # NULL

FREE_HIT: Final = 9  # to the CPU's own array
FREE_FLUSH_SHARED: Final = 10  # oldest entries moved to the shared array
FREE_FLUSH_SLABS: Final = 11  # oldest entries put back into their slabs
FREE_ALIEN: Final = 12  # to the alien array of the object's node
FREE_ALIEN_DRAIN: Final = 13  # a full alien array was sent home first
FREE_REMOTE_SLABS: Final = 14  # no alien arrays: straight into the other node's slab

ALLOC_BULK: Final = 15
FREE_BULK: Final = 16
SHRINK: Final = 17
REAP: Final = 18
FREE_PFMEMALLOC: Final = 19  # an object of the page reserves: straight into its slab

NR_PATHS: Final = 20

PATH_NAMES: Final = (
    "none",
    "alloc_hit",
    "alloc_refill_shared",
    "alloc_refill_slabs",
    "alloc_grow",
    "alloc_node_slabs",
    "alloc_node_grow",
    "alloc_fallback",
    "alloc_failed",
    "free_hit",
    "free_flush_shared",
    "free_flush_slabs",
    "free_alien",
    "free_alien_drain",
    "free_remote_slabs",
    "alloc_bulk",
    "free_bulk",
    "shrink",
    "reap",
    "free_pfmemalloc",
)


def is_free(path: int) -> bool:
    """Whether `path` is one of a single free."""
    return FREE_HIT <= path <= FREE_REMOTE_SLABS or path == FREE_PFMEMALLOC
