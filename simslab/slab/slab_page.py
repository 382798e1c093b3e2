"""Slab pages: obtaining, laying out, linking and destroying them.

Every function that changes lists or counters holds the node's `list_lock`; growth runs with interrupts off except while
the page allocator may block. Every access charges its line in the order of the compiled kernel
(`golden/path_access.jsonl.gz`); instruction counts per function are those of `golden/instruction_counts.csv`.

Speed: neighbouring words of struct page, and words of one line touched in a row, are charged once; per-CPU variables
and the kernel's globals (`this_cpu_off`, `numa_node`, `vmemmap_base`, `current`), which always hit, are part of the
instruction cost.
"""

from __future__ import annotations

from typing import Any, Final

from simslab.allocator.allocator import Allocator
from simslab.kernel import layout
from simslab.kernel.bug import KernelBugError
from simslab.kernel.locking.spinlock import LockStats
from simslab.kernel.mm import gfp
from simslab.kernel.mm.page import PG_ACTIVE, PG_PFMEMALLOC, PG_SLAB, MemMap
from simslab.kernel.mm.page_alloc import PageAllocator
from simslab.machine.accounting import callsites
from simslab.machine.core.cpu import Cpu
from simslab.slab import cflgs
from simslab.slab.kmem_cache import KmemCache, KmemCacheNode
from simslab.slab.slab_lists import SlabLists
from simslab.slab_common import flags as fl
from simslab.slab_common.kmalloc import warn_and_fix_flags

ROW_SHIFT: Final = 8

SET_SLAB: Final = PG_SLAB
SET_SLAB_PFMEMALLOC: Final = PG_ACTIVE  # PageSlabPfmemalloc
PAGE_IS_PFMEMALLOC: Final = PG_PFMEMALLOC


# Instructions of the compiled 5.10.135 code, by function.
INSNS_GROW: Final = 94
INSNS_GROW_OBJECT: Final = 9
INSNS_GROW_OBJECT_CTOR: Final = 15  # the constructor's own 2 included
INSNS_GROW_END: Final = 48
INSNS_NODE_STATE: Final = 34  # mod_node_page_state, for NR_SLAB_*
INSNS_DESTROY: Final = 20
INSNS_FREEPAGES: Final = 43
INSNS_SLABS_DESTROY: Final = 26

SITE_GROW: Final = callsites.site("cache_grow_begin")
SITE_GROW_END: Final = callsites.site("cache_grow_end")
SITE_COLOUR: Final = callsites.site("cache_grow")

NO_COLOUR: Final = -1  # none chosen yet


