"""Slab pages of SLUB: their counters and how they change, obtaining and laying out, discarding (mm/slub.c).

A slab's `freelist` and `counters` lie side by side in struct page and change together (`cmpxchg_double_slab`). Here
`MemMap.freelist` is the first and `MemMap.s_mem` the second, as both share their word in the kernel: bits 0-15 are
`inuse`, 16-30 `objects`, 31 `frozen`. Likewise `MemMap.next` and `prev` hold `next` and `pages`/`pobjects` of a slab on
a CPU's list, and the links of `slab_list` of one on a node's list.

Instruction counts are those of the compiled kernel by function, accesses in its order (golden-slub). Words of one line
touched in a row are charged once; per-CPU variables and globals of the kernel are part of the instruction cost.
"""

from __future__ import annotations

from typing import Any, Final

from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm import gfp
from simslab.kernel.mm.page import PG_ACTIVE, PG_PFMEMALLOC, PG_SLAB, MemMap
from simslab.kernel.mm.page_alloc import PageAllocator
from simslab.machine.accounting import callsites
from simslab.machine.core.cpu import Cpu
from simslab.slab_common.kmalloc import warn_and_fix_flags
from simslab.slub import flags as fl
from simslab.slub import layout, stat_item
from simslab.slub.kmem_cache import KmemCache, KmemCacheCpu
from simslab.slub.lists.freelists import FreeLists

SET_SLAB: Final = PG_SLAB
SLAB_PFMEMALLOC: Final = PG_ACTIVE  # PageSlabPfmemalloc
PAGE_IS_PFMEMALLOC: Final = PG_PFMEMALLOC
FIRST_TRY: Final = gfp.NOWARN | gfp.NORETRY
TYPESAFE_BY_RCU: Final = fl.SLAB_TYPESAFE_BY_RCU

# Instructions of the compiled 5.10.134 code, by function (golden-slub/instruction_counts.csv).
INSNS_ALLOCATE: Final = 83  # allocate_slab
INSNS_ALLOCATE_OBJECT: Final = 15
INSNS_ALLOCATE_OBJECT_CTOR: Final = 20  # the constructor's own 2 included
INSNS_SHUFFLE: Final = 40  # estimate: shuffle_freelist, get_random_int
INSNS_SHUFFLE_OBJECT: Final = 8  # estimate: next_freelist_entry
INSNS_ALLOCATE_BLOCKING: Final = 11  # more, when interrupts are enabled meanwhile
INSNS_ALLOCATE_NODE: Final = 3  # more, for a node that was asked for
INSNS_PAGES_CURRENT: Final = 55  # alloc_pages_current with policy_node and policy_nodemask
INSNS_NODE_STATE: Final = 34  # mod_node_page_state, for NR_SLAB_*
INSNS_DISCARD: Final = 11
INSNS_FREE_SLAB: Final = 48
INSNS_FREE_SLAB_COMPOUND: Final = 50
INSNS_SLAB_LOCK: Final = 20  # estimate: slab_lock and slab_unlock around the exchange, where there is no cmpxchg16b

SITE_ALLOCATE: Final = callsites.site("allocate_slab")
SITE_SLAB_LOCK: Final = callsites.site("cmpxchg_double_slab")


