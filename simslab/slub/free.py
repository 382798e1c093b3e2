"""Freeing: onto the CPU's freelist without a lock, else into the slab, whoever has it (mm/slub.c).

Several objects of one slab can be freed together, as a list chained by their free pointers (head, tail, count).
"""

from __future__ import annotations

from typing import Any, Final

from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm.page import MemMap
from simslab.machine.accounting import callsites, causes
from simslab.machine.core.cpu import Cpu
from simslab.slub import flags as fl
from simslab.slub import layout, paths, stat_item
from simslab.slub.kmem_cache import KmemCache, KmemCacheCpu, KmemCacheNode
from simslab.slub.lists.cpu_partial import CpuPartial
from simslab.slub.lists.freelists import FreeLists
from simslab.slub.slab_page import SlubPages

DRAIN: Final = 1
TO_TAIL: Final = 1
LOOKAHEAD: Final = 3

CONTENTS_MATTER: Final = fl.CONTENTS_MATTER

# Instructions of the compiled 5.10.134 code, by function (golden-slub/instruction_counts.csv).
INSNS_ENTRY: Final = 25  # kmem_cache_free up to do_slab_free
INSNS_KFREE: Final = 1  # more, in kfree
INSNS_FAST: Final = 25
INSNS_NOT_FAST: Final = 24
INSNS_SLOW: Final = 54  # __slab_free
INSNS_SLOW_FROZE: Final = 12
INSNS_SLOW_LISTED: Final = 2
INSNS_SLOW_EMPTIED: Final = 22
INSNS_SLOW_FREED: Final = 13
INSNS_IRQSAVE: Final = 6  # _raw_spin_lock_irqsave, beyond the lock itself
INSNS_IRQRESTORE: Final = 4
INSNS_ZERO: Final = 22  # memset with `rep stosb` counted once
INSNS_BULK_ENTRY: Final = 39  # kmem_cache_free_bulk: build_detached_freelist and what is around it, by slab
INSNS_BULK_SEVERAL: Final = 5  # more, for a slab with more than one object
INSNS_BULK_OBJECT: Final = 20  # an object into the detached freelist
INSNS_BULK_HOOK: Final = 17  # slab_free_freelist_hook, by object

SITE_FREE: Final = callsites.site("__slab_free")


