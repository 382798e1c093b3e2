"""The state of one kernel's mm/slub.c and its object paths; what makes and changes caches works on it from above.

Objects are simulated physical addresses; 0 is NULL. The surface is that of `simslab.allocator`. Every call names the
CPU on which it runs, and charges that CPU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simslab.allocator.allocator import Allocator, Faults
from simslab.allocator.cache import Cache
from simslab.kernel.bug import KernelBugError
from simslab.kernel.kernel import Kernel
from simslab.kernel.locking.mutex import Mutex
from simslab.kernel.locking.spinlock import SpinLock
from simslab.kernel.mm import gfp
from simslab.kernel.mm.mempolicy import MemPolicies
from simslab.kernel.mm.page import PG_HEAD, PG_SLAB
from simslab.machine.core.cpu import Cpu
from simslab.slab_common import kmalloc as kmalloc_types
from simslab.slab_common.freelist_random import FreelistRandom
from simslab.slab_common.kmalloc_caches import KmallocCaches
from simslab.slab_common.memcg import enabling
from simslab.slab_common.slab_state import SLAB_MUTEX_OFFSET
from simslab.slub import flags as fl
from simslab.slub import layout, paths
from simslab.slub.alloc import SlubAlloc
from simslab.slub.cpu_slab import CpuSlab
from simslab.slub.creation import kmalloc
from simslab.slub.creation.geometry import Rules, get_order
from simslab.slub.creation.options import SlubOptions
from simslab.slub.debug.checks import SlubDebug
from simslab.slub.debug.contents import SlubContents
from simslab.slub.debug.reports import SlubReports
from simslab.slub.free import SlubFree
from simslab.slub.housekeeping.out_of_memory import OutOfMemory
from simslab.slub.kmem_cache import KmemCache
from simslab.slub.lists.cpu_partial import CpuPartial
from simslab.slub.lists.get_partial import GetPartial
from simslab.slub.lists.node_list import NodeLists
from simslab.slub.shuffle_freelist import FreelistShuffle
from simslab.slub.slab_page import SlubPages

if TYPE_CHECKING:
    from simslab.kernel.memcg.charge import MemcgCharging
    from simslab.slab_common.memcg.hooks import MemcgHooks
    from simslab.slab_common.memcg.vectors import SlabPlaces

SLAB_PAGE: Final = PG_SLAB
HEAD_PAGE: Final = PG_HEAD
INSNS_KMALLOC: Final = 27  # beyond kmem_cache_alloc: kmalloc_slab and what __kmalloc has more
INSNS_KMALLOC_NODE: Final = 27  # estimate
INSNS_KMALLOC_LARGE: Final = 40  # estimate: kmalloc_order


class SlubCore(Allocator):
    """All SLUB caches of one kernel.

    `caches` is in order of creation; `by_index[i]` is the cache of index i, from 1, None when destroyed;
    `kmalloc_caches.rows[type][index]` as in the kernel. `observe(observer)` has all parts tell what they do.
    """

    def __init__(self, kernel: Kernel, options: SlubOptions | None = None) -> None:
        super().__init__(kernel, paths.PATH_NAMES)
        self.options = options if options is not None else SlubOptions()
        self.caches: list[KmemCache] = []
        self.caches_to_rcu_destroy: list[KmemCache] = []
        self.by_index: list[KmemCache | None] = [None]
        self.kmalloc_caches = KmallocCaches(kmalloc.SIZES)
        self.kmem_cache: KmemCache | None = None
        self.memcg: MemcgHooks | None = None
        self.kmem_cache_node: KmemCache | None = None
        self.slab_state = 0
        self.boot_data: int = kernel.boot_data
        self.slab_mutex = Mutex(kernel.boot_data + SLAB_MUTEX_OFFSET, "slab_mutex")
        self.flush_order: list[int] = []  # model: in which CPUs answer flush_all, where a record tells it
        topology = kernel.machine.topology
        has_memory = [int(node.memory > 0) for node in topology.nodes]
        self.nodes_with_memory = [nid for nid, memory in enumerate(has_memory) if memory]
        self.pages = SlubPages(kernel.mem_map, kernel.page_allocator)
        self.pages.locks, self.pages.rcu, self.pages.log = kernel.lock_stats, kernel.rcu, kernel.log
        self.pages.deny_order = kernel.zonelists
        self.lists = NodeLists(kernel.mem_map)
        self.partial = CpuPartial(self.pages, self.lists)
        self.slabs = CpuSlab(self.pages, self.partial)
        self.get_partial = GetPartial(self.pages, self.partial)
        self.allocating = SlubAlloc(self.pages, self.slabs, self.get_partial, has_memory)
        self.freeing = SlubFree(self.pages, self.partial, self.by_index)
        self.allocating.freeing = self.freeing
        self.allocating.out_of_memory = OutOfMemory(self.pages, self.lists, kernel.log)
        self.pages.freelists.hardened = int(self.options.freelist_hardened)
        self.pages.counted = 0 if self.options.no_slub_debug else 1
        if self.options.freelist_random:
            self.pages.shuffle = FreelistShuffle(FreelistRandom(self.options.freelist_seed))
        contents = SlubContents(kernel.mem_map, self.pages.freelists)
        self.reports = SlubReports(self.pages, contents, kernel.log, kernel.jiffies)
        if self.options.debug_enabled():
            self.debug = self.pages.debug = SlubDebug(self.pages, self.reports)
        self.allocating.init_on_alloc = kernel.page_allocator.init_on_alloc = int(self.options.init_on_alloc)
        self.allocating.init_on_free = self.freeing.init_on_free = int(self.options.init_on_free)
        kernel.page_allocator.init_on_free = int(self.options.init_on_free)

    def observe(self, observer: object) -> None:
        """Let `observer` be told of slabs obtained, discarded, moved between lists, and of flushes."""
        for part in (self.pages, self.lists, self.partial, self.slabs):
            part.observer = observer

    def set_policies(self, policies: MemPolicies) -> None:
        """Let the tasks on the CPUs have memory policies and cpusets from now on."""
        self.get_partial.policies = policies
        self.kernel.page_allocator.cpusets = policies

    def set_failslab(self, faults: Faults | None) -> None:
        """Let allocations fail from now on; None: no more (slab_common/memcg/enabling.py)."""
        enabling.set_failslab(self, faults)

    def set_memcg(self, charging: MemcgCharging) -> None:
        """Charge the objects of tasks to their memory cgroups from now on (slab_common/memcg/enabling.py)."""
        enabling.set_memcg(self, charging)

    def slab_places(self) -> SlabPlaces:
        """Where a slab has its objects, for vectors beside it."""
        from simslab.slab_common.memcg.vectors import SlabPlaces

        return SlabPlaces(
            first=lambda pfn: pfn << layout.PAGE_SHIFT,
            objects=lambda _, pfn: self.pages.objects(pfn),
            size_offset=layout.KMEM_CACHE_SIZE,
        )

    def rules(self) -> Rules:
        """Return what decides the sizes of caches."""
        options = self.options
        return Rules(
            self.kernel.nr_cpu_ids,
            options.slub_min_order,
            options.slub_max_order,
            options.slub_min_objects,
            options.debug_enabled(),
            options.disable_higher_order_debug(),
        )

    def new_lock(self, addr: int, name: str) -> SpinLock:
        """Return the lock of a node structure."""
        return SpinLock(addr, self.kernel.lock_stats.lock_class(name))

    # -- objects ------------------------------------------------------------------------------------------------------

    def kmem_cache_alloc(self, cpu: Cpu, cache: Cache, flags: int) -> int:
        """Allocate an object; 0 when there is none (mm/slub.c: kmem_cache_alloc)."""
        own: KmemCache = cache  # type: ignore[assignment]
        return self.allocating.slab_alloc_node(cpu, own, flags, gfp.NUMA_NO_NODE, 0)

    def kmem_cache_alloc_node(self, cpu: Cpu, cache: Cache, flags: int, nodeid: int) -> int:
        """Allocate an object of node `nodeid`, -1 for any (mm/slub.c: kmem_cache_alloc_node)."""
        own: KmemCache = cache  # type: ignore[assignment]
        return self.allocating.slab_alloc_node(cpu, own, flags, nodeid, 1)

    def kmem_cache_free(self, cpu: Cpu, cache: Cache, objp: int) -> int:
        """Free an object of `cache` (mm/slub.c: kmem_cache_free)."""
        own: KmemCache = cache  # type: ignore[assignment]
        return self.freeing.kmem_cache_free(cpu, own, objp)

    def kmem_cache_alloc_bulk(self, cpu: Cpu, cache: Cache, flags: int, size: int) -> list[int]:
        """Allocate `size` objects, or none and an empty list (mm/slub.c: kmem_cache_alloc_bulk)."""
        own: KmemCache = cache  # type: ignore[assignment]
        return self.allocating.kmem_cache_alloc_bulk(cpu, own, flags, size)

    def kmem_cache_free_bulk(self, cpu: Cpu, cache: Cache, objects: list[int]) -> int:
        """Free objects of `cache` (mm/slub.c: kmem_cache_free_bulk)."""
        own: KmemCache = cache  # type: ignore[assignment]
        return self.freeing.kmem_cache_free_bulk(cpu, own, list(objects))

    def kmalloc_slab(self, size: int, flags: int) -> KmemCache | None:
        """The cache for `size` > 0 bytes, None beyond the largest (mm/slab_common.c: kmalloc_slab)."""
        own: KmemCache | None = self.kmalloc_caches.kmalloc_slab(size, flags)  # type: ignore[assignment]
        return own

    def kmalloc(self, cpu: Cpu, size: int, flags: int) -> int:
        """Allocate `size` bytes; 16 (ZERO_SIZE_PTR) for none, 0 on failure (mm/slub.c: __kmalloc)."""
        if size == 0:
            return kmalloc_types.ZERO_SIZE_PTR
        cache = self.kmalloc_slab(size, flags)
        if cache is None:
            return self.kmalloc_large(cpu, size, flags, gfp.NUMA_NO_NODE, 1)
        cpu.insn(INSNS_KMALLOC)
        return self.kmem_cache_alloc(cpu, cache, flags)

    def kmalloc_node(self, cpu: Cpu, size: int, flags: int, nodeid: int) -> int:
        """Allocate `size` bytes on node `nodeid` (mm/slub.c: __kmalloc_node)."""
        if size == 0:
            return kmalloc_types.ZERO_SIZE_PTR
        cache = self.kmalloc_slab(size, flags)
        if cache is None:
            return self.kmalloc_large(cpu, size, flags, nodeid, 0)
        cpu.insn(INSNS_KMALLOC_NODE)
        return self.kmem_cache_alloc_node(cpu, cache, flags, nodeid)

    def kmalloc_large(self, cpu: Cpu, size: int, flags: int, nodeid: int, by_policy: int) -> int:
        """Pages for a request beyond the largest cache; 0 on failure (mm/slub.c: kmalloc_large_node, kmalloc_order).

        Those of kmalloc_order are where the task's policy has them (`by_policy`).
        """
        order = get_order(size)
        if order > kmalloc.KMALLOC_MAX_ORDER:
            return 0
        cpu.insn(INSNS_KMALLOC_LARGE)
        pages = self.kernel.page_allocator
        if by_policy:
            if flags & gfp.GFP_SLAB_BUG_MASK:
                flags = kmalloc_types.warn_and_fix_flags(self.pages.log, cpu, flags)
            pfn: int = pages.alloc_pages_current(cpu, flags | gfp.COMP, order)
        else:
            pfn = pages.alloc_pages(cpu, flags | gfp.COMP, order, nodeid)
        return pfn << layout.PAGE_SHIFT if pfn >= 0 else 0

    def kfree(self, cpu: Cpu, objp: int) -> int:
        """Free what kmalloc returned; NULL and ZERO_SIZE_PTR do nothing (mm/slub.c: kfree)."""
        if objp <= kmalloc_types.ZERO_SIZE_PTR:
            return 0
        mem_map = self.pages.mem_map
        pfn = mem_map.get("head", objp >> layout.PAGE_SHIFT)
        if mem_map.get("flags", pfn) & SLAB_PAGE:
            return self.freeing.kfree(cpu, objp)
        if not mem_map.get("flags", pfn) & HEAD_PAGE:
            raise KernelBugError(f"kfree of {objp:#x}, which is neither in a slab nor a large block in use")
        cpu.insn(INSNS_KMALLOC_LARGE)
        return int(self.kernel.page_allocator.free_pages(cpu, pfn, mem_map.get("order", pfn)))

    def ksize(self, cpu: Cpu, objp: int) -> int:
        """Bytes that may be used at `objp` (mm/slub.c: __ksize; mm/slab.h: slab_ksize)."""
        if objp <= kmalloc_types.ZERO_SIZE_PTR:
            return 0
        mem_map = self.pages.mem_map
        pfn = mem_map.get("head", objp >> layout.PAGE_SHIFT)
        if not mem_map.get("flags", pfn) & SLAB_PAGE:
            return layout.PAGE_SIZE << mem_map.get("order", pfn)
        cache = self.by_index[mem_map.get("slab_cache", pfn)]
        if cache is None:
            raise KernelBugError(f"ksize of {objp:#x}, whose cache has been destroyed")
        return slab_ksize(cache)

    def statistics(self, cache: KmemCache) -> list[int]:
        """Counters of a cache summed over CPUs, in the order of stat_item.STAT_ITEMS."""
        return [sum(column) for column in zip(*(c.stats() for c in cache.cpu_slab), strict=True)]


def slab_ksize(cache: KmemCache) -> int:
    """Bytes of an object that its user may have (mm/slab.h: slab_ksize)."""
    if cache.flags & (fl.SLAB_RED_ZONE | fl.SLAB_POISON):
        return cache.object_size
    if cache.flags & (fl.SLAB_TYPESAFE_BY_RCU | fl.SLAB_STORE_USER):
        return cache.inuse
    return cache.size
