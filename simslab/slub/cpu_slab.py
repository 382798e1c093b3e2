"""Taking a CPU's slab away: its freelist goes back into it, and it goes to where it now belongs (mm/slub.c)."""

from __future__ import annotations

from typing import Any, Final

from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm.page import MemMap
from simslab.machine.accounting import callsites
from simslab.machine.core.cpu import Cpu
from simslab.slub import flags as fl
from simslab.slub import layout, stat_item
from simslab.slub.kmem_cache import KmemCache, KmemCacheCpu, KmemCacheNode
from simslab.slub.lists.cpu_partial import CpuPartial
from simslab.slub.lists.freelists import FreeLists
from simslab.slub.slab_page import SlubPages

M_NONE: Final = 0
M_PARTIAL: Final = 1  # what becomes of the slab
M_FULL: Final = 2
M_FREE: Final = 3
STORE_USER: Final = fl.SLAB_STORE_USER
CONSISTENCY_CHECKS: Final = fl.SLAB_CONSISTENCY_CHECKS


# Instructions of the compiled 5.10.134 code, by function (golden-slub/instruction_counts.csv).
INSNS_DEACTIVATE: Final = 64
INSNS_DEACTIVATE_LISTED: Final = 21
INSNS_DEACTIVATE_TAIL: Final = 3
INSNS_DEACTIVATE_OBJECT: Final = 20
INSNS_DEACTIVATE_LAST: Final = 10
INSNS_FLUSH: Final = 10  # estimate: flush_cpu_slab

SITE_DEACTIVATE: Final = callsites.site("deactivate_slab")


