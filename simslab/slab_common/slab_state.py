"""How far the allocator has come at boot (mm/slab.h: enum slab_state)."""

from __future__ import annotations

from typing import Final

from simslab.base.errors import UserError

DOWN: Final = 0  # no cache works
PARTIAL: Final = 1  # kmem_cache works
PARTIAL_NODE: Final = 2  # kmalloc of struct kmem_cache_node works
UP: Final = 3  # kmalloc works
FULL: Final = 4  # caches get their final arrays at once
SLAB_MUTEX_OFFSET: Final = 128 << 10  # where slab_mutex lies in the kernel's static data


class KernelPanicError(UserError):
    """A real kernel stops here: a SLAB_PANIC cache cannot be made, or memory ends during boot."""
