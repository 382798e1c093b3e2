"""Allocation: from the CPU's freelist without a lock, else from wherever there is something (mm/slub.c).

Objects are the addresses that callers use; 0 is NULL. The fast path runs with interrupts as they are: it notes the
transaction number, and exchanges freelist and number together, so that whatever an interrupt did meanwhile is noticed.
Slow paths run with interrupts off, except where growth lets them in.
"""

from __future__ import annotations

from typing import Any, Final

from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm import gfp
from simslab.kernel.mm.page import MemMap
from simslab.machine.accounting import callsites, causes
from simslab.machine.core.cpu import Cpu
from simslab.slab_common.memcg import verdicts
from simslab.slab_common.memcg.pre_alloc import slab_pre_alloc_hook
from simslab.slub import flags as fl
from simslab.slub import layout, paths, stat_item
from simslab.slub.cpu_slab import CpuSlab
from simslab.slub.kmem_cache import KmemCache, KmemCacheCpu
from simslab.slub.lists.freelists import FreeLists
from simslab.slub.lists.get_partial import GetPartial
from simslab.slub.slab_page import SlubPages

CONTENTS_MATTER: Final = fl.CONTENTS_MATTER

# Instructions of the compiled 5.10.134 code, by function (golden-slub/instruction_counts.csv).
INSNS_FAST: Final = 44  # kmem_cache_alloc with should_failslab
INSNS_FAST_NODE: Final = 54  # kmem_cache_alloc_node
INSNS_NOPAGE: Final = 43  # kmem_cache_alloc up to the slow path, without a CPU slab
INSNS_EMPTY: Final = 45  # with one, whose freelist is empty
INSNS_SLOW_NODE: Final = 47  # kmem_cache_alloc_node, of either kind
INSNS_MISMATCH_NODE: Final = 55  # with objects, of another node
INSNS_ZERO: Final = 22  # memset with `rep stosb` counted once
INSNS_SLOW: Final = 30  # ___slab_alloc: begin and end
INSNS_SLOW_NODE_STATE: Final = 2  # is that a node with memory?
INSNS_SLOW_CHECK: Final = 27  # matches, freelist, get_freelist
INSNS_SLOW_CHECK_NODE: Final = 2
INSNS_SLOW_BYPASS: Final = 12
INSNS_SLOW_MISMATCH: Final = 16
INSNS_SLOW_POP: Final = 11  # a slab from the CPU's list
INSNS_SLOW_PARTIAL: Final = 28  # get_partial, its parts on other nodes apart
INSNS_SLOW_PARTIAL_NODE: Final = 27
INSNS_SLOW_NEW: Final = 11
INSNS_SLOW_LOAD: Final = 10  # load_freelist
INSNS_BULK: Final = 40
INSNS_BULK_OBJECT: Final = 13

SITE_ALLOC: Final = callsites.site("__slab_alloc")
SITE_BULK: Final = callsites.site("kmem_cache_alloc_bulk")