class CpuSlab:
    """Deactivation and flushing of CPU slabs of one kernel. `observer` is told `flush_begins(cache, cpu)`."""

    def __init__(self, pages: SlubPages, partial: CpuPartial) -> None:
        self.pages = pages
        self.partial = partial
        self.mem_map: MemMap = pages.mem_map
        self.freelists: FreeLists = pages.freelists
        self.observer: Any = None

    def deactivate_slab(self, cpu: Cpu, cache: KmemCache, pfn: int, freelist: int, c: KmemCacheCpu) -> int:
        """Give up a CPU's slab, whose own freelist is `freelist` (mm/slub.c: deactivate_slab). Irqs off."""
        if not cpu.irqs_off:
            raise KernelBugError("deactivate_slab with interrupts on")
        stat: KmemCacheCpu = cache.cpu_slab[cpu.id]
        page = self.mem_map.page_addr(pfn)
        cpu.settle()  # what other CPUs freed into the slab before this moment counts
        cpu.insn(INSNS_DEACTIVATE)
        cpu.read(page + layout.PAGE_FLAGS)
        cpu.read(cache.addr + layout.KMEM_CACHE_NODE + 8 * self.mem_map.nid(pfn))
        cpu.read(page + layout.PAGE_FREELIST)
        tail = 0
        if self.mem_map.freelist[pfn]:
            stat.stat[stat_item.DEACTIVATE_REMOTE_FREES] += 1
            tail = 1
        freelist = self.free_cpu_objects(cpu, cache, pfn, freelist)
        self.unfreeze_slab(cpu, cache, pfn, freelist, tail, stat)
        c.page = -1
        c.freelist = 0
        c.tid += 1
        cpu.update(c.addr + layout.CPU_TID)
        return cpu.write(c.addr + layout.CPU_PAGE)

    def free_cpu_objects(self, cpu: Cpu, cache: KmemCache, pfn: int, freelist: int) -> int:
        """First stage of deactivate_slab: all but the last object go to the page's freelist; the last, 0 for none.

        With checks the objects from one on whose free pointer leads astray are in use from now on, by nobody. Not
        modelled: an exchange that fails, since another CPU frees right before it, and is tried again.
        """
        mem_map = self.mem_map
        page = mem_map.page_addr(pfn)
        if not freelist:
            return 0
        cpu.read(cache.addr + layout.KMEM_CACHE_OFFSET)
        cpu.read(freelist + cache.offset)
        following = self.freelists.get_freepointer(cache, freelist)
        checked = cache.debug and cache.flags & CONSISTENCY_CHECKS
        if checked and self.freelist_corrupted(cpu, cache, pfn, freelist):
            return 0
        while following:
            cpu.insn(INSNS_DEACTIVATE_OBJECT)
            counters = mem_map.s_mem[pfn]
            if not counters & layout.FROZEN:
                raise KernelBugError(f"CPU slab {pfn} of {cache.name} is not frozen")
            cpu.write(freelist + cache.offset)
            self.freelists.set_freepointer(cache, freelist, mem_map.freelist[pfn])
            if self.freelists.hardened:
                self.freelists.charge_hardening(cpu, cache)
            self.pages.load_new_counters(cpu)
            self.pages.charge_exchange(cpu, cache, page)
            mem_map.freelist[pfn] = freelist
            mem_map.s_mem[pfn] = counters - 1
            freelist = following
            cpu.read(freelist + cache.offset)
            following = self.freelists.get_freepointer(cache, freelist)
            if checked and self.freelist_corrupted(cpu, cache, pfn, freelist):
                return 0
        return freelist

    def freelist_corrupted(self, cpu: Cpu, cache: KmemCache, pfn: int, objp: int) -> int:
        """1 when what follows a free object is told to be lost, with it (debug/checks.py)."""
        corrupted: bool = self.pages.debug.freelist_corrupted(cpu, cache, pfn, objp)
        return 1 if corrupted else 0

    def unfreeze_slab(self, cpu: Cpu, cache: KmemCache, pfn: int, freelist: int, tail: int, stat: KmemCacheCpu) -> int:
        """Second stage: the last object back, the slab unfrozen and to its node's list, or discarded.

        Begins again when others freed into the slab between the look at it and the exchange.
        """
        mem_map = self.mem_map
        n: KmemCacheNode = cache.get_node(mem_map.nid(pfn))
        locked = 0
        before = M_NONE
        if freelist:
            cpu.insn(INSNS_DEACTIVATE_LAST)
        while True:
            head = mem_map.freelist[pfn]
            counters = mem_map.s_mem[pfn]
            if not counters & layout.FROZEN:
                raise KernelBugError(f"CPU slab {pfn} of {cache.name} is not frozen")
            left = counters - 1 if freelist else counters
            if freelist:
                cpu.write(freelist + cache.offset)
                self.freelists.set_freepointer(cache, freelist, head)
                if self.freelists.hardened:
                    self.freelists.charge_hardening(cpu, cache)
            mode = self.choose_place(cpu, cache, n, left & layout.INUSE, freelist | head)
            if not locked and self.needs_lock(cache, mode):
                n.list_lock.lock(cpu, SITE_DEACTIVATE)
                locked = 1
            if before != mode:
                self.move(cpu, cache, n, pfn, before, mode, tail)
                before = mode
            following = freelist if freelist else head
            self.pages.load_new_counters(cpu)
            if self.pages.cmpxchg_double_slab_irqs_off(
                cpu, cache, pfn, head, counters, following, left & ~layout.FROZEN
            ):
                break
        if locked:
            n.list_lock.unlock(cpu)
        return self.account(cpu, cache, pfn, mode, tail, stat)

    def choose_place(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode, inuse: int, free: int) -> int:
        """What becomes of a slab with `inuse` objects out and `free` nonzero if it has free ones."""
        if inuse == 0 and self.partial.node_has_plenty(cpu, cache, n):
            return M_FREE
        return M_PARTIAL if free else M_FULL

    def needs_lock(self, cache: KmemCache, mode: int) -> int:
        """Whether the slab enters a list."""
        if mode == M_PARTIAL:
            return 1
        return 1 if mode == M_FULL and cache.flags & STORE_USER else 0

    def move(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode, pfn: int, before: int, mode: int, tail: int) -> int:
        """Take the slab from the list chosen in the round before, if any, and enter it in the one chosen now."""
        if before == M_PARTIAL:
            self.partial.lists.remove_partial(cpu, cache, n, pfn)
        elif before == M_FULL:
            self.partial.lists.remove_full(cpu, cache, n, pfn)
        if mode == M_PARTIAL:
            cpu.insn(INSNS_DEACTIVATE_LISTED + (INSNS_DEACTIVATE_TAIL if tail else 0))
            return self.partial.lists.add_partial(cpu, cache, n, pfn, tail)
        if mode == M_FULL:
            return self.partial.lists.add_full(cpu, cache, n, pfn)
        return 0

    def account(self, cpu: Cpu, cache: KmemCache, pfn: int, mode: int, tail: int, stat: KmemCacheCpu) -> int:
        """Count what became of the slab, and discard an empty one."""
        if mode == M_PARTIAL:
            stat.stat[stat_item.DEACTIVATE_TO_HEAD + tail] += 1
        elif mode == M_FULL:
            stat.stat[stat_item.DEACTIVATE_FULL] += 1
        else:
            stat.stat[stat_item.DEACTIVATE_EMPTY] += 1
            self.pages.discard_slab(cpu, cache, pfn)
            stat.stat[stat_item.FREE_SLAB] += 1
        return 0

    def flush_slab(self, cpu: Cpu, cache: KmemCache, c: KmemCacheCpu) -> int:
        """Give up a CPU's slab (mm/slub.c: flush_slab). Irqs off."""
        stat: KmemCacheCpu = cache.cpu_slab[cpu.id]
        stat.stat[stat_item.CPUSLAB_FLUSH] += 1
        return self.deactivate_slab(cpu, cache, c.page, c.freelist, c)

    def flush_cpu_slab(self, cpu: Cpu, cache: KmemCache, of_cpu: int) -> int:
        """Give up the slab and the partial slabs that CPU `of_cpu` has (mm/slub.c: __flush_cpu_slab). Irqs off."""
        c: KmemCacheCpu = cache.cpu_slab[of_cpu]
        if self.observer is not None:
            self.observer.flush_begins(cache, of_cpu)
        cpu.insn(INSNS_FLUSH)
        cpu.read(c.addr + layout.CPU_PAGE)
        if c.page >= 0:
            self.flush_slab(cpu, cache, c)
        return self.partial.unfreeze_partials(cpu, cache, c)
