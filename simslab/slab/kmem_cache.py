"""The allocator's structures, field for field (include/linux/slab_def.h, mm/slab.h, mm/slab.c of Linux 5.10).

Each object stands for one kernel structure at a simulated physical address `addr`; code that reads or writes a field
charges the access with `cpu.read(addr + offset)` using the offsets of `simslab.kernel.layout`. Fields without a kernel
counterpart are marked `model`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from simslab.allocator.cache import Cache
from simslab.base import buffers
from simslab.kernel import layout
from simslab.kernel.bug import KernelBugError
from simslab.kernel.locking.spinlock import LockClass, SpinLock

SHARED_BATCHCOUNT: Final = 0xBAADF00D  # shared and alien arrays have none; the kernel stores this


class ArrayCache:
    """A LIFO stack of object addresses (mm/slab.c: struct array_cache).

    `entry[0..avail)` are simulated addresses. Protected by irqs off on the owning CPU (per-CPU), by `list_lock`
    (shared) or by `AlienCache.lock` (alien). `batchcount` of a shared array is 0xbaadf00d, as in the kernel.

    The entries are `limit` zeros of `storage`, from `first` on, if not in memory of the array's own.
    """

    def __init__(
        self, addr: int, limit: int, batchcount: int, storage: memoryview | None = None, first: int = 0
    ) -> None:
        self.addr = addr
        self.avail = 0
        self.limit = limit
        self.batchcount = batchcount
        self.touched = 0
        self.owner: Any = buffers.int64_words(limit) if storage is None else storage  # model: of entry[]
        self.first = first  # model: where entry[] begins there
        self.entry = buffers.int64_pointer_at(self.owner, first)

    def entries(self) -> list[int]:
        """Object addresses, bottom to top."""
        return [self.entry[i] for i in range(self.avail)]


class AlienCache:
    """Objects of another node waiting to go home (mm/slab.c: struct alien_cache); `lock` protects `ac`."""

    def __init__(self, addr: int, ac: ArrayCache, lock: SpinLock) -> None:
        self.addr = addr
        self.ac = ac
        self.lock = lock


class AlienTable:
    """The alien arrays of one node, by the node that their objects belong to (mm/slab.h: kmem_cache_node.alien).

    `addresses` are those of the arrays, 0 for the node itself and for nodes that are not online: these have None.

    Speed: an array becomes an object when it is first looked at; `made` are those that did, all others are empty.
    generic-64 has half a million of them after boot (benchmarks/boot.py).
    """

    def __init__(self, nr_node_ids: int, limit: int, lock_class: LockClass) -> None:
        self.addresses: Any = buffers.int64_words(nr_node_ids)  # an array of integers
        self.address = buffers.int64_pointer(self.addresses)
        self.limit = limit
        self.lock_class = lock_class
        self.made: list[AlienCache | None] = [None] * nr_node_ids

    def get(self, nid: int) -> AlienCache | None:
        """The array for objects of node `nid`."""
        alien = self.made[nid]
        if alien is None and self.address[nid]:
            return self.make(nid)
        return alien

    def make(self, nid: int) -> AlienCache:
        """The array for objects of node `nid`, which nobody has looked at so far."""
        addr = self.address[nid]
        array = ArrayCache(addr + layout.ALIEN_CACHE_AC, self.limit, SHARED_BATCHCOUNT)
        alien = AlienCache(addr, array, SpinLock(addr + layout.ALIEN_CACHE_LOCK, self.lock_class))
        self.made[nid] = alien
        return alien

    def __getitem__(self, nid: int) -> AlienCache | None:
        return self.get(nid)

    def __iter__(self) -> Iterator[AlienCache | None]:
        return iter([self.get(nid) for nid in range(len(self.addresses))])


class KmemCacheNode:
    """The slab lists of one cache on one node (mm/slab.h: struct kmem_cache_node).

    `lists` holds (first, last) page frame numbers of slabs_partial, slabs_full, slabs_free, -1 when empty; it and the
    counters are protected by `list_lock`. `next_reap` and `free_touched` are updated without locking, as in 5.10.
    """

    def __init__(self, addr: int, node: int, list_lock: SpinLock) -> None:
        self.addr = addr
        self.node = node  # model: the node whose slabs these are
        self.list_lock = list_lock
        self.lists_owner = buffers.int64_words(6)
        self.lists = buffers.int64_pointer(self.lists_owner)
        for end in range(6):
            self.lists[end] = -1
        self.total_slabs = 0
        self.free_slabs = 0
        self.free_objects = 0
        self.free_limit = 0
        self.colour_next = 0
        self.shared: ArrayCache | None = None
        self.alien: AlienTable | None = None
        self.alien_addr = 0  # model: address of the alien pointer table
        self.next_reap = 0  # jiffies
        self.free_touched = 0


class KmemCache(Cache):
    """One cache (include/linux/slab_def.h: struct kmem_cache), beside what every allocator's has."""

    def __init__(self, index: int, addr: int, name: str, nr_node_ids: int) -> None:
        super().__init__(index, addr, name)
        # tunables, protected by slab_mutex
        self.cpu_cache: list[ArrayCache] = []
        self.cpu_cache_offset = 0  # model: per-CPU offset of the array caches
        self.batchcount = 0
        self.limit = 0
        self.shared = 0
        # slabs
        self.num = 0  # objects per slab
        self.gfporder = 0
        self.colour = 0
        self.colour_off = 0
        self.freelist_cache: KmemCache | None = None
        self.freelist_size = 0
        self.obj_offset = 0  # of the object in its slot, with DEBUG_SLAB
        self.node: list[KmemCacheNode | None] = [None] * nr_node_ids
        self._clear_statistics()

    def _clear_statistics(self) -> None:
        """Counters of DEBUG_SLAB (STATS)."""
        self.num_active = 0  # unsigned long: below 0 it wraps, as objects of a slab's first use go uncounted
        self.num_allocations = 0
        self.high_mark = 0
        self.grown = 0
        self.reaped = 0
        self.errors = 0
        self.max_freeable = 0
        self.node_allocs = 0
        self.node_frees = 0
        self.node_overflow = 0
        self.allochit = 0
        self.allocmiss = 0
        self.freehit = 0
        self.freemiss = 0

    def get_node(self, nid: int) -> KmemCacheNode:
        """The node structure of `nid`, which exists (mm/slab.h: get_node)."""
        n = self.node[nid]
        if n is None:
            raise KernelBugError(f"cache {self.name} has no structure for node {nid}, or has been destroyed")
        return n
