"""The state of one kernel's mm/slab.c, and what every part of the allocator stands on: objects and kmalloc.

Objects are simulated physical addresses; 0 is NULL. The work is done by the pieces held here: `allocating` (alloc.py),
`freeing` (free.py), `pages` (slab_page.py), `drain` (drain.py) and `reaper` (reap.py). Creation, tuning, hotplug and
boot are functions on this class; allocator.py puts them together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simslab.allocator.allocator import Allocator, Faults
from simslab.allocator.cache import Cache
from simslab.kernel import layout
from simslab.kernel.kernel import Kernel
from simslab.kernel.locking.mutex import Mutex
from simslab.kernel.mm.debug_pagealloc import DirectMap
from simslab.kernel.mm.mempolicy import MemPolicies
from simslab.machine.accounting import callsites
from simslab.machine.core.cpu import Cpu
from simslab.slab import paths
from simslab.slab.alloc import SlabAlloc
from simslab.slab.creation import kmalloc
from simslab.slab.creation.options import SlabOptions
from simslab.slab.debug.checks import SlabDebug
from simslab.slab.free import SlabFree
from simslab.slab.housekeeping.drain import SlabDrain
from simslab.slab.housekeeping.reap import Reaper
from simslab.slab.kmem_cache import ArrayCache, KmemCache, KmemCacheNode
from simslab.slab.shuffle_freelist import FreelistShuffle
from simslab.slab.slab_page import SlabPages
from simslab.slab_common import kmalloc as kmalloc_types
from simslab.slab_common.freelist_random import FreelistRandom
from simslab.slab_common.kmalloc_caches import KmallocCaches
from simslab.slab_common.memcg import enabling
from simslab.slab_common.slab_state import SLAB_MUTEX_OFFSET

if TYPE_CHECKING:
    from simslab.kernel.memcg.charge import MemcgCharging
    from simslab.slab_common.memcg.hooks import MemcgHooks
    from simslab.slab_common.memcg.vectors import SlabPlaces

INSNS_KMALLOC: Final = 23  # beyond kmem_cache_alloc: kmalloc_slab and what __kmalloc has more
INSNS_KMALLOC_NODE: Final = 33
INSNS_SMP_CALL: Final = 830  # on_each_cpu on 4 CPUs: masks, queues, IPI (kernel/smp.c has its parts)
# Speed: own constants are C variables, those of other modules objects (benchmarks/allocator.py, warm pairs).
SITE_ALLOC: Final = callsites.site("kmem_cache_alloc")
SITE_ALLOC_NODE: Final = callsites.site("kmem_cache_alloc_node")
SITE_KMALLOC: Final = callsites.site("__kmalloc")
SITE_KMALLOC_NODE: Final = callsites.site("__kmalloc_node")
SITE_SERIAL_CALL: Final = callsites.site("on_each_cpu")


class SlabCore(Allocator):
    """The caches of one kernel and the ways of their objects.

    `caches` is in order of creation (the kernel's `slab_caches` reversed); `by_index[i]` is the cache of index i, from
    1, None when destroyed; `kmalloc_caches.rows[type][index]` as in the kernel. `pages.observer` is told of slabs
    obtained and destroyed. Every possible CPU has arrays; those in `online_cpus` use them.

    Objects have contents in DEBUG_SLAB kernels only: `debug.read` and `debug.write`
    (debug/checks.py), else `debug` is None.
    """

    def __init__(self, kernel: Kernel, options: SlabOptions | None = None) -> None:
        super().__init__(kernel, paths.PATH_NAMES)
        self.options = options if options is not None else SlabOptions()
        self.caches: list[KmemCache] = []
        self.caches_to_rcu_destroy: list[KmemCache] = []  # shut down; their slabs' grace periods still run
        self.by_index: list[KmemCache | None] = [None]
        self.kmalloc_caches = KmallocCaches(kmalloc.SIZES)
        self.kmem_cache: KmemCache | None = None
        self.memcg: MemcgHooks | None = None
        self.slab_state = 0
        self.slab_max_order = 1
        self.use_alien_caches = False
        self.cpus_in_node: list[int] = []  # CPUs in each node's mask, which CPU 0 joins late in boot
        self.boot_data: int = kernel.boot_data
        self.slab_mutex = Mutex(kernel.boot_data + SLAB_MUTEX_OFFSET, "slab_mutex")
        self._make_parts(kernel)
        self._set_options(kernel)

    def _make_parts(self, kernel: Kernel) -> None:
        """The pieces that do the work."""
        self.pages = SlabPages(kernel.mem_map, kernel.page_allocator, self)
        self.pages.locks = kernel.lock_stats
        self.pages.rcu = kernel.rcu
        self.pages.deny_order = kernel.zonelists
        self.freeing = SlabFree(self.pages, self.by_index, len(kernel.online_nodes))
        self.allocating = SlabAlloc(self.pages, self.freeing, kernel.zonelists)
        self.drain = SlabDrain(self.pages, self.freeing, self.caches, list(kernel.online_nodes))
        self.drain.all_nodes = int(self.options.reap_all_nodes)
        self.freeing.log = self.pages.log = kernel.log
        self.reaper = Reaper(kernel, self.drain, self.slab_mutex)

    def _set_options(self, kernel: Kernel) -> None:
        """Tell the pieces what the build and the boot parameters decide."""
        options = self.options
        if options.debug_pagealloc:
            kernel.page_allocator.direct_map = DirectMap()
        if options.debug_slab:
            debug = SlabDebug(kernel.mem_map, kernel.log, kernel.page_allocator.direct_map)
            self.debug = self.pages.debug = self.pages.lists.debug = debug
            blocks, nodes = self.freeing.blocks, self.allocating.nodes
            for part in (self.pages, self.freeing, blocks, self.allocating, nodes, self.drain):
                part.stats = 1
        self.freeing.hardened = int(options.freelist_hardened)
        self.freeing.init_on_free = kernel.page_allocator.init_on_free = int(options.init_on_free)
        self.allocating.init_on_alloc = kernel.page_allocator.init_on_alloc = int(options.init_on_alloc)
        self.pages.locked_colour = int(options.colour_under_list_lock)
        self.allocating.locked_look = int(options.look_under_list_lock)
        self.allocating.locked_refill = self.allocating.nodes.locked_refill = int(options.refill_under_list_lock)
        if options.freelist_random:
            self.pages.randomizer = FreelistShuffle(kernel.mem_map, FreelistRandom(options.freelist_seed))

    def set_policies(self, policies: MemPolicies) -> None:
        """Let the tasks on the CPUs have memory policies and cpusets from now on."""
        self.allocating.policies = self.allocating.nodes.policies = policies
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

        mem_map = self.kernel.mem_map
        return SlabPlaces(
            first=lambda pfn: mem_map.get("s_mem", pfn),
            objects=lambda cache, _: cache.num,  # type: ignore[attr-defined]
            size_offset=layout.KMEM_CACHE_SIZE,
        )

    # -- objects ------------------------------------------------------------------------------------------------------

    def kmem_cache_alloc(self, cpu: Cpu, cache: Cache, flags: int) -> int:
        """Allocate an object; 0 when there is none (mm/slab.c: kmem_cache_alloc)."""
        own: KmemCache = cache  # type: ignore[assignment]
        objp = self.allocating.slab_alloc(cpu, own, flags, SITE_ALLOC)
        return objp + own.obj_offset if objp else 0

    def kmem_cache_alloc_node(self, cpu: Cpu, cache: Cache, flags: int, nodeid: int) -> int:
        """Allocate an object of node `nodeid`, -1 for any (mm/slab.c: kmem_cache_alloc_node)."""
        own: KmemCache = cache  # type: ignore[assignment]
        objp = self.allocating.slab_alloc_node(cpu, own, flags, nodeid, SITE_ALLOC_NODE)
        return objp + own.obj_offset if objp else 0

    def kmem_cache_free(self, cpu: Cpu, cache: Cache, objp: int) -> int:
        """Free an object of `cache` (mm/slab.c: kmem_cache_free)."""
        own: KmemCache = cache  # type: ignore[assignment]
        return self.freeing.kmem_cache_free(cpu, own, objp - own.obj_offset)

    def kmem_cache_alloc_bulk(self, cpu: Cpu, cache: Cache, flags: int, size: int) -> list[int]:
        """Allocate `size` objects, or none and an empty list (mm/slab.c: kmem_cache_alloc_bulk)."""
        own: KmemCache = cache  # type: ignore[assignment]
        objects = self.allocating.kmem_cache_alloc_bulk(cpu, own, flags, size)
        return [objp + own.obj_offset for objp in objects] if own.obj_offset else objects

    def kmem_cache_free_bulk(self, cpu: Cpu, cache: Cache, objects: list[int]) -> int:
        """Free objects of `cache` in order (mm/slab.c: kmem_cache_free_bulk)."""
        own: KmemCache = cache  # type: ignore[assignment]
        slots = [objp - own.obj_offset for objp in objects] if own.obj_offset else objects
        return self.freeing.kmem_cache_free_bulk(cpu, own, slots)

    def kmalloc_slab(self, size: int, flags: int) -> KmemCache | None:
        """The cache for `size` bytes; None for 0, beyond 4 MiB or before it exists (mm/slab_common.c: kmalloc_slab)."""
        own: KmemCache | None = self.kmalloc_caches.kmalloc_slab(size, flags)  # type: ignore[assignment]
        return own

    def kmalloc(self, cpu: Cpu, size: int, flags: int) -> int:
        """Allocate `size` bytes; 16 (ZERO_SIZE_PTR) for none, 0 on failure (mm/slab.c: __kmalloc)."""
        if size == 0:
            return kmalloc_types.ZERO_SIZE_PTR
        cache = self.kmalloc_slab(size, flags)
        if cache is None:
            return 0
        cpu.insn(INSNS_KMALLOC)
        objp = self.allocating.slab_alloc(cpu, cache, flags, SITE_KMALLOC)
        return objp + cache.obj_offset if objp else 0

    def kmalloc_node(self, cpu: Cpu, size: int, flags: int, nodeid: int) -> int:
        """Allocate `size` bytes on node `nodeid` (mm/slab.c: __kmalloc_node)."""
        if size == 0:
            return kmalloc_types.ZERO_SIZE_PTR
        cache = self.kmalloc_slab(size, flags)
        if cache is None:
            return 0
        cpu.insn(INSNS_KMALLOC_NODE)
        objp = self.allocating.slab_alloc_node(cpu, cache, flags, nodeid, SITE_KMALLOC_NODE)
        return objp + cache.obj_offset if objp else 0

    def kfree(self, cpu: Cpu, objp: int) -> int:
        """Free what kmalloc returned; NULL and ZERO_SIZE_PTR do nothing (mm/slab.c: kfree)."""
        if objp <= kmalloc_types.ZERO_SIZE_PTR:
            return 0
        if self.debug is not None:
            self.pages.debug.kfree_debugcheck(cpu, objp)
            objp -= self.freeing.virt_to_cache(cpu, objp).obj_offset
        return self.freeing.kfree(cpu, objp)

    def kmalloc_node_times(self, cpu: Cpu, size: int, flags: int, nodeid: int, found: ArrayCache, count: int) -> int:
        """Put what `count` calls of kmalloc_node return on top of `found`, up to the first that fails; how many.

        `size` is not 0.

        Speed: a compiled loop that asks once for the cache, for the millions of alien arrays of a large machine's boot
        (benchmarks/boot.py).
        """
        before = found.avail
        cache = self.kmalloc_slab(size, flags)
        if cache is None:
            return 0
        for _ in range(count):
            cpu.insn(INSNS_KMALLOC_NODE)
            objp = self.allocating.slab_alloc_node(cpu, cache, flags, nodeid, SITE_KMALLOC_NODE)
            if not objp:
                break
            found.entry[found.avail] = objp + cache.obj_offset
            found.avail += 1
        return found.avail - before

    def kfree_all(self, cpu: Cpu, objects: ArrayCache) -> int:
        """Call kfree for what is in `objects`, the oldest first; none is NULL or ZERO_SIZE_PTR. It is empty then.

        Speed: without a debug kernel's checks nobody looks for a method that overrides kfree (benchmarks/boot.py).
        """
        for i in range(objects.avail):
            if self.debug is None:
                self.freeing.kfree(cpu, objects.entry[i])
            else:
                self.kfree(cpu, objects.entry[i])
        objects.avail = 0
        return 0

    def virt_to_cache(self, cpu: Cpu, objp: int) -> KmemCache:
        """The cache of an object (mm/slab.h: virt_to_cache)."""
        return self.freeing.virt_to_cache(cpu, objp)

    def ksize(self, cpu: Cpu, objp: int) -> int:
        """Bytes that may be used at `objp` (mm/slab.c: __ksize)."""
        return 0 if objp <= kmalloc_types.ZERO_SIZE_PTR else int(self.virt_to_cache(cpu, objp).object_size)

    # -- all CPUs -----------------------------------------------------------------------------------------------------

    def kmem_cache_shrink(self, cpu: Cpu, cache: Cache) -> int:
        """Empty all arrays and destroy free slabs; 1 when slabs are left (mm/slab_common.c: kmem_cache_shrink)."""
        own: KmemCache = cache  # type: ignore[assignment]
        with self.kernel.hotplug.held_off(cpu):
            return self.shrink_online(cpu, own)

    def shrink_online(self, cpu: Cpu, cache: KmemCache) -> int:
        """Body of kmem_cache_shrink, under the hotplug locks (mm/slab.c: __kmem_cache_shrink)."""
        others = [i for i in self.online_cpus if i != cpu.id]
        return self.kmem_cache_shrink_in_order(cpu, cache, [*others, cpu.id])

    def kmem_cache_shrink_in_order(self, cpu: Cpu, cache: KmemCache, order: list[int]) -> int:
        """__kmem_cache_shrink with the CPUs answering the drain interrupt in `order`."""
        self.on_each_cpu(cpu, cache, order)
        self.drain.drain_nodes(cpu, cache)
        return self.drain.shrink_nodes(cpu, cache)

    def on_each_cpu(self, cpu: Cpu, cache: KmemCache, order: list[int]) -> None:
        """Run do_drain for every CPU of `order`, itself included (kernel/smp.c: on_each_cpu). Interrupts on."""
        if self.kernel.machine.engine.running:
            self.kernel.smp.on_each_cpu(cpu, order, lambda target: self.drain.do_drain(target, cache))
            return
        cpu.insn(INSNS_SMP_CALL)
        for target in (self.kernel.machine.cpus[cpu_id] for cpu_id in order):
            flags = target.irq_save(SITE_SERIAL_CALL)
            self.drain.do_drain(target, cache)
            target.irq_restore(flags)

    def kick_all_cpus_sync(self, cpu: Cpu) -> None:
        """Wait until every other CPU has left whatever it did with interrupts off (kernel/smp.c)."""
        if self.kernel.machine.engine.running:
            others = [self.kernel.machine.cpus[i] for i in self.online_cpus if i != cpu.id]
            self.kernel.smp.call_function_many(cpu, others, do_nothing)

    def free_array(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode, ac: ArrayCache, site: int) -> int:
        """Put the objects of a retired array back into the slabs of its node. Interrupts on."""
        return self.drain.free_array(cpu, cache, n, ac, site)


def do_nothing(cpu: Cpu) -> None:
    """The function of kick_all_cpus_sync (kernel/smp.c: do_nothing)."""
