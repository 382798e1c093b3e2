"""The allocator as its users see it: caches, objects, and the state of one kernel's mm/slab.c.

Objects are simulated physical addresses; 0 is NULL. The work is done by the pieces it holds: `allocating` (alloc.py),
`freeing` (free.py), `pages` (slab_page.py) and `drain` (drain.py); creation and tuning are functions of other modules
on this class. Every call names the CPU on which it runs, and charges that CPU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simslab.kernel.bug import KernelBugError
from simslab.kernel.locking.mutex import Mutex
from simslab.kernel.mm import gfp
from simslab.kernel.mm.mempolicy import MemPolicies
from simslab.kernel.time.jiffies import round_jiffies_relative
from simslab.kernel.time.workqueue import DelayedWork
from simslab.machine.accounting import callsites
from simslab.machine.core.cpu import Cpu
from simslab.slab.alloc import SlabAlloc
from simslab.slab.creation import kmalloc
from simslab.slab.creation.object_source import ObjectSource
from simslab.slab.creation.options import SlabOptions
from simslab.slab.debug.checks import SlabDebug
from simslab.slab.drain import SlabDrain
from simslab.slab.free import SlabFree
from simslab.slab.freelist_random import FreelistRandom
from simslab.slab.kmem_cache import ArrayCache, KmemCache, KmemCacheNode
from simslab.slab.slab_page import SlabPages

if TYPE_CHECKING:
    from simslab.kernel.kernel import Kernel

NR_INDEXES: Final = kmalloc.KMALLOC_SHIFT_HIGH + 1
SMALL_SIZE: Final = 192  # up to here the size class comes from a table
REAPTIMEOUT_AC: Final = 2  # seconds
REAPTIMEOUT_NODE: Final = 4

INSNS_KMALLOC: Final = 23  # beyond kmem_cache_alloc: kmalloc_slab and what __kmalloc has more
INSNS_KMALLOC_NODE: Final = 33
INSNS_SMP_CALL: Final = 830  # on_each_cpu on 4 CPUs: masks, queues, IPI (kernel/smp.py has its parts)
SITE_SERIAL_CALL: Final = callsites.site("on_each_cpu")
SLAB_MUTEX_OFFSET: Final = 128 << 10  # in the kernel's static data


class SlabAllocator(ObjectSource):
    """All slab caches of one kernel (mm/slab.c, mm/slab_common.c).

    `caches` is in order of creation (the kernel's `slab_caches` reversed); `by_index[i]` is the cache of index i, from
    1, None when destroyed; `kmalloc_caches[type][index]` as in the kernel. `pages.observer` is told of slabs obtained
    and destroyed. Every possible CPU has arrays; those in `online_cpus` use them.

    Objects have contents in DEBUG_SLAB kernels only: `debug.read` and `debug.write` (debug.py), else `debug` is None.
    """

    def __init__(self, kernel: Kernel, options: SlabOptions | None = None) -> None:
        self.kernel = kernel
        self.options = options if options is not None else SlabOptions()
        self.caches: list[KmemCache] = []
        self.caches_to_rcu_destroy: list[KmemCache] = []  # shut down; their slabs' grace periods still run
        self.by_index: list[KmemCache | None] = [None]
        self.kmalloc_caches: list[list[KmemCache | None]] = [
            [None] * NR_INDEXES for _ in range(kmalloc.NR_KMALLOC_TYPES)
        ]
        self.size_index: list[int] = [kmalloc.kmalloc_index(size) for size in range(SMALL_SIZE + 1)]
        self.kmem_cache: KmemCache | None = None
        self.slab_state = 0
        self.slab_max_order = 1
        self.use_alien_caches = False
        self.online_cpus: list[int] = []
        self.cpus_in_node: list[int] = []  # CPUs in each node's mask, which CPU 0 joins late in boot
        self.boot_data: int = kernel.boot_data
        self.slab_mutex = Mutex(kernel.boot_data + SLAB_MUTEX_OFFSET, "slab_mutex")
        self.pages = SlabPages(kernel.mem_map, kernel.page_allocator)
        self.pages.source = self
        self.pages.locks = kernel.lock_stats
        self.pages.rcu = kernel.rcu
        self.pages.deny_order = kernel.zonelists
        self.freeing = SlabFree(self.pages, self.by_index, len(kernel.online_nodes))
        self.allocating = SlabAlloc(self.pages, self.freeing, kernel.zonelists)
        self.drain = SlabDrain(self.pages, self.freeing, self.caches, list(kernel.online_nodes))
        self.debug: SlabDebug | None = None
        debug = 1 if self.options.debug_slab else 0
        for part in (self.pages, self.freeing, self.freeing.blocks, self.allocating, self.allocating.nodes, self.drain):
            part.stats = debug
        if debug:
            self.debug = SlabDebug(kernel.mem_map, kernel.log, self.options.debug_pagealloc)
            self.pages.debug = self.pages.lists.debug = self.debug
        self.freeing.log = self.pages.log = kernel.log
        self.freeing.hardened = int(self.options.freelist_hardened)
        self.freeing.init_on_free = int(self.options.init_on_free)
        self.allocating.init_on_alloc = int(self.options.init_on_alloc)
        if self.options.freelist_random:
            self.pages.randomizer = FreelistRandom(kernel.mem_map, self.options.freelist_seed)
        self.slab_reap_node: list[int] = [
            kernel.node_online_map.next_node_in(kernel.cpu_to_mem[i]) for i in range(kernel.nr_cpu_ids)
        ]

    def set_policies(self, policies: MemPolicies) -> None:
        """Let the tasks on the CPUs have memory policies and cpusets from now on."""
        self.allocating.policies = self.allocating.nodes.policies = policies
        self.kernel.page_allocator.cpusets = policies

    def boot(self, standing: bool = True) -> None:
        """Bring the allocator up (boot.py)."""
        from simslab.slab.creation import boot

        boot.boot(self, standing)

    # -- objects ------------------------------------------------------------------------------------------------------

    def kmem_cache_alloc(self, cpu: Cpu, cache: KmemCache, flags: int) -> int:
        """Allocate an object; 0 when there is none (mm/slab.c: kmem_cache_alloc)."""
        objp = self.allocating.slab_alloc(cpu, cache, flags)
        return objp + cache.obj_offset if objp else 0

    def kmem_cache_alloc_node(self, cpu: Cpu, cache: KmemCache, flags: int, nodeid: int) -> int:
        """Allocate an object of node `nodeid`, -1 for any (mm/slab.c: kmem_cache_alloc_node)."""
        objp = self.allocating.slab_alloc_node(cpu, cache, flags, nodeid)
        return objp + cache.obj_offset if objp else 0

    def kmem_cache_free(self, cpu: Cpu, cache: KmemCache, objp: int) -> int:
        """Free an object of `cache` (mm/slab.c: kmem_cache_free)."""
        return self.freeing.kmem_cache_free(cpu, cache, objp - cache.obj_offset)

    def kmem_cache_alloc_bulk(self, cpu: Cpu, cache: KmemCache, flags: int, size: int) -> list[int]:
        """Allocate `size` objects, or none and an empty list (mm/slab.c: kmem_cache_alloc_bulk)."""
        objects = self.allocating.kmem_cache_alloc_bulk(cpu, cache, flags, size)
        return [objp + cache.obj_offset for objp in objects] if cache.obj_offset else objects

    def kmem_cache_free_bulk(self, cpu: Cpu, cache: KmemCache, objects: list[int]) -> int:
        """Free objects of `cache` in order (mm/slab.c: kmem_cache_free_bulk)."""
        slots = [objp - cache.obj_offset for objp in objects] if cache.obj_offset else objects
        return self.freeing.kmem_cache_free_bulk(cpu, cache, slots)

    def kmalloc_slab(self, size: int, flags: int) -> KmemCache | None:
        """The cache for `size` bytes; None for 0, beyond 4 MiB or before it exists (mm/slab_common.c: kmalloc_slab)."""
        if size <= SMALL_SIZE:
            index = self.size_index[size]
        elif size > kmalloc.KMALLOC_MAX_CACHE_SIZE:
            return None
        else:
            index = 8
            while size > 1 << index:
                index += 1
        kind = 0 if not flags & (gfp.DMA | gfp.RECLAIMABLE) else 2 if flags & gfp.DMA else 1
        row = self.kmalloc_caches[kind]
        return row[index]

    def kmalloc(self, cpu: Cpu, size: int, flags: int) -> int:
        """Allocate `size` bytes; 16 (ZERO_SIZE_PTR) for none, 0 on failure (mm/slab.c: __kmalloc)."""
        if size == 0:
            return kmalloc.ZERO_SIZE_PTR
        cache = self.kmalloc_slab(size, flags)
        if cache is None:
            return 0
        cpu.insn(INSNS_KMALLOC)
        return self.kmem_cache_alloc(cpu, cache, flags)

    def kmalloc_node(self, cpu: Cpu, size: int, flags: int, nodeid: int) -> int:
        """Allocate `size` bytes on node `nodeid` (mm/slab.c: __kmalloc_node)."""
        if size == 0:
            return kmalloc.ZERO_SIZE_PTR
        cache = self.kmalloc_slab(size, flags)
        if cache is None:
            return 0
        cpu.insn(INSNS_KMALLOC_NODE)
        return self.kmem_cache_alloc_node(cpu, cache, flags, nodeid)

    def kfree(self, cpu: Cpu, objp: int) -> int:
        """Free what kmalloc returned; NULL and ZERO_SIZE_PTR do nothing (mm/slab.c: kfree)."""
        if objp <= kmalloc.ZERO_SIZE_PTR:
            return 0
        if self.debug is not None:
            self.debug.kfree_debugcheck(cpu, objp)
            objp -= self.freeing.virt_to_cache(cpu, objp).obj_offset
        return self.freeing.kfree(cpu, objp)

    def kmalloc_node_times(self, cpu: Cpu, size: int, flags: int, nodeid: int, count: int) -> list[int]:
        """What `count` calls of kmalloc_node return, up to the first that fails.

        Speed: a compiled loop, for the millions of alien arrays of a large machine's boot (benchmarks/README.md).
        """
        found: list[int] = []
        for _ in range(count):
            objp = self.kmalloc_node(cpu, size, flags, nodeid)
            if not objp:
                break
            found.append(objp)
        return found

    def kfree_all(self, cpu: Cpu, objects: list[int]) -> int:
        """Call kfree for each of `objects`, in order."""
        for objp in objects:
            self.kfree(cpu, objp)
        return 0

    def virt_to_cache(self, cpu: Cpu, objp: int) -> KmemCache:
        """The cache of an object (mm/slab.h: virt_to_cache)."""
        return self.freeing.virt_to_cache(cpu, objp)

    def ksize(self, cpu: Cpu, objp: int) -> int:
        """Bytes that may be used at `objp` (mm/slab.c: __ksize)."""
        return 0 if objp <= kmalloc.ZERO_SIZE_PTR else int(self.virt_to_cache(cpu, objp).object_size)

    # -- caches -------------------------------------------------------------------------------------------------------

    def kmem_cache_create(
        self,
        name: str,
        size: int,
        align: int = 0,
        flags: int = 0,
        ctor: int = 0,
        useroffset: int = 0,
        usersize: int = 0,
        cpu: Cpu | None = None,
    ) -> KmemCache | None:
        """Create or share a cache; None when it cannot be made (slab_common.py)."""
        from simslab.slab.creation import slab_common

        return slab_common.kmem_cache_create_usercopy(self, name, size, align, flags, ctor, useroffset, usersize, cpu)

    def kmem_cache_destroy(self, cache: KmemCache, cpu: Cpu | None = None) -> int:
        """Drop a reference to a cache; -EBUSY when the last one goes and objects are left (destroy.py)."""
        from simslab.slab.creation import destroy

        return destroy.kmem_cache_destroy(self, cache, cpu)

    def slabinfo_write(self, text: str, cpu: Cpu | None = None) -> int:
        """Tune a cache by a line `name limit batchcount shared` (cpucache.py)."""
        from simslab.slab.creation import cpucache

        return cpucache.slabinfo_write(self, text, gfp.GFP_KERNEL, cpu)

    def kmem_cache_shrink(self, cpu: Cpu, cache: KmemCache) -> int:
        """Empty all arrays and destroy free slabs; 1 when slabs are left (mm/slab_common.c: kmem_cache_shrink)."""
        others = [i for i in self.online_cpus if i != cpu.id]
        return self.kmem_cache_shrink_in_order(cpu, cache, [*others, cpu.id])

    def kmem_cache_shrink_in_order(self, cpu: Cpu, cache: KmemCache, order: list[int]) -> int:
        """kmem_cache_shrink with the CPUs answering the drain interrupt in `order`."""
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

    # -- reaping ------------------------------------------------------------------------------------------------------

    def reap_node(self, cpu_id: int) -> int:
        """The node whose aliens `cpu_id` sends home at its next reaping."""
        return self.slab_reap_node[cpu_id]

    def set_reap_node(self, cpu_id: int, nid: int) -> None:
        """Set what `reap_node` returns."""
        self.slab_reap_node[cpu_id] = nid

    def start_cpu_timer(self, cpu: Cpu) -> None:
        """Let `cpu` reap about once every 2 s from now on (mm/slab.c: start_cpu_timer)."""
        self.schedule_reap(cpu, self.kernel.hz)

    def schedule_reap(self, cpu: Cpu, delay: int) -> None:
        """Queue the reaper `delay` jiffies from now, rounded so that the CPUs' seconds begin one after the other.

        Its timer is deferrable: on an idle CPU it waits until something else wakes the CPU.
        """
        kernel = self.kernel
        rounded = round_jiffies_relative(delay, cpu.id, kernel.hz, kernel.jiffies(cpu))
        kernel.schedule_delayed_work_on(cpu, DelayedWork(self.reap_work, deferrable=True), rounded)

    def reap_work(self, cpu: Cpu) -> None:
        """The delayed work: reap, and queue itself again (mm/slab.c: cache_reap)."""
        self.cache_reap(cpu)
        self.schedule_reap(cpu, REAPTIMEOUT_AC * self.kernel.hz)

    def cache_reap(self, cpu: Cpu) -> int:
        """Reap all caches for this CPU, then let its rotor go on; 0 if slab_mutex was taken (mm/slab.c: cache_reap).

        Interrupts on.
        """
        if cpu.irqs_off:
            raise KernelBugError("cache_reap with interrupts off")
        cpu.settle()
        if self.slab_mutex.owner >= 0:
            return 0
        kernel = self.kernel
        reap_node = self.slab_reap_node[cpu.id]
        self.slab_mutex.lock(cpu)
        self.drain.reap_caches(cpu, reap_node, kernel.jiffies(cpu), REAPTIMEOUT_NODE * kernel.hz)
        self.slab_mutex.unlock(cpu)
        self.slab_reap_node[cpu.id] = kernel.node_online_map.next_node_in(reap_node)
        return 1


def do_nothing(cpu: Cpu) -> None:
    """The function of kick_all_cpus_sync (kernel/smp.c: do_nothing)."""
