"""SLUB's structures, field for field (include/linux/slub_def.h, mm/slab.h of Linux 5.10).

Each object stands for one kernel structure at a simulated physical address `addr`; code that reads or writes a field
charges the access with the offsets of `simslab.slub.layout`. Fields without a kernel counterpart are marked `model`.
Slabs are named by the number of their first page frame (pfn), -1 where the kernel has NULL.
"""

from __future__ import annotations

from typing import Final

from simslab.allocator.cache import Cache
from simslab.base import buffers
from simslab.kernel.bug import KernelBugError
from simslab.kernel.locking.spinlock import SpinLock
from simslab.slub.stat_item import NR_SLUB_STAT_ITEMS

RELEASED: Final = -1  # cpu_slab_offset of a cache that is no more


class KmemCacheCpu:
    """What one CPU has of a cache (include/linux/slub_def.h: struct kmem_cache_cpu).

    `freelist` is the address of the next object of slab `page`, 0 for none; `tid` counts changes, so that an exchange
    of both notices what an interrupt did in between. Owned by the CPU; slow paths change it with interrupts off.
    """

    def __init__(self, addr: int, tid: int) -> None:
        self.addr = addr
        self.freelist = 0
        self.tid = tid
        self.page = -1
        self.partial = -1  # first of the CPU's list of partial slabs, linked by MemMap.next
        self.stat_owner = buffers.int64_zeros(NR_SLUB_STAT_ITEMS)
        self.stat = buffers.int64_pointer(self.stat_owner)

    def stats(self) -> list[int]:
        """All counters in the order of enum stat_item."""
        return list(self.stat_owner)


class KmemCacheNode:
    """The partial slabs of one cache on one node (mm/slab.h: struct kmem_cache_node).

    `lists` holds (first, last) pfns of `partial` and `full`, -1 when empty; it and `nr_partial` are protected by
    `list_lock`. `nr_slabs` and `total_objects` are atomic. `full` is kept for caches with SLAB_STORE_USER only.
    """

    def __init__(self, addr: int, node: int, list_lock: SpinLock) -> None:
        self.addr = addr
        self.node = node  # model: the node whose slabs these are
        self.list_lock = list_lock
        self.nr_partial = 0
        self.lists_owner = buffers.int64_zeros(4)
        self.lists = buffers.int64_pointer(self.lists_owner)
        for end in range(4):
            self.lists[end] = -1
        self.nr_slabs = 0
        self.total_objects = 0


class KmemCache(Cache):
    """One cache (include/linux/slub_def.h: struct kmem_cache).

    `oo`, `max` and `min` are kept as two numbers each: order and objects of a slab.
    """

    def __init__(self, index: int, addr: int, name: str, nr_node_ids: int) -> None:
        super().__init__(index, addr, name)
        self.cpu_slab: list[KmemCacheCpu] = []
        self.cpu_slab_offset = 0  # model: per-CPU offset of the structures, RELEASED when they are freed
        self.min_partial = 0  # slabs
        self.offset = 0  # of the free pointer
        self.cpu_partial = 0  # objects
        self.oo_order = 0
        self.oo_objects = 0
        self.max_order = 0
        self.max_objects = 0
        self.min_order = 0
        self.min_objects = 0
        self.inuse = 0  # offset of what lies behind the object
        self.red_left_pad = 0
        self.remote_node_defrag_ratio = 0  # of 1024
        self.random = 0  # with SLAB_FREELIST_HARDENED, signed
        self.debug = 0  # model: kmem_cache_debug(), decided at boot and creation
        self.left = 0  # model: bytes before each object, `red_left_pad` where red zones are in force
        self.node: list[KmemCacheNode | None] = [None] * nr_node_ids
        self.aliases: list[str] = []  # model: names of caches that were merged into this one since boot

    def get_node(self, nid: int) -> KmemCacheNode:
        """The node structure of `nid`, which exists (mm/slab.h: get_node)."""
        n = self.node[nid]
        if n is None:
            raise KernelBugError(f"cache {self.name} has no structure for node {nid}, or has been destroyed")
        return n

    def check_alive(self) -> int:
        """KernelBugError for a cache that was destroyed: the kernel would use its memory, whosever that is by now."""
        if self.cpu_slab_offset < 0:  # RELEASED
            raise KernelBugError(f"cache {self.name} is used after it was destroyed")
        return 0

    def nodes(self) -> list[KmemCacheNode]:
        """All node structures, by node (mm/slab.h: for_each_kmem_cache_node)."""
        return [n for n in self.node if n is not None]