class SlubFree:
    """The freeing paths of one kernel's allocator; `by_index[i]` is the cache of index i."""

    def __init__(self, pages: SlubPages, partial: CpuPartial, by_index: list[Any]) -> None:
        self.pages = pages
        self.partial = partial
        self.by_index = by_index
        self.mem_map: MemMap = pages.mem_map
        self.freelists: FreeLists = pages.freelists
        self.init_on_free = 0
        self.memcg: Any = None  # slab_common.memcg.hooks.MemcgHooks, where tasks are in memory cgroups
        self.warned = 0  # of an object in no slab (WARN_ONCE)
        self.detached_pfn = 0  # what build_detached_freelist found last
        self.detached_cache: Any = None
        self.detached_head = 0
        self.detached_tail = 0
        self.detached_count = 0

    # -- entry points -------------------------------------------------------------------------------------------------

    def kmem_cache_free(self, cpu: Cpu, cache: KmemCache, objp: int) -> int:
        """Free an object of `cache` (mm/slub.c: kmem_cache_free)."""
        pfn = self.mem_map.head[objp >> layout.PAGE_SHIFT]
        if self.mem_map.slab_cache[pfn] != cache.index:
            found = self.cache_from_obj(cpu, cache, pfn, objp)
            if found is None:
                return 0
            cache = found
        self.settle_for(cpu, cache, pfn)
        cpu.read(self.mem_map.page_addr(objp >> layout.PAGE_SHIFT) + layout.PAGE_COMPOUND_HEAD)
        cpu.insn(INSNS_ENTRY)
        return self.slab_free_one(cpu, cache, pfn, objp)

    def cache_from_obj(self, cpu: Cpu, cache: KmemCache, pfn: int, objp: int) -> KmemCache | None:
        """The cache of an object that is not of `cache`, None if of none, with a warning (mm/slab.h: cache_from_obj).

        Kernels that neither harden freelists nor check objects do not look: where they would go wrong, KernelBugError.
        Not modelled: its instructions where the caches are the same.
        """
        found: KmemCache | None = self.by_index[self.mem_map.slab_cache[pfn]]
        checks = cache.debug and cache.flags & fl.SLAB_CONSISTENCY_CHECKS
        if not (self.freelists.hardened or checks):
            raise KernelBugError(f"object {objp:#x} freed to {cache.name} is of another cache, or of none")
        if found is not None:
            self.pages.log.pr_warn(
                cpu, f"cache_from_obj: Wrong slab cache. {cache.name} but object is from {found.name}"
            )
            if self.pages.debug is not None:
                self.pages.debug.reports.tracking(cpu, found, objp)
        elif not self.warned:
            self.warned = 1
            self.pages.log.pr_warn(cpu, "virt_to_cache: Object is not a Slab page!")
        return found

    def kfree(self, cpu: Cpu, objp: int) -> int:
        """Free a slab object whose cache its page names (mm/slub.c: kfree)."""
        pfn = self.mem_map.head[objp >> layout.PAGE_SHIFT]
        cache: KmemCache | None = self.by_index[self.mem_map.slab_cache[pfn]]
        if cache is None:
            raise KernelBugError(f"kfree of {objp:#x}, whose cache has been destroyed")
        self.settle_for(cpu, cache, pfn)
        cpu.read(self.mem_map.page_addr(objp >> layout.PAGE_SHIFT) + layout.PAGE_COMPOUND_HEAD)
        cpu.read(self.mem_map.page_addr(pfn) + layout.PAGE_SLAB_CACHE)
        cpu.insn(INSNS_ENTRY + INSNS_KFREE)
        return self.slab_free_one(cpu, cache, pfn, objp)

    def settle_for(self, cpu: Cpu, cache: KmemCache, pfn: int) -> int:
        """Let others come first before the page of a slab is looked at that is not this CPU's.

        Others may free into it at the same time: without, the page's line is taken ahead of them by up to a quantum.
        """
        c: KmemCacheCpu = cache.cpu_slab[cpu.id]
        if c.page != pfn:
            cache.check_alive()
            cpu.settle()
        return 0

    def slab_free_one(self, cpu: Cpu, cache: KmemCache, pfn: int, objp: int) -> int:
        """slab_free of one object: its hook writes the free pointer once for nothing."""
        cpu.read(cache.addr + layout.KMEM_CACHE_OFFSET)
        cpu.write(objp + cache.offset)
        if self.freelists.hardened:
            self.freelists.charge_hardening(cpu, cache)
        if self.init_on_free:
            self.wipe(cpu, cache, objp)
        if self.memcg is not None:
            self.memcg.free_hook(cpu, cache, objp)
        return self.do_slab_free(cpu, cache, pfn, objp, objp, 1)

    def wipe(self, cpu: Cpu, cache: KmemCache, objp: int) -> int:
        """Zero a freed object, and what is behind it but for the red zone (slab_free_freelist_hook, init_on_free).

        Not modelled: that tracking data is among it.
        """
        if cache.ctor or cache.flags & CONTENTS_MATTER:
            return 0
        cpu.read(cache.addr + layout.KMEM_CACHE_OBJECT_SIZE)
        cpu.insn(INSNS_ZERO)
        cpu.clear(objp, cache.object_size)
        cpu.read(cache.addr + layout.KMEM_CACHE_INUSE)
        cpu.insn(INSNS_ZERO)
        behind = cache.size - cache.inuse - cache.left
        return cpu.clear(objp + cache.inuse, behind) if behind > 0 else 0

    # -- one list of objects of one slab ------------------------------------------------------------------------------

    def do_slab_free(self, cpu: Cpu, cache: KmemCache, pfn: int, head: int, tail: int, count: int) -> int:
        """Free `count` objects of one slab, chained from `head` to `tail` (mm/slub.c: do_slab_free)."""
        cpu.read(cache.addr + layout.KMEM_CACHE_CPU_SLAB)
        while True:
            c: KmemCacheCpu = cache.cpu_slab[cpu.id]
            cpu.read(c.addr + layout.CPU_TID)
            cpu.read(c.addr + layout.CPU_PAGE)
            tid = c.tid
            if c.page != pfn:
                cpu.insn(INSNS_NOT_FAST)
                return self.slab_free_slow(cpu, cache, pfn, head, tail, count)
            cpu.insn(INSNS_FAST)
            cpu.read(cache.addr + layout.KMEM_CACHE_OFFSET)
            cpu.write(tail + cache.offset)
            self.freelists.set_freepointer(cache, tail, c.freelist)
            if self.freelists.hardened:
                self.freelists.charge_hardening(cpu, cache)
            if cpu.next_irq <= cpu.now and not cpu.irqs_off:
                cpu.deliver_interrupts()
            cpu.charge(causes.LOCKED, cpu.cmpxchg_double_cost)
            if c.tid == tid:
                c.freelist = head
                c.tid = tid + 1
                cpu.update(c.addr)
                c.stat[stat_item.FREE_FASTPATH] += 1
                cpu.path = paths.FREE_FAST
                return 0
            c.stat[stat_item.CMPXCHG_DOUBLE_CPU_FAIL] += 1

    def slab_free_slow(self, cpu: Cpu, cache: KmemCache, pfn: int, head: int, tail: int, count: int) -> int:
        """Free into a slab that is not this CPU's (mm/slub.c: __slab_free).

        The page's line is taken by a locked exchange; who comes second begins again.
        """
        c: KmemCacheCpu = cache.cpu_slab[cpu.id]
        c.stat[stat_item.FREE_SLOWPATH] += 1
        cpu.insn(INSNS_SLOW)
        if cache.debug and not self.pages.debug.free_debug_processing(cpu, cache, pfn, head, tail, count):
            return 0
        mem_map = self.mem_map
        page = mem_map.page_addr(pfn)
        n: KmemCacheNode | None = None
        saved = 0
        while True:
            if n is not None:
                self.unlock_irqrestore(cpu, n, saved)
                n = None
            cpu.settle()
            prior = mem_map.freelist[pfn]
            counters = mem_map.s_mem[pfn]
            cpu.read(page + layout.PAGE_FREELIST)
            cpu.read(cache.addr + layout.KMEM_CACHE_OFFSET)
            cpu.write(tail + cache.offset)
            self.freelists.set_freepointer(cache, tail, prior)
            if self.freelists.hardened:
                self.freelists.charge_hardening(cpu, cache)
            if counters & layout.INUSE < count:
                raise KernelBugError(f"more objects freed into slab {pfn} of {cache.name} than were out")
            left = counters - count
            if (left & layout.INUSE == 0 or prior == 0) and not counters & layout.FROZEN:
                if prior == 0 and not cache.debug:
                    left |= layout.FROZEN  # it was on no list; this CPU's own takes it
                else:
                    n = self.node_of(cpu, cache, pfn)
                    saved = cpu.irq_save(SITE_FREE)
                    cpu.insn(INSNS_IRQSAVE)
                    n.list_lock.lock(cpu, SITE_FREE)
            self.pages.load_new_counters(cpu)
            cpu.settle()  # the line is taken now; what others did until then comes first
            if self.pages.cmpxchg_double_slab(cpu, cache, pfn, prior, counters, head, left):
                break
        if n is None:
            return self.freed_without_lock(cpu, cache, pfn, counters, left, c)
        return self.freed_under_lock(cpu, cache, n, saved, pfn, prior, left)

    def node_of(self, cpu: Cpu, cache: KmemCache, pfn: int) -> KmemCacheNode:
        """The node structure of a slab."""
        nid = self.mem_map.nid(pfn)
        cpu.read(self.mem_map.page_addr(pfn) + layout.PAGE_FLAGS)
        cpu.read(cache.addr + layout.KMEM_CACHE_NODE + 8 * nid)
        return cache.get_node(nid)

    def unlock_irqrestore(self, cpu: Cpu, n: KmemCacheNode, saved: int) -> int:
        """Drop a node's lock and restore the interrupt flag."""
        cpu.insn(INSNS_IRQRESTORE)
        n.list_lock.unlock(cpu)
        return cpu.irq_restore(saved)

    def freed_without_lock(
        self, cpu: Cpu, cache: KmemCache, pfn: int, counters: int, left: int, c: KmemCacheCpu
    ) -> int:
        """End of __slab_free for a slab that needs no list: some CPU's, one just frozen, or one that stays."""
        if counters & layout.FROZEN:
            c.stat[stat_item.FREE_FROZEN] += 1
            cpu.path = paths.FREE_FROZEN
        elif left & layout.FROZEN:
            cpu.insn(INSNS_SLOW_FROZE)
            drains = c.stat[stat_item.CPU_PARTIAL_DRAIN]
            self.partial.put_cpu_partial(cpu, cache, pfn, DRAIN)
            c.stat[stat_item.CPU_PARTIAL_FREE] += 1
            cpu.path = paths.FREE_CPU_PARTIAL if c.stat[stat_item.CPU_PARTIAL_DRAIN] == drains else paths.FREE_DRAIN
        else:
            cpu.insn(INSNS_SLOW_LISTED)
            cpu.path = paths.FREE_NODE_PARTIAL
        return 0

    def freed_under_lock(
        self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode, saved: int, pfn: int, prior: int, left: int
    ) -> int:
        """End of __slab_free under the node's lock: a slab emptied, or (debug) one that was full."""
        c: KmemCacheCpu = cache.cpu_slab[cpu.id]
        cpu.insn(INSNS_SLOW_EMPTIED)
        cpu.path = paths.FREE_NODE_PARTIAL
        if left & layout.INUSE == 0 and self.partial.node_has_plenty(cpu, cache, n):
            cpu.insn(INSNS_SLOW_FREED)
            cpu.path = paths.FREE_SLAB
            if prior:
                self.partial.lists.remove_partial(cpu, cache, n, pfn)
                c.stat[stat_item.FREE_REMOVE_PARTIAL] += 1
            else:
                self.partial.lists.remove_full(cpu, cache, n, pfn)
            self.unlock_irqrestore(cpu, n, saved)
            c.stat[stat_item.FREE_SLAB] += 1
            return self.pages.discard_slab(cpu, cache, pfn)
        if cache.debug and prior == 0:
            self.partial.lists.remove_full(cpu, cache, n, pfn)
            self.partial.lists.add_partial(cpu, cache, n, pfn, TO_TAIL)
            c.stat[stat_item.FREE_ADD_PARTIAL] += 1
        return self.unlock_irqrestore(cpu, n, saved)

    # -- in bulk ------------------------------------------------------------------------------------------------------

    def kmem_cache_free_bulk(self, cpu: Cpu, cache: KmemCache, objects: list[int]) -> int:
        """Free objects of `cache`, those of one slab together (mm/slub.c: kmem_cache_free_bulk). Interrupts on.

        The list is used up: entries become 0.
        """
        size = len(objects)
        if self.memcg is not None:
            self.uncharge(cpu, cache, objects)
        while size:
            cpu.insn(INSNS_BULK_ENTRY)
            size = self.build_detached_freelist(cpu, cache, objects, size)
            if self.detached_count == 0:
                continue
            if self.detached_count > 1:
                cpu.insn(INSNS_BULK_SEVERAL)
            own: KmemCache = self.detached_cache
            self.free_hook(cpu, own)
            self.do_slab_free(cpu, own, self.detached_pfn, self.detached_head, self.detached_tail, self.detached_count)
        cpu.path = paths.FREE_BULK
        return 0

    def uncharge(self, cpu: Cpu, cache: KmemCache, objects: list[int]) -> int:
        """Uncharge all objects of a bulk request first (mm/slab.h: memcg_slab_free_hook)."""
        for objp in objects:
            self.memcg.free_hook(cpu, cache, objp)
        return 0

    def build_detached_freelist(self, cpu: Cpu, cache: KmemCache, objects: list[int], size: int) -> int:
        """Chain objects of one slab, from the end of the first `size` (mm/slub.c: build_detached_freelist).

        Up to two objects of other slabs are passed over; returns how far the next call must look, 0 when done. The
        first object's cache is `detached_cache`, as cache_from_obj finds it.
        """
        self.detached_count = 0
        objp = 0
        while size and not objp:
            size -= 1
            objp = objects[size]
        if not objp:
            return 0
        own = self.bulk_cache(cpu, cache, objp)
        self.settle_for(cpu, own, self.mem_map.head[objp >> layout.PAGE_SHIFT])
        self.detached_count = 0  # another CPU may have used these meanwhile; from here on nobody runs before they are
        self.detached_cache = own
        self.detach(cpu, own, objp, 0)
        self.detached_tail = objp
        objects[size] = 0
        skipped, lookahead = 0, LOOKAHEAD
        while size:
            size -= 1
            objp = objects[size]
            if not objp:
                continue
            if self.mem_map.head[objp >> layout.PAGE_SHIFT] == self.detached_pfn:
                self.detach(cpu, own, objp, self.detached_head)
                objects[size] = 0
                continue
            lookahead -= 1
            if not lookahead:
                break
            if not skipped:
                skipped = size + 1
        return skipped

    def bulk_cache(self, cpu: Cpu, cache: KmemCache, objp: int) -> KmemCache:
        """The cache to which the objects of the slab of `objp` are freed: `cache`, or their own where that is seen."""
        pfn = self.mem_map.head[objp >> layout.PAGE_SHIFT]
        if self.mem_map.slab_cache[pfn] == cache.index:
            return cache
        found = self.cache_from_obj(cpu, cache, pfn, objp)
        if found is None:  # which the kernel then follows
            raise KernelBugError(f"bulk free: object {objp:#x} is in no slab, its cache is NULL")
        return found

    def detach(self, cpu: Cpu, cache: KmemCache, objp: int, following: int) -> int:
        """Put an object before the detached ones."""
        cpu.insn_loop(INSNS_BULK_OBJECT)
        pfn = self.mem_map.head[objp >> layout.PAGE_SHIFT]
        cpu.read(self.mem_map.page_addr(objp >> layout.PAGE_SHIFT) + layout.PAGE_COMPOUND_HEAD)
        cpu.read(cache.addr + layout.KMEM_CACHE_OFFSET)
        cpu.write(objp + cache.offset)
        self.freelists.set_freepointer(cache, objp, following)
        if self.freelists.hardened:
            self.freelists.charge_hardening(cpu, cache)
        self.detached_pfn = pfn
        self.detached_head = objp
        self.detached_count += 1
        return 0

    def free_hook(self, cpu: Cpu, cache: KmemCache) -> int:
        """Chain the detached objects anew, which turns their order round (mm/slub.c: slab_free_freelist_hook)."""
        following, last, turned = self.detached_head, self.detached_tail, 0
        while True:
            objp = following
            if not objp:  # the kernel looks for the pointer of an object at NULL
                raise KernelBugError("bulk free names an object twice")
            cpu.insn(INSNS_BULK_HOOK)
            cpu.read(objp + cache.offset)
            following = self.freelists.get_freepointer(cache, objp)
            if self.freelists.hardened:
                self.freelists.charge_hardening(cpu, cache)
            if self.init_on_free:
                self.wipe(cpu, cache, objp)
            cpu.write(objp + cache.offset)
            self.freelists.set_freepointer(cache, objp, turned)
            turned = objp
            if objp == last:
                break
        self.detached_tail = self.detached_head
        self.detached_head = turned
        return 0
