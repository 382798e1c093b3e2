"""The words that operation streams are made of.

An operation is one 64-bit integer: the low `KIND_BITS` select a row of the program's table of kinds (what to do, to
which cache, how), the rest is the argument (which slot, how many cycles, which barrier). A *slot* is a place where one
thread leaves an object's address and any thread finds it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

KIND_BITS: Final = 20
KIND_MASK: Final = (1 << KIND_BITS) - 1
MAX_ARGUMENT: Final = (1 << 42) - 1

# Opcodes. Argument: slot, unless said.
ALLOC: Final = 0  # kmem_cache_alloc[_node]
FREE: Final = 1  # kmem_cache_free
KMALLOC: Final = 2
KFREE: Final = 3
BULK_ALLOC: Final = 4  # into COUNT slots from the argument on
BULK_FREE: Final = 5  # of COUNT slots from the argument on
WORK: Final = 6  # argument: cycles of think time
BARRIER: Final = 7  # argument: number of the barrier
PHASE: Final = 8  # argument: number of the phase that begins here
BEGIN_REGION: Final = 9  # argument: number of the barrier after which recording starts
SHRINK: Final = 10  # kmem_cache_shrink; no argument

# Operations as they are recorded: kmalloc and kfree are allocations and frees of a kmalloc cache.
RECORD_ALLOC: Final = 0
RECORD_FREE: Final = 1
RECORD_BULK_ALLOC: Final = 2
RECORD_BULK_FREE: Final = 3
OPERATION_NAMES: Final = ("alloc", "free", "bulk_alloc", "bulk_free")
NR_OPERATIONS: Final = len(OPERATION_NAMES)

# Columns of the table of kinds.
OPCODE: Final = 0
CACHE: Final = 1  # index into the program's caches, -1 for kmalloc
SIZE: Final = 2  # bytes asked from kmalloc
GFP: Final = 3
NODE: Final = 4  # NUMA_NO_NODE (-1) or the node asked for
TOUCH_BYTES: Final = 5  # bytes written after an allocation, or before a free
THINK: Final = 6  # cycles of work after the operation
COUNT: Final = 7  # objects of a bulk operation
NR_FIELDS: Final = 8

MANY_SLOTS: Final = 1 << 17  # model: from so many on their tables are made of pages of the host that it can take back

# Fields of a slot. Speed: in one row, as whoever needs one needs most (benchmarks/allocator.py, 64 CPUs).
SLOT_ADDRESS: Final = 0  # of the object
SLOT_SINCE: Final = 1  # cycle at which it was put there or taken away
SLOT_WAITER: Final = 2  # CPU + 1 of who is parked for a change of the slot
SLOT_CACHE: Final = 3  # index of the Cache of the object
SLOT_FIELDS: Final = 4

# Addresses in a slot.
EMPTY: Final = 0
FAILED: Final = -1  # the allocation returned NULL; its free is skipped


class Kind(NamedTuple):
    """A row of the table of kinds, in the order of its columns."""

    opcode: int
    cache: int = -1
    size: int = 0
    gfp: int = 0
    node: int = -1
    touch: int = 0
    think: int = 0
    objects: int = 0  # of a bulk operation