class SlubAlloc:
    """The allocation paths of one kernel's allocator.

    `node_has_memory[nid]` is N_NORMAL_MEMORY. `failslab` and `memcg` (slab_common/memcg) are None unless faults are
    injected or tasks are in memory cgroups; `hooked` is 1 with either. `freeing` takes objects back when a bulk
    allocation fails.

    Not modelled: gfp_allowed_mask without reclaim during boot, when nothing is short; migration to another CPU within
    an operation (the kernel is not preemptible).
    """

    def __init__(self, pages: SlubPages, slabs: CpuSlab, nodes: GetPartial, node_has_memory: list[int]) -> None:
        self.pages = pages
        self.slabs = slabs
        self.nodes = nodes
        self.mem_map: MemMap = pages.mem_map
        self.freelists: FreeLists = pages.freelists
        self.node_has_memory = node_has_memory
        self.gfp_allowed_mask = gfp.BITS_MASK
        self.failslab: Any = None
        self.memcg: Any = None
        self.hooked = 0
        self.freeing: Any = None
        self.out_of_memory: Any = None  # housekeeping/out_of_memory.py
        self.warned_of_zeroing = 0
        self.init_on_alloc = 0
        self.init_on_free = 0

    # -- entry points -------------------------------------------------------------------------------------------------

    def slab_alloc_node(self, cpu: Cpu, cache: KmemCache, flags: int, node: int, by_node: int) -> int:
        """An object, of `node` if it is not -1; 0 when there is none (mm/slub.c: slab_alloc_node).

        `by_node` 1: called as kmem_cache_alloc_node, whose code looks at the node of the CPU's slab.
        """
        flags &= self.gfp_allowed_mask
        verdict = self.pre_alloc_hook(cpu, cache, flags, 1) if self.hooked else 0
        if verdict == verdicts.REFUSED:
            return 0
        cpu.read(cache.addr + layout.KMEM_CACHE_CPU_SLAB)
        while True:
            c: KmemCacheCpu = cache.cpu_slab[cpu.id]
            cpu.read(c.addr + layout.CPU_TID)
            cpu.read(c.addr + layout.CPU_PAGE)
            tid = c.tid
            objp = c.freelist
            if objp == 0 or c.page < 0 or (node != gfp.NUMA_NO_NODE and self.mem_map.nid(c.page) != node):
                self.charge_entry(cpu, c, by_node)
                objp = self.slab_alloc_slow(cpu, cache, flags, node)
                break
            if by_node:
                cpu.insn(INSNS_FAST_NODE)
                cpu.read(self.mem_map.page_addr(c.page) + layout.PAGE_FLAGS)
            else:
                cpu.insn(INSNS_FAST)
            cpu.read(objp + cache.offset)
            if self.freelists.hardened:
                self.freelists.charge_hardening(cpu, cache)
            following = self.freelists.get_freepointer(cache, objp)
            if cpu.next_irq <= cpu.now and not cpu.irqs_off:
                cpu.deliver_interrupts()
            cpu.charge(causes.LOCKED, cpu.cmpxchg_double_cost)
            if c.tid == tid:
                c.freelist = following
                c.tid = tid + 1
                cpu.update(c.addr)
                if following:
                    cpu.look(following + cache.offset)  # Not modelled: the fill buffer that this prefetch takes
                c.stat[stat_item.ALLOC_FASTPATH] += 1
                cpu.path = paths.ALLOC_FAST
                break
            c.stat[stat_item.CMPXCHG_DOUBLE_CPU_FAIL] += 1
        if (self.init_on_alloc or flags & gfp.ZERO or self.init_on_free) and objp:
            self.maybe_wipe_obj_freeptr(cpu, cache, objp)
            self.initialise(cpu, cache, flags, objp)
        if verdict:
            self.memcg.post_alloc_hook(cpu, cache, flags, [objp], 1)
        return objp

    def charge_entry(self, cpu: Cpu, c: KmemCacheCpu, by_node: int) -> int:
        """Instructions of the fast path up to where it gives up."""
        if by_node:
            return cpu.insn(INSNS_MISMATCH_NODE if c.freelist and c.page >= 0 else INSNS_SLOW_NODE)
        return cpu.insn(INSNS_EMPTY if c.page >= 0 else INSNS_NOPAGE)

    def slab_alloc_slow(self, cpu: Cpu, cache: KmemCache, flags: int, node: int) -> int:
        """The slow path with interrupts off (mm/slub.c: __slab_alloc)."""
        saved = cpu.irq_save(SITE_ALLOC)
        objp = self.slab_alloc(cpu, cache, flags, node)
        cpu.irq_restore(saved)
        return objp

    def initialise(self, cpu: Cpu, cache: KmemCache, flags: int, objp: int) -> int:
        """Zero an object for its user if that is wanted (mm/slub.c: slab_want_init_on_alloc)."""
        if self.want_init_on_alloc(cache, flags):
            cpu.read(cache.addr + layout.KMEM_CACHE_OBJECT_SIZE)
            cpu.insn(INSNS_ZERO)
            cpu.clear(objp, cache.object_size)
            if self.pages.debug is not None:
                self.tell_zeroed(cache, objp)
        return 0

    def maybe_wipe_obj_freeptr(self, cpu: Cpu, cache: KmemCache, objp: int) -> int:
        """Zero the free pointer in an object that was zeroed when it was freed (mm/slub.c: maybe_wipe_obj_freeptr)."""
        if self.init_on_free and self.may_zero(cache):
            cpu.write(objp + cache.offset)
        return 0

    def tell_zeroed(self, cache: KmemCache, objp: int) -> int:
        """Let the contents of a debugged object be zero."""
        self.pages.debug.zeroed(cache, objp)
        return 0

    def want_init_on_alloc(self, cache: KmemCache, flags: int) -> int:
        """Whether an object is zeroed for its user (mm/slab.h: slab_want_init_on_alloc)."""
        if self.init_on_alloc:
            if cache.ctor:
                return 0
            if not cache.flags & CONTENTS_MATTER:
                return 1
        return flags & gfp.ZERO

    def may_zero(self, cache: KmemCache) -> int:
        """Whether free objects may be zeroed (mm/slab.h: slab_want_init_on_free)."""
        return 0 if cache.ctor or cache.flags & CONTENTS_MATTER else 1

    def pre_alloc_hook(self, cpu: Cpu, cache: KmemCache, flags: int, size: int) -> int:
        """Whether `size` objects are refused or charged: one of `verdicts` (slab_pre_alloc_hook)."""
        verdict: int = slab_pre_alloc_hook(self.failslab, self.memcg, cpu, cache, flags, size)
        if verdict == verdicts.REFUSED:
            cpu.path = paths.ALLOC_FAILED
        return verdict

    # -- slow path; irqs off ------------------------------------------------------------------------------------------

    def slab_alloc(self, cpu: Cpu, cache: KmemCache, flags: int, node: int) -> int:
        """An object when the CPU's freelist has none that fits (mm/slub.c: ___slab_alloc). Irqs off.

        The CPU's slab, the slabs of its list, then those of nodes, then a new one; slabs of the wrong node are given
        up one by one.
        """
        c: KmemCacheCpu = cache.cpu_slab[cpu.id]
        c.stat[stat_item.ALLOC_SLOWPATH] += 1
        cpu.insn(INSNS_SLOW)
        cpu.read(c.addr + layout.CPU_PAGE)
        cpu.path = paths.ALLOC_REFILL_PAGE
        if c.page < 0 and node != gfp.NUMA_NO_NODE:
            cpu.insn(INSNS_SLOW_NODE_STATE)
            if not self.has_normal_memory(node):
                node = gfp.NUMA_NO_NODE
        while c.page >= 0 or c.partial >= 0:
            cpu.settle()  # others may free into the slab: its page's line is wanted, and in order of time
            if c.page < 0:
                self.take_cpu_partial(cpu, c)
            if node != gfp.NUMA_NO_NODE and self.mem_map.nid(c.page) != node and not self.has_normal_memory(node):
                node = gfp.NUMA_NO_NODE
            objp = self.from_cpu_slab(cpu, cache, c, flags, node)
            if objp:
                return self.load_freelist(cpu, cache, c, objp)
        return self.new_slab_objects(cpu, cache, c, flags, node)

    def has_normal_memory(self, node: int) -> int:
        """Whether `node` is one with memory of its own (node_state(node, N_NORMAL_MEMORY))."""
        return self.node_has_memory[node] if node < len(self.node_has_memory) else 0

    def take_cpu_partial(self, cpu: Cpu, c: KmemCacheCpu) -> int:
        """Make the first slab of the CPU's list its slab."""
        pfn = c.partial
        cpu.insn(INSNS_SLOW_POP)
        cpu.read(c.addr + layout.CPU_PARTIAL)
        c.page = pfn
        cpu.write(c.addr + layout.CPU_PAGE)
        cpu.read(self.mem_map.page_addr(pfn) + layout.PAGE_NEXT)
        c.partial = self.mem_map.next[pfn]
        cpu.write(c.addr + layout.CPU_PARTIAL)
        c.stat[stat_item.CPU_PARTIAL_ALLOC] += 1
        cpu.path = paths.ALLOC_CPU_PARTIAL
        return 0

    def from_cpu_slab(self, cpu: Cpu, cache: KmemCache, c: KmemCacheCpu, flags: int, node: int) -> int:
        """First object of the CPU's slab, if it fits the request; else the slab is given up and 0 returned."""
        pfn = c.page
        cpu.read(self.mem_map.page_addr(pfn) + layout.PAGE_FLAGS)
        if node != gfp.NUMA_NO_NODE and self.mem_map.nid(pfn) != node:
            cpu.insn(INSNS_SLOW_MISMATCH)
            c.stat[stat_item.ALLOC_NODE_MISMATCH] += 1
            return self.slabs.deactivate_slab(cpu, cache, pfn, c.freelist, c)
        if not self.nodes.pfmemalloc_match(cpu, pfn, flags):
            cpu.insn(INSNS_SLOW_MISMATCH)
            return self.slabs.deactivate_slab(cpu, cache, pfn, c.freelist, c)
        cpu.insn(INSNS_SLOW_CHECK if node == gfp.NUMA_NO_NODE else INSNS_SLOW_CHECK + INSNS_SLOW_CHECK_NODE)
        if c.freelist:  # an interrupt has filled it since the fast path looked
            return c.freelist
        objp = self.get_freelist(cpu, cache, pfn)
        if objp:
            c.stat[stat_item.ALLOC_REFILL] += 1
            return objp
        cpu.insn(INSNS_SLOW_BYPASS)
        c.page = -1
        c.tid += 1
        cpu.update(c.addr + layout.CPU_TID)
        cpu.write(c.addr + layout.CPU_PAGE)
        c.stat[stat_item.DEACTIVATE_BYPASS] += 1
        return 0

    def get_freelist(self, cpu: Cpu, cache: KmemCache, pfn: int) -> int:
        """Take all that others freed into the CPU's slab; without any it is unfrozen (mm/slub.c: get_freelist)."""
        mem_map = self.mem_map
        while True:
            cpu.settle()
            objp = mem_map.freelist[pfn]
            counters = mem_map.s_mem[pfn]
            if not counters & layout.FROZEN:
                raise KernelBugError(f"CPU slab {pfn} of {cache.name} is not frozen")
            objects = (counters >> layout.OBJECTS_SHIFT) & layout.OBJECTS_MASK
            taken = objects | (objects << layout.OBJECTS_SHIFT) | (layout.FROZEN if objp else 0)
            self.pages.load_new_counters(cpu)
            cpu.settle()  # the line is taken now, as in __slab_free
            if self.pages.cmpxchg_double_slab_irqs_off(cpu, cache, pfn, objp, counters, 0, taken):
                return objp

    def load_freelist(self, cpu: Cpu, cache: KmemCache, c: KmemCacheCpu, objp: int) -> int:
        """Return `objp`, and make what follows it the CPU's freelist (___slab_alloc at load_freelist)."""
        cpu.insn(INSNS_SLOW_LOAD)
        cpu.read(cache.addr + layout.KMEM_CACHE_OFFSET)
        cpu.read(objp + cache.offset)
        if self.freelists.hardened:
            self.freelists.charge_hardening(cpu, cache)
        c.freelist = self.freelists.get_freepointer(cache, objp)
        c.tid += 1
        cpu.update(c.addr)
        return objp

    def new_slab_objects(self, cpu: Cpu, cache: KmemCache, c: KmemCacheCpu, flags: int, node: int) -> int:
        """From a slab of a node's list or a new one; 0 when there is neither (mm/slub.c: new_slab_objects)."""
        if flags & gfp.ZERO and cache.ctor:
            self.warn_of_zeroing(cpu)
        while True:
            cpu.read(c.addr + layout.CPU_PARTIAL)
            cpu.insn(INSNS_SLOW_PARTIAL if node == gfp.NUMA_NO_NODE else INSNS_SLOW_PARTIAL_NODE)
            objp = self.nodes.get_partial(cpu, cache, flags, node)
            cpu.path = paths.ALLOC_NODE_PARTIAL
            if not objp:
                objp = self.from_new_slab(cpu, cache, c, flags, node)
                cpu.path = paths.ALLOC_NEW_SLAB
            if not objp:
                cpu.path = paths.ALLOC_FAILED
                if self.out_of_memory is not None:
                    self.out_of_memory.tell(cpu, cache, flags, node)
                return 0
            cpu.read(self.mem_map.page_addr(c.page) + layout.PAGE_FLAGS)
            if not cache.debug and self.nodes.pfmemalloc_match(cpu, c.page, flags):
                return self.load_freelist(cpu, cache, c, objp)
            if cache.debug and not self.pages.debug.alloc_debug_processing(cpu, cache, c.page, objp):
                continue  # the slab failed its checks and is left alone
            self.slabs.deactivate_slab(cpu, cache, c.page, self.freelists.get_freepointer(cache, objp), c)
            return objp

    def warn_of_zeroing(self, cpu: Cpu) -> int:
        """Warn once of a request to zero what a constructor made (WARN_ON_ONCE of new_slab_objects)."""
        if not self.warned_of_zeroing and self.pages.log is not None:
            self.warned_of_zeroing = 1
            self.pages.log.warn_on(cpu, "mm/slub.c new_slab_objects")
        return 0

    def from_new_slab(self, cpu: Cpu, cache: KmemCache, c: KmemCacheCpu, flags: int, node: int) -> int:
        """Make a new slab the CPU's; its first object, 0 when there are no pages.

        While pages were found interrupts may have been on: a slab that they left is given up.
        """
        cache.check_alive()
        cpu.insn(INSNS_SLOW_NEW)
        pfn = self.pages.new_slab(cpu, cache, flags, node)
        if pfn < 0:
            return 0
        cpu.read(c.addr + layout.CPU_PAGE)
        if c.page >= 0:
            self.slabs.flush_slab(cpu, cache, c)
        objp = self.mem_map.freelist[pfn]
        self.mem_map.freelist[pfn] = 0
        cpu.update(self.mem_map.page_addr(pfn) + layout.PAGE_FREELIST)
        c.stat[stat_item.ALLOC_SLAB] += 1
        c.page = pfn
        cpu.write(c.addr + layout.CPU_PAGE)
        return objp

    # -- in bulk ------------------------------------------------------------------------------------------------------

    def kmem_cache_alloc_bulk(self, cpu: Cpu, cache: KmemCache, flags: int, size: int) -> list[int]:
        """Allocate `size` objects or none at all (mm/slub.c: kmem_cache_alloc_bulk). Interrupts on."""
        flags &= self.gfp_allowed_mask
        objects: list[int] = []
        verdict = self.pre_alloc_hook(cpu, cache, flags, size) if self.hooked else 0
        if verdict == verdicts.REFUSED:
            return objects
        cpu.insn(INSNS_BULK)
        cpu.irq_disable(SITE_BULK)
        cpu.read(cache.addr + layout.KMEM_CACHE_CPU_SLAB)
        c: KmemCacheCpu = cache.cpu_slab[cpu.id]
        for _ in range(size):
            cpu.insn_loop(INSNS_BULK_OBJECT)
            cpu.read(c.addr)
            objp = c.freelist
            if objp:
                cpu.read(objp + cache.offset)
                if self.freelists.hardened:
                    self.freelists.charge_hardening(cpu, cache)
                c.freelist = self.freelists.get_freepointer(cache, objp)
                cpu.write(c.addr)
            else:
                c.tid += 1
                cpu.update(c.addr + layout.CPU_TID)
                objp = self.slab_alloc(cpu, cache, flags, gfp.NUMA_NO_NODE)
            if not objp:
                break
            if self.init_on_free:
                self.maybe_wipe_obj_freeptr(cpu, cache, objp)
            objects.append(objp)
        if len(objects) < size:
            cpu.irq_enable()
            if verdict:
                self.memcg.post_alloc_hook(cpu, cache, flags, objects, size)
            return self.bulk_failed(cpu, cache, objects)
        c.tid += 1
        cpu.update(c.addr + layout.CPU_TID)
        cpu.irq_enable()
        cpu.path = paths.ALLOC_BULK
        if self.want_init_on_alloc(cache, flags):
            for objp in objects:
                self.initialise(cpu, cache, flags, objp)
        if verdict:
            self.memcg.post_alloc_hook(cpu, cache, flags, objects, size)
        return objects

    def bulk_failed(self, cpu: Cpu, cache: KmemCache, objects: list[int]) -> list[int]:
        """Give back what a bulk allocation got, one by one; returns an empty list."""
        for objp in objects:
            self.freeing.kmem_cache_free(cpu, cache, objp)
        cpu.path = paths.ALLOC_FAILED
        return []