class SlubPages:
    """The slabs of all caches of one kernel.

    `observer`, when set, is told `slab_obtained(cache, pfn, nid, objects)`, `slab_discarded(cache, pfn, nid)` and
    `no_pages(cache, order, node)`, and by other parts of what they do to lists. Page allocation for the cache of index
    `deny_cache` fails on the nodes of `deny_mask` and, with `deny_high_order`, above the cache's least order (model:
    fault injection). Not modelled: KASAN.
    """

    def __init__(self, mem_map: MemMap, page_allocator: PageAllocator) -> None:
        self.mem_map = mem_map
        self.freelists = FreeLists(mem_map)
        self.page_allocator = page_allocator
        self.reserves = page_allocator.reserves
        self.observer: Any = None
        self.locks: Any = None  # kernel.lock_stats
        self.rcu: Any = None  # kernel.rcu; without one pages never wait
        self.shuffle: Any = None  # with SLAB_FREELIST_RANDOM (shuffle_freelist.py)
        self.debug: Any = None  # with slub_debug (debug/checks.py)
        self.counted = 1  # 0 without CONFIG_SLUB_DEBUG: `nr_slabs` and `total_objects` are the model's own
        self.memcg: Any = None  # slab_common.memcg.hooks.MemcgHooks, where tasks are in memory cgroups
        self.log: Any = None  # kernel.printk.KernelLog
        self.deny_cache = 0
        self.deny_mask = 0
        self.deny_high_order = 0
        self.deny_order: list[list[int]] = []  # nodes by distance, for denied requests without THISNODE

    # -- counters -----------------------------------------------------------------------------------------------------

    def inuse(self, pfn: int) -> int:
        """Objects of a slab that are not on its freelist; a CPU's freelist counts as in use."""
        return self.mem_map.s_mem[pfn] & layout.INUSE

    def objects(self, pfn: int) -> int:
        """Objects that a slab has."""
        return (self.mem_map.s_mem[pfn] >> layout.OBJECTS_SHIFT) & layout.OBJECTS_MASK

    def frozen(self, pfn: int) -> int:
        """1 while a slab belongs to a CPU."""
        return 1 if self.mem_map.s_mem[pfn] & layout.FROZEN else 0

    def load_new_counters(self, cpu: Cpu) -> int:
        """Wait for the load of `new.counters` before an exchange, which is not forwarded from stores.

        The counters are copied to the stack as one word, changed there by fields (`inuse`, `frozen`) and loaded as one
        word again (5.10's mm/slub.c by gcc 12.2 -O2, in every function that exchanges them). A load of more than the
        last store wrote waits until the stores before it are in the L1 (Intel 64 and IA-32 Architectures Optimization
        Reference Manual, store forwarding).
        """
        cpu.commit_stores()
        return cpu.chain(1)

    def charge_exchange(self, cpu: Cpu, cache: KmemCache, page: int) -> int:
        """Charge an exchange of a slab's freelist and counters (mm/slub.c: __cmpxchg_double_slab).

        Caches whose checks forbid `cmpxchg16b` take the bit lock of the page instead, and write under it.
        """
        if cache.flags & fl.CMPXCHG_DOUBLE:
            return cpu.cmpxchg16b(page + layout.PAGE_FREELIST)
        cpu.insn(INSNS_SLAB_LOCK)
        cpu.atomic(page + layout.PAGE_FLAGS)  # slab_lock
        cpu.update(page + layout.PAGE_FREELIST)
        return cpu.write(page + layout.PAGE_FLAGS)  # slab_unlock

    def cmpxchg_double_slab(
        self,
        cpu: Cpu,
        cache: KmemCache,
        pfn: int,
        freelist_old: int,
        counters_old: int,
        freelist_new: int,
        counters_new: int,
    ) -> int:
        """Change freelist and counters if both are as expected; 1 if so (mm/slub.c: cmpxchg_double_slab)."""
        cpu.read(cache.addr + layout.KMEM_CACHE_FLAGS)
        if cache.flags & fl.CMPXCHG_DOUBLE:
            return self.exchange(cpu, cache, pfn, freelist_old, counters_old, freelist_new, counters_new)
        saved = cpu.irq_save(SITE_SLAB_LOCK)
        same = self.exchange(cpu, cache, pfn, freelist_old, counters_old, freelist_new, counters_new)
        cpu.irq_restore(saved)
        return same

    def cmpxchg_double_slab_irqs_off(
        self,
        cpu: Cpu,
        cache: KmemCache,
        pfn: int,
        freelist_old: int,
        counters_old: int,
        freelist_new: int,
        counters_new: int,
    ) -> int:
        """Do so with interrupts off, which the bit lock then need not see to (mm/slub.c: __cmpxchg_double_slab)."""
        if not cpu.irqs_off:
            raise KernelBugError("__cmpxchg_double_slab with interrupts on")
        cpu.read(cache.addr + layout.KMEM_CACHE_FLAGS)
        return self.exchange(cpu, cache, pfn, freelist_old, counters_old, freelist_new, counters_new)

    def exchange(
        self,
        cpu: Cpu,
        cache: KmemCache,
        pfn: int,
        freelist_old: int,
        counters_old: int,
        freelist_new: int,
        counters_new: int,
    ) -> int:
        """Charge the exchange, and make it if freelist and counters are as expected; 1 if so."""
        mem_map = self.mem_map
        self.charge_exchange(cpu, cache, mem_map.page_addr(pfn))
        if mem_map.freelist[pfn] == freelist_old and mem_map.s_mem[pfn] == counters_old:
            mem_map.freelist[pfn] = freelist_new
            mem_map.s_mem[pfn] = counters_new
            return 1
        c: KmemCacheCpu = cache.cpu_slab[cpu.id]
        c.stat[stat_item.CMPXCHG_DOUBLE_FAIL] += 1
        return 0

    # -- obtaining ----------------------------------------------------------------------------------------------------

    def new_slab(self, cpu: Cpu, cache: KmemCache, flags: int, node: int) -> int:
        """A slab of new pages, frozen and in no list; its pfn or -1 (mm/slub.c: new_slab). Irqs off.

        Interrupts are enabled meanwhile when `flags` allow blocking: per-CPU state may have changed on return.
        """
        if flags & gfp.GFP_SLAB_BUG_MASK:
            flags = warn_and_fix_flags(self.log, cpu, flags)
        if not cpu.irqs_off:
            raise KernelBugError("new_slab with interrupts on")
        return self.allocate_slab(cpu, cache, flags & gfp.GFP_SLAB_GROW_MASK, node)

    def allocate_slab(self, cpu: Cpu, cache: KmemCache, flags: int, node: int) -> int:
        """Body of new_slab (mm/slub.c: allocate_slab)."""
        blocking = flags & gfp.DIRECT_RECLAIM
        if blocking:
            cpu.insn_cold(INSNS_ALLOCATE_BLOCKING)
            cpu.irq_enable()
        pfn = self.slab_of_pages(cpu, cache, flags | cache.allocflags, node)
        if blocking:
            cpu.irq_disable(SITE_ALLOCATE)
        if pfn >= 0:
            self.inc_slabs_node(cpu, cache, pfn)
        return pfn

    def slab_of_pages(self, cpu: Cpu, cache: KmemCache, flags: int, node: int) -> int:
        """The part of allocate_slab with interrupts as the caller may have them: pages, then their layout."""
        cpu.read(cache.addr + layout.KMEM_CACHE_OO)
        first = (flags | FIRST_TRY) & ~gfp.NOFAIL
        if first & gfp.DIRECT_RECLAIM and cache.oo_order > cache.min_order:
            first = (first | gfp.NOMEMALLOC) & ~(gfp.RECLAIM | gfp.NOFAIL)
        objects = cache.oo_objects
        pfn = self.alloc_slab_page(cpu, cache, first, node, cache.oo_order)
        if pfn < 0:
            objects = cache.min_objects
            pfn = self.alloc_slab_page(cpu, cache, flags, node, cache.min_order)
            if pfn < 0:
                return -1
            c: KmemCacheCpu = cache.cpu_slab[cpu.id]
            c.stat[stat_item.ORDER_FALLBACK] += 1
        self.set_up_slab(cpu, cache, pfn, objects)
        return pfn

    def alloc_slab_page(self, cpu: Cpu, cache: KmemCache, flags: int, node: int, order: int) -> int:
        """2**order pages, from `node` if one was asked for; pfn or -1 (mm/slub.c: alloc_slab_page). No lock is held."""
        if self.locks is not None:
            self.locks.check_none_held(cpu)
        cpu.insn_cold(INSNS_PAGES_CURRENT if node < 0 else INSNS_ALLOCATE_NODE)
        if cache.index == self.deny_cache and self.is_refused(cpu, cache, flags, node, order):
            pfn = -1
        elif cache.index == self.deny_cache and self.deny_mask:
            pfn = self.alloc_pages_denied(cpu, flags, node, order)
        elif node < 0:
            pfn = self.page_allocator.alloc_pages_current(cpu, flags, order)
        else:
            pfn = self.page_allocator.alloc_pages(cpu, flags, order, node)
        if pfn < 0:
            if self.observer is not None:
                self.observer.no_pages(cache, order, node)
            return -1
        cpu.read(self.mem_map.page_addr(pfn) + layout.PAGE_FLAGS)
        cpu.insn_cold(INSNS_NODE_STATE)  # Not modelled: the line of the node's statistics pointer
        return pfn

    def is_refused(self, cpu: Cpu, cache: KmemCache, flags: int, node: int, order: int) -> int:
        """Whether denial leaves nothing for a request (model)."""
        if self.deny_high_order and order > cache.min_order:
            return 1
        wanted = cpu.node if node < 0 else node
        if flags & gfp.THISNODE:
            return (self.deny_mask >> wanted) & 1
        for nid in self.deny_order[wanted]:
            if not (self.deny_mask >> nid) & 1:
                return 0
        return 1

    def alloc_pages_denied(self, cpu: Cpu, flags: int, node: int, order: int) -> int:
        """alloc_pages with the nodes of `deny_mask` passed over (model).

        Others are asked one by one, each as if there were a further one: without a word, and without its last pages.
        """
        wanted = cpu.node if node < 0 else node
        nodes = [wanted] if flags & gfp.THISNODE else self.deny_order[wanted]
        single = (flags | gfp.THISNODE | gfp.NOWARN) & ~gfp.NOFAIL
        for nid in nodes:
            if not (self.deny_mask >> nid) & 1:
                pfn = self.page_allocator.alloc_pages(cpu, single, order, nid)
                if pfn >= 0:
                    return pfn
        return -1

    def set_up_slab(self, cpu: Cpu, cache: KmemCache, pfn: int, objects: int) -> int:
        """Chain the objects in order and mark the page as a slab that belongs to this CPU."""
        mem_map = self.mem_map
        page = mem_map.page_addr(pfn)
        mem_map.slab_cache[pfn] = cache.index
        cpu.write(page + layout.PAGE_SLAB_CACHE)
        cpu.write(page + layout.PAGE_FLAGS)
        mem_map.flags[pfn] |= SET_SLAB
        if mem_map.flags[pfn] & PAGE_IS_PFMEMALLOC:
            mem_map.flags[pfn] |= SLAB_PFMEMALLOC
        self.freelists.new_row(pfn, objects)
        if self.debug is not None:
            self.debug.setup_page_debug(cpu, cache, pfn)
        self.chain_objects(cpu, cache, pfn, objects)
        mem_map.s_mem[pfn] = objects | (objects << layout.OBJECTS_SHIFT) | layout.FROZEN
        cpu.write(page + layout.PAGE_FREELIST)
        if self.observer is not None:
            self.observer.slab_obtained(cache, pfn, mem_map.nid(pfn), objects)
        return 0

    def chain_objects(self, cpu: Cpu, cache: KmemCache, pfn: int, objects: int) -> int:
        """Let every object's free pointer name the next; runs the constructor (setup_object, set_freepointer)."""
        cpu.read(cache.addr + layout.KMEM_CACHE_CTOR)
        cpu.insn_cold(INSNS_ALLOCATE)
        objp = (pfn << layout.PAGE_SHIFT) + cache.left
        if self.shuffle is not None:
            order: list[int] = self.shuffle.shuffle_freelist(cache, objects)
            if order:
                return self.chain_shuffled(cpu, cache, pfn, objp, order)
        self.mem_map.freelist[pfn] = objp
        for i in range(objects):
            self.setup_object(cpu, cache, objp)
            self.freelists.set_freepointer(cache, objp, objp + cache.size if i + 1 < objects else 0)
            objp += cache.size
        return 0

    def chain_shuffled(self, cpu: Cpu, cache: KmemCache, pfn: int, first: int, order: list[int]) -> int:
        """Chain the objects behind `first`, which has index 0, by their indices in `order`."""
        cpu.insn_cold(INSNS_SHUFFLE + len(order) * INSNS_SHUFFLE_OBJECT)
        objp = 0
        for i in range(len(order)):
            following = first + order[i] * cache.size
            self.setup_object(cpu, cache, following)
            if objp:
                self.freelists.set_freepointer(cache, objp, following)
            else:
                self.mem_map.freelist[pfn] = following
            objp = following
        return self.freelists.set_freepointer(cache, objp, 0)

    def setup_object(self, cpu: Cpu, cache: KmemCache, objp: int) -> int:
        """Touch a new object: what debugging and its constructor write, and its free pointer (setup_object)."""
        if cache.ctor:
            cpu.insn_cold(INSNS_ALLOCATE_OBJECT_CTOR)
        else:
            cpu.insn_cold_loop(INSNS_ALLOCATE_OBJECT)
        if self.debug is not None:
            self.debug.setup_object_debug(cpu, cache, objp)
        if cache.ctor:
            cpu.write(objp)
        if self.freelists.hardened:
            self.freelists.charge_hardening(cpu, cache)
        return cpu.write(objp + cache.offset)

    def inc_slabs_node(self, cpu: Cpu, cache: KmemCache, pfn: int) -> int:
        """Count a new slab (mm/slub.c: inc_slabs_node); before the node has its structure nobody counts.

        Without CONFIG_SLUB_DEBUG it costs nothing. Not modelled: that functions are then some instructions shorter.
        """
        nid = self.mem_map.nid(pfn)
        if self.counted:
            cpu.read(cache.addr + layout.KMEM_CACHE_NODE + 8 * nid)
        n = cache.node[nid]
        if n is None:
            return 0
        n.nr_slabs += 1
        n.total_objects += self.objects(pfn)
        return self.charge_counting(cpu, n.addr)

    def charge_counting(self, cpu: Cpu, n: int) -> int:
        """Charge the locked operations on `nr_slabs` and `total_objects` of the node at `n`."""
        if self.counted:
            cpu.atomic(n + layout.NODE_NR_SLABS)
            cpu.atomic(n + layout.NODE_NR_SLABS)
        return 0

    # -- giving back; never under a lock ------------------------------------------------------------------------------

    def discard_slab(self, cpu: Cpu, cache: KmemCache, pfn: int) -> int:
        """Give a slab without live objects back (mm/slub.c: discard_slab).

        The pages of SLAB_TYPESAFE_BY_RCU caches follow after a grace period.
        """
        nid = self.mem_map.nid(pfn)
        if self.observer is not None:
            self.observer.slab_discarded(cache, pfn, nid)
        cpu.insn_cold(INSNS_DISCARD)
        cpu.read(self.mem_map.page_addr(pfn) + layout.PAGE_FLAGS)
        if self.counted:
            cpu.read(cache.addr + layout.KMEM_CACHE_NODE + 8 * nid)
        n = cache.get_node(nid)
        n.nr_slabs -= 1
        n.total_objects -= self.objects(pfn)
        self.charge_counting(cpu, n.addr)
        cpu.read(cache.addr + layout.KMEM_CACHE_FLAGS)
        if cache.flags & TYPESAFE_BY_RCU and self.rcu is not None:
            self.rcu.call_rcu(cpu, self.rcu_free_slab, (cache, pfn))
            return 0
        return self.free_slab(cpu, cache, pfn)

    def rcu_free_slab(self, cpu: Cpu, slab: tuple[KmemCache, int]) -> None:
        """Return the pages of a slab whose grace period is over (mm/slub.c: rcu_free_slab)."""
        self.free_slab(cpu, slab[0], slab[1])

    def free_slab(self, cpu: Cpu, cache: KmemCache, pfn: int) -> int:
        """Return a slab's pages to the page allocator (mm/slub.c: __free_slab). No lock is held."""
        if self.locks is not None:
            self.locks.check_none_held(cpu)
        mem_map = self.mem_map
        page = mem_map.page_addr(pfn)
        order = mem_map.order[pfn]
        if self.debug is not None:
            self.debug.check_free_slab(cpu, cache, pfn)
        cpu.read(page + layout.PAGE_FLAGS)
        cpu.write(page + layout.PAGE_FLAGS)
        cpu.write(page + layout.PAGE_SLAB_CACHE)
        cpu.insn_cold((INSNS_FREE_SLAB_COMPOUND if order else INSNS_FREE_SLAB) + INSNS_NODE_STATE)
        mem_map.flags[pfn] &= ~(SET_SLAB | SLAB_PFMEMALLOC)
        self.freelists.drop_row(pfn, self.objects(pfn))
        mem_map.slab_cache[pfn] = 0
        if self.memcg is not None:
            self.memcg.free_page_obj_cgroups(cpu, pfn)
        return self.page_allocator.free_pages(cpu, pfn, order)