class SlabPages:
    """The slabs of all caches of one kernel.

    `observer`, when set, is told `slab_obtained(cache, pfn, nid)` and `slab_destroyed(cache, pfn, nid)`. Page
    allocation for the cache of index `deny_cache` fails on the nodes whose bits are set in `deny_mask` (model: fault
    injection).
    """

    def __init__(self, mem_map: MemMap, page_allocator: PageAllocator, source: Allocator) -> None:
        self.mem_map = mem_map
        self.lists = SlabLists(mem_map, page_allocator.reserves)
        self.page_allocator = page_allocator
        self.source = source  # whose kmalloc caches hold the index arrays of off-slab caches
        self.observer: Any = None
        self.locks: LockStats | None = None  # kernel.lock_stats
        self.rcu: Any = None  # kernel.rcu; without one pages never wait
        self.randomizer: Any = None  # with SLAB_FREELIST_RANDOM
        self.debug: Any = None  # with DEBUG_SLAB (debug/checks.py)
        self.memcg: Any = None  # slab_common.memcg.hooks.MemcgHooks, where tasks are in memory cgroups
        self.locked_colour = 0  # 1: a slab's colour is chosen under list_lock
        self.stats = 0  # 1 with DEBUG_SLAB: keep the STATS counters
        self.log: Any = None  # kernel.printk.KernelLog
        self.warned_of_zeroing = 0
        self.deny_cache = 0
        self.deny_mask = 0
        self.deny_order: list[list[int]] = []  # zonelist by node, for denied requests without THISNODE

    # -- growth -------------------------------------------------------------------------------------------------------

    def cache_grow_begin(self, cpu: Cpu, cache: KmemCache, flags: int, nodeid: int) -> int:
        """Obtain and lay out a slab, in no list yet; its pfn or -1 (mm/slab.c: cache_grow_begin). Irqs off.

        Interrupts are enabled meanwhile when `flags` allow blocking: per-CPU state may have changed on return.
        """
        if flags & gfp.GFP_SLAB_BUG_MASK:
            flags = warn_and_fix_flags(self.log, cpu, flags)
        if flags & gfp.ZERO and cache.ctor:
            self.warn_of_zeroing(cpu)
        if not cpu.irqs_off:
            raise KernelBugError("cache_grow_begin with interrupts on")
        self.lists.once_a_slab(cpu, cache)  # no objects left, for once
        colour = NO_COLOUR
        if self.locked_colour and flags & gfp.THISNODE:  # 4.6 chose first
            colour = self.choose_colour_locked(cpu, cache, cache.get_node(nodeid))
        blocking = flags & gfp.DIRECT_RECLAIM
        if blocking:
            cpu.irq_enable()
        pfn = self.new_slab(cpu, cache, flags & gfp.GFP_SLAB_GROW_MASK, nodeid, colour)
        if blocking:
            cpu.irq_disable(SITE_GROW)
        return pfn

    def warn_of_zeroing(self, cpu: Cpu) -> int:
        """Warn once of a request to zero what a constructor made (WARN_ON_ONCE of cache_grow_begin)."""
        if not self.warned_of_zeroing and self.log is not None:
            self.warned_of_zeroing = 1
            self.log.warn_on(cpu, "mm/slab.c cache_grow_begin")
        return 0

    def new_slab(self, cpu: Cpu, cache: KmemCache, flags: int, nodeid: int, colour: int) -> int:
        """Body of cache_grow_begin between enabling and disabling interrupts; `colour` may have been chosen."""
        mem_map = self.mem_map
        cpu.read(cache.addr + layout.KMEM_CACHE_CTOR)
        pfn = self.kmem_getpages(cpu, cache, flags, nodeid)
        if pfn < 0:
            return -1
        page_node = mem_map.nid(pfn)
        n = cache.get_node(page_node)
        cpu.read(cache.addr + layout.KMEM_CACHE_NODE + 8 * page_node)
        if colour == NO_COLOUR:
            colour = self.colour_of_found(cpu, cache, n) if self.locked_colour else self.next_colour(cpu, cache, n)
        if not self.alloc_slabmgmt(cpu, cache, pfn, colour * cache.colour_off, flags, page_node):
            self.kmem_freepages(cpu, cache, pfn)
            return -1
        if self.observer is not None:
            self.observer.slab_obtained(cache, pfn, page_node)
        self.cache_init_objs(cpu, cache, pfn)
        return pfn

    def next_colour(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode) -> int:
        """The colour for the node's next slab."""
        cpu.settle()  # what follows writes a line that every CPU of the node reads and writes
        n.colour_next += 1
        cpu.update(n.addr + layout.NODE_COLOUR_NEXT)
        cpu.read(cache.addr + layout.KMEM_CACHE_COLOUR)
        if n.colour_next >= cache.colour:
            n.colour_next = 0
        cpu.update(n.addr + layout.NODE_COLOUR_NEXT)
        cpu.read(cache.addr + layout.KMEM_CACHE_COLOUR)
        return n.colour_next

    def choose_colour_locked(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode) -> int:
        """next_colour with `locked_colour`, under list_lock (mm/slab.c of 4.6: cache_grow). Irqs off."""
        n.list_lock.lock(cpu, SITE_COLOUR)
        colour = self.next_colour(cpu, cache, n)
        n.list_lock.unlock(cpu)
        return colour

    def colour_of_found(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode) -> int:
        """choose_colour_locked for pages of whichever node had some, which fallback_alloc of 4.6 got before."""
        saved = cpu.irq_save(SITE_COLOUR)
        colour = self.choose_colour_locked(cpu, cache, n)
        cpu.irq_restore(saved)
        return colour

    def kmem_getpages(self, cpu: Cpu, cache: KmemCache, flags: int, nodeid: int) -> int:
        """2^gfporder pages, charged to the node's slab statistics; head pfn or -1 (mm/slab.c: kmem_getpages).

        No spinlock is held.
        """
        if self.locks is not None:
            self.locks.check_none_held(cpu)
        cpu.read(cache.addr + layout.KMEM_CACHE_GFPORDER)
        flags |= cache.allocflags
        if self.deny_mask and cache.index == self.deny_cache:
            pfn = self.alloc_pages_denied(cpu, cache, flags, nodeid)
        else:
            pfn = self.page_allocator.alloc_pages(cpu, flags, cache.gfporder, nodeid)
        if pfn < 0:
            if self.stats:
                self.debug.reports.slab_out_of_memory(cpu, cache, flags, nodeid)
            return -1
        cpu.read(cache.addr + layout.KMEM_CACHE_GFPORDER)
        cpu.read(self.mem_map.page_addr(pfn) + layout.PAGE_FLAGS)
        cpu.read(cache.addr + layout.KMEM_CACHE_FLAGS)
        cpu.insn_cold(INSNS_NODE_STATE)  # Not modelled: the line of the node's statistics pointer
        cpu.write(self.mem_map.page_addr(pfn) + layout.PAGE_FLAGS)
        self.mem_map.flags[pfn] |= SET_SLAB
        if self.lists.reserves.sk_memalloc_socks:
            cpu.read(self.mem_map.page_addr(pfn) + layout.PAGE_FREELIST)  # where page->index says it
            if self.mem_map.flags[pfn] & PAGE_IS_PFMEMALLOC:
                self.mem_map.flags[pfn] |= SET_SLAB_PFMEMALLOC
        return pfn

    def alloc_pages_denied(self, cpu: Cpu, cache: KmemCache, flags: int, nodeid: int) -> int:
        """alloc_pages with the nodes of `deny_mask` refused (model).

        Others are asked one by one, each as if there were a further one: without a word, and without its last pages.
        """
        if flags & gfp.THISNODE:
            if (self.deny_mask >> nodeid) & 1:
                return -1
            return self.page_allocator.alloc_pages(cpu, flags, cache.gfporder, nodeid)
        for nid in self.deny_order[nodeid]:
            if not (self.deny_mask >> nid) & 1:
                single = (flags | gfp.THISNODE | gfp.NOWARN) & ~gfp.NOFAIL
                pfn = self.page_allocator.alloc_pages(cpu, single, cache.gfporder, nid)
                if pfn >= 0:
                    return pfn
        return -1

    def alloc_slabmgmt(self, cpu: Cpu, cache: KmemCache, pfn: int, colour_off: int, flags: int, nodeid: int) -> int:
        """Place the objects and the index array; 0 when that array cannot be had (mm/slab.c: alloc_slabmgmt).

        Includes slab_map_pages.
        """
        mem_map = self.mem_map
        page = mem_map.page_addr(pfn)
        addr = pfn << layout.PAGE_SHIFT
        mem_map.s_mem[pfn] = addr + colour_off
        mem_map.active[pfn] = 0
        cpu.write_span(page + layout.PAGE_S_MEM, 12)
        cpu.read(cache.addr + layout.KMEM_CACHE_FLAGS)
        freelist = 0
        provider = cache.freelist_cache
        if provider is not None:  # CFLGS_OFF_SLAB
            cpu.read(cache.addr + layout.KMEM_CACHE_FREELIST_CACHE)
            path = cpu.path
            freelist = self.source.kmem_cache_alloc_node(cpu, provider, flags & ~gfp.GFP_CONSTRAINT_MASK, nodeid)
            cpu.path = path
            if not freelist:
                return 0
        elif not cache.flags & cflgs.CFLGS_OBJFREELIST_SLAB:
            freelist = addr + (1 << (layout.PAGE_SHIFT + cache.gfporder)) - cache.freelist_size
        mem_map.slab_cache[pfn] = cache.index
        mem_map.freelist[pfn] = freelist
        mem_map.slot_alloc(pfn)
        cpu.write_span(page + layout.PAGE_SLAB_CACHE, 16)
        return 1

    def cache_init_objs(self, cpu: Cpu, cache: KmemCache, pfn: int) -> int:
        """Fill the index array in order and run the constructor (mm/slab.c: cache_init_objs).

        With SLAB_FREELIST_RANDOM the order is then shuffled (shuffle_freelist.py), at no charge.
        """
        mem_map = self.mem_map
        page = mem_map.page_addr(pfn)
        if self.stats:
            self.debug.cache_init_objs(cpu, cache, pfn)
        cpu.read(cache.addr + layout.KMEM_CACHE_FLAGS)
        if cache.flags & cflgs.CFLGS_OBJFREELIST_SLAB:
            cpu.read(page + layout.PAGE_S_MEM)
            mem_map.freelist[pfn] = mem_map.s_mem[pfn] + (cache.num - 1) * cache.size + cache.obj_offset
            cpu.write(page + layout.PAGE_FREELIST)
        row = mem_map.slot[pfn] << ROW_SHIFT
        for i in range(cache.num):
            cpu.read(cache.addr + layout.KMEM_CACHE_NUM)
            cpu.read(cache.addr + layout.KMEM_CACHE_CTOR)
            if cache.ctor and not self.stats:  # debug kernels construct elsewhere
                cpu.write(mem_map.s_mem[pfn] + i * cache.size + cache.obj_offset)
            cpu.read(page + layout.PAGE_FREELIST)
            cpu.write(mem_map.freelist[pfn] + i)
            mem_map.rows[row + i] = i
        if self.randomizer is not None:
            self.randomizer.shuffle_freelist(cache, pfn)
        cpu.insn_cold(INSNS_GROW)
        # The loop over the objects is no cold code: no turn of it waits for the one before. Silicon's p90 and p99 of
        # growing slabs of 4 and of 64 objects are 1 ns an object apart, this loop and the refill's together.
        if cache.ctor:
            cpu.insn(cache.num * INSNS_GROW_OBJECT_CTOR)
        else:
            cpu.insn_loop(cache.num * INSNS_GROW_OBJECT)
        return 0

    def cache_grow_end(self, cpu: Cpu, cache: KmemCache, pfn: int) -> int:
        """Enter a slab from cache_grow_begin (-1: none) into its node's lists (mm/slab.c: cache_grow_end). Irqs off."""
        if not cpu.irqs_off:
            raise KernelBugError("cache_grow_end with interrupts on")
        if pfn < 0:
            return 0
        mem_map = self.mem_map
        page_node = mem_map.nid(pfn)
        page = mem_map.page_addr(pfn)
        cpu.read(page + layout.PAGE_FLAGS)
        cpu.write(page + layout.PAGE_SLAB_LIST)
        cpu.read(cache.addr + layout.KMEM_CACHE_NODE + 8 * page_node)
        cpu.insn_cold(INSNS_GROW_END)
        n = cache.get_node(page_node)
        n.list_lock.lock(cpu, SITE_GROW_END)
        n.total_slabs += 1
        cpu.update(n.addr + layout.NODE_TOTAL_SLABS)
        n.list_lock.let_in(cpu)
        cpu.read(page + layout.PAGE_ACTIVE)
        if mem_map.active[pfn] == 0:
            self.lists.list_add_tail(cpu, n, layout.SLABS_FREE, pfn)
            n.free_slabs += 1
            cpu.update(n.addr + layout.NODE_FREE_SLABS)
        else:
            cpu.write(page + layout.PAGE_SLAB_LIST)
            self.lists.place_slab(cpu, cache, n, pfn)
        if self.stats:
            cache.grown += 1
        n.list_lock.let_in(cpu)
        cpu.read(cache.addr + layout.KMEM_CACHE_NUM)
        cpu.read(page + layout.PAGE_ACTIVE)
        n.free_objects += cache.num - mem_map.active[pfn]
        cpu.update(n.addr + layout.NODE_FREE_OBJECTS)
        n.list_lock.unlock(cpu)
        return 0

    # -- destruction; never under a lock ------------------------------------------------------------------------------

    def slabs_destroy(self, cpu: Cpu, cache: KmemCache, first: int) -> int:
        """Destroy a private chain of slabs linked by `next` (mm/slab.c: slabs_destroy)."""
        cpu.insn_cold(INSNS_SLABS_DESTROY)
        while first >= 0:
            following = self.mem_map.next[first]
            self.mem_map.write_links(cpu, first)
            self.slab_destroy(cpu, cache, first)
            first = following
        return 0

    def slab_destroy(self, cpu: Cpu, cache: KmemCache, pfn: int) -> int:
        """Give a free slab's pages and its off-slab index array back (mm/slab.c: slab_destroy).

        The pages of SLAB_TYPESAFE_BY_RCU caches follow after a grace period.
        """
        mem_map = self.mem_map
        if mem_map.active[pfn] != 0:
            raise KernelBugError(f"slab of {cache.name} destroyed with {mem_map.active[pfn]} live objects")
        if self.observer is not None:
            self.observer.slab_destroyed(cache, pfn, mem_map.nid(pfn))
        cpu.insn_cold(INSNS_DESTROY)
        self.lists.once_a_slab(cpu, cache)  # out of the chain of one or two slabs
        cpu.read(mem_map.page_addr(pfn) + layout.PAGE_FREELIST)
        cpu.read(cache.addr + layout.KMEM_CACHE_FLAGS)
        freelist = mem_map.freelist[pfn]
        if self.stats:
            self.debug.slab_destroy(cpu, cache, pfn)
        if cache.flags & fl.SLAB_TYPESAFE_BY_RCU and self.rcu is not None:
            self.rcu.call_rcu(cpu, self.kmem_rcu_free, (cache, pfn))
        else:
            self.kmem_freepages(cpu, cache, pfn)
        cpu.read(cache.addr + layout.KMEM_CACHE_FLAGS)
        provider = cache.freelist_cache
        if provider is not None:  # CFLGS_OFF_SLAB
            path = cpu.path
            self.source.kmem_cache_free(cpu, provider, freelist)
            cpu.path = path
        return 0

    def kmem_rcu_free(self, cpu: Cpu, slab: tuple[KmemCache, int]) -> None:
        """Return the pages of a slab whose grace period is over (mm/slab.c: kmem_rcu_free)."""
        self.kmem_freepages(cpu, slab[0], slab[1])

    def kmem_freepages(self, cpu: Cpu, cache: KmemCache, pfn: int) -> int:
        """Return a slab's pages to the page allocator (mm/slab.c: kmem_freepages). No spinlock is held."""
        if self.locks is not None:
            self.locks.check_none_held(cpu)
        mem_map = self.mem_map
        page = mem_map.page_addr(pfn)
        cpu.read(page + layout.PAGE_SLAB_LIST)
        cpu.read(cache.addr + layout.KMEM_CACHE_GFPORDER)
        cpu.write(page + layout.PAGE_FLAGS)
        cpu.write(page + layout.PAGE_ACTIVE)
        cpu.write(page + layout.PAGE_SLAB_CACHE)
        cpu.insn_cold(INSNS_FREEPAGES + INSNS_NODE_STATE)
        mem_map.flags[pfn] &= ~(SET_SLAB | SET_SLAB_PFMEMALLOC)
        if self.stats:
            self.debug.freepages(pfn)
        if mem_map.slab_cache[pfn]:
            mem_map.slab_cache[pfn] = 0
            mem_map.slot_free(pfn)
        if self.memcg is not None:
            self.memcg.free_page_obj_cgroups(cpu, pfn)
        self.page_allocator.free_pages(cpu, pfn, cache.gfporder)
        return 0
