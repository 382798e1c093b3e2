"""Build and boot options of the allocator, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simslab.kernel.layout import MAX_ORDER

SLAB_MAX_ORDER_LO: Final = 0
SLAB_MAX_ORDER_HI: Final = 1
LARGE_MEMORY: Final = 32 << 20  # bytes of RAM above which slabs may have two pages


@dataclass(frozen=True)
class SlabOptions:
    """What `slab_nomerge`, `noaliencache`, `slab_max_order=` and the build decide, and what no kernel has.

    The last seven are for asking what 5.10 gains. `no_colouring`: slabs all begin with their first object where the
    first colour has it. `no_objfreelist`: no free object holds the index array of its slab (up to 4.5).
    `node_lists_apart`: a node's lists and counters begin in the line behind that of list_lock. `reap_all_nodes`: the
    reaper sends home the aliens of all nodes in each pass, as before it had a rotor. Up to 4.6 (mm/slab.c: cache_grow,
    cache_alloc_refill) a slab's colour was chosen under list_lock (`colour_under_list_lock`), the array was refilled
    from a new slab after that had entered the node's lists, under list_lock (`refill_under_list_lock`), and whether the
    node has objects was looked up under it as well (`look_under_list_lock`).
    Origin of the others: mm/slab_common.c: setup_slab_nomerge; mm/slab.c: noaliencache_setup.
    """

    slab_nomerge: bool = False
    debug_vm: bool = False
    memcg: bool = False  # CONFIG_MEMCG_KMEM
    noaliencache: bool = False
    slab_max_order: int | None = None  # None: by the amount of memory
    debug_slab: bool = False
    debug_pagealloc: bool = False
    init_on_alloc: bool = False
    init_on_free: bool = False
    freelist_random: bool = False
    freelist_seed: int = 0  # of the random sequences, which the kernel draws from its entropy
    freelist_hardened: bool = False
    cache_line_size: int = 64
    no_colouring: bool = False
    no_objfreelist: bool = False
    node_lists_apart: bool = False
    reap_all_nodes: bool = False
    colour_under_list_lock: bool = False
    refill_under_list_lock: bool = False
    look_under_list_lock: bool = False

    def effective_max_order(self, memory_bytes: int) -> int:
        """Return the largest order taken for the sake of less waste (mm/slab.c: slab_max_order_setup)."""
        if self.slab_max_order is not None:
            return min(max(self.slab_max_order, 0), MAX_ORDER - 1)
        return SLAB_MAX_ORDER_HI if memory_bytes > LARGE_MEMORY else SLAB_MAX_ORDER_LO
