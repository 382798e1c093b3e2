"""The CPUs' lists of partial slabs: putting slabs on, and moving all of them to the nodes' lists (mm/slub.c).

A slab on such a list is frozen: others may free into it, but only its CPU takes it off. `MemMap.next` links the list;
`MemMap.prev` packs what the kernel has in the same word, `pages` (low half) and `pobjects`: slabs from here on, and
their free objects as counted when they were put there. Those of the first are the list's totals.
"""

from __future__ import annotations

from typing import Any, Final

from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm.page import MemMap
from simslab.machine.accounting import callsites
from simslab.machine.core.cpu import Cpu
from simslab.slub import layout, stat_item
from simslab.slub.kmem_cache import KmemCache, KmemCacheCpu, KmemCacheNode
from simslab.slub.lists.node_list import NodeLists
from simslab.slub.slab_page import SlubPages

TO_TAIL: Final = 1
POBJECTS_SHIFT: Final = 32
PAGES_MASK: Final = 0xFFFFFFFF


# Instructions of the compiled 5.10.134 code, by function (golden-slub/instruction_counts.csv).
INSNS_PUT: Final = 37  # put_cpu_partial, onto an empty list
INSNS_PUT_MORE: Final = 3
INSNS_PUT_DRAIN: Final = 14
INSNS_UNFREEZE: Final = 29  # unfreeze_partials
INSNS_UNFREEZE_SLAB: Final = 37
INSNS_UNFREEZE_NODE: Final = 6
INSNS_UNFREEZE_FREED: Final = 2

SITE_PUT: Final = callsites.site("put_cpu_partial")
SITE_UNFREEZE: Final = callsites.site("unfreeze_partials")


class CpuPartial:
    """The lists of partial slabs of all CPUs of one kernel. `observer` is told `cpu_partial_put(cache, cpu, pfn)`."""

    def __init__(self, pages: SlubPages, lists: NodeLists) -> None:
        self.pages = pages
        self.lists = lists
        self.mem_map: MemMap = pages.mem_map
        self.observer: Any = None

    def put_cpu_partial(self, cpu: Cpu, cache: KmemCache, pfn: int, drain: int) -> int:
        """Put a slab that was just frozen on this CPU's list (mm/slub.c: put_cpu_partial).

        With `drain` a list that holds more than `cpu_partial` objects goes to the nodes first; with `cpu_partial` 0
        the list goes at once.
        """
        c: KmemCacheCpu = cache.cpu_slab[cpu.id]
        cpu.insn(INSNS_PUT)
        cpu.read(cache.addr)
        while True:
            cpu.read(c.addr + layout.CPU_PARTIAL)
            old = c.partial
            if old >= 0:
                cpu.insn(INSNS_PUT_MORE)
                cpu.read(self.mem_map.page_addr(old) + layout.PAGE_NEXT)
                if drain and self.mem_map.prev[old] >> POBJECTS_SHIFT > cache.cpu_partial:
                    cpu.insn(INSNS_PUT_DRAIN)
                    self.unfreeze_irqsave(cpu, cache, c)
                    c.stat[stat_item.CPU_PARTIAL_DRAIN] += 1
                    old = -1
            self.link_before(cpu, pfn, old)
            if c.partial == old:  # else an interrupt put slabs there while the list was drained
                break
        c.partial = pfn
        cpu.update(c.addr + layout.CPU_PARTIAL)
        if self.observer is not None:
            self.observer.cpu_partial_put(cache, cpu.id, pfn)
        return 0 if cache.cpu_partial else self.unfreeze_irqsave(cpu, cache, c)

    def link_before(self, cpu: Cpu, pfn: int, old: int) -> int:
        """Let `old`, -1 for none, follow a slab, and sum up slabs and objects from it on."""
        mem_map = self.mem_map
        counters = mem_map.s_mem[pfn]
        cpu.read(mem_map.page_addr(pfn) + layout.PAGE_FREELIST)
        pages = pobjects = 0
        if old >= 0:
            pages = mem_map.prev[old] & PAGES_MASK
            pobjects = mem_map.prev[old] >> POBJECTS_SHIFT
        pobjects += ((counters >> layout.OBJECTS_SHIFT) & layout.OBJECTS_MASK) - (counters & layout.INUSE)
        mem_map.prev[pfn] = (pages + 1) | (pobjects << POBJECTS_SHIFT)
        mem_map.next[pfn] = old
        return cpu.write(mem_map.page_addr(pfn) + layout.PAGE_NEXT)

    def unfreeze_irqsave(self, cpu: Cpu, cache: KmemCache, c: KmemCacheCpu) -> int:
        """unfreeze_partials with interrupts off around it."""
        saved = cpu.irq_save(SITE_PUT)
        self.unfreeze_partials(cpu, cache, c)
        return cpu.irq_restore(saved)

    def unfreeze_partials(self, cpu: Cpu, cache: KmemCache, c: KmemCacheCpu) -> int:
        """Move all of a CPU's partial slabs to their nodes' lists (mm/slub.c: unfreeze_partials). Irqs off.

        Empty slabs of a node with `min_partial` slabs on its list are discarded, once no lock is held. Not modelled: an
        exchange that fails, since another CPU frees right before it, and is tried again (CMPXCHG_DOUBLE_FAIL).
        """
        if not cpu.irqs_off:
            raise KernelBugError("unfreeze_partials with interrupts on")
        stat: KmemCacheCpu = cache.cpu_slab[cpu.id]
        mem_map = self.mem_map
        n: KmemCacheNode | None = None
        discard = -1
        cpu.insn(INSNS_UNFREEZE)
        cpu.read(c.addr + layout.CPU_PARTIAL)
        while c.partial >= 0:
            if n is not None:
                n.list_lock.let_in(cpu)
            pfn = c.partial
            page = mem_map.page_addr(pfn)
            cpu.insn(INSNS_UNFREEZE_SLAB)
            cpu.read(page + layout.PAGE_NEXT)
            c.partial = mem_map.next[pfn]
            cpu.write(c.addr + layout.CPU_PARTIAL)
            n = self.lock_node_of(cpu, cache, n, pfn)
            counters = mem_map.s_mem[pfn]
            if not counters & layout.FROZEN:
                raise KernelBugError(f"slab {pfn} of {cache.name} on a CPU's list is not frozen")
            self.pages.load_new_counters(cpu)
            self.pages.charge_exchange(cpu, cache, page)
            mem_map.s_mem[pfn] = counters & ~layout.FROZEN
            if counters & layout.INUSE == 0 and self.node_has_plenty(cpu, cache, n):
                cpu.insn(INSNS_UNFREEZE_FREED)
                mem_map.next[pfn] = discard
                cpu.write(page + layout.PAGE_NEXT)
                discard = pfn
            else:
                self.lists.add_partial(cpu, cache, n, pfn, TO_TAIL)
                stat.stat[stat_item.FREE_ADD_PARTIAL] += 1
        if n is not None:
            n.list_lock.unlock(cpu)
        return self.discard_all(cpu, cache, discard)

    def lock_node_of(self, cpu: Cpu, cache: KmemCache, held: KmemCacheNode | None, pfn: int) -> KmemCacheNode:
        """The node structure of a slab, its lock taken; `held` is the one whose lock is held so far."""
        nid = self.mem_map.nid(pfn)
        cpu.read(self.mem_map.page_addr(pfn) + layout.PAGE_FLAGS)
        cpu.read(cache.addr + layout.KMEM_CACHE_NODE + 8 * nid)
        n = cache.get_node(nid)
        if held is not n:
            cpu.insn(INSNS_UNFREEZE_NODE)
            if held is not None:
                held.list_lock.unlock(cpu)
            n.list_lock.lock(cpu, SITE_UNFREEZE)
        return n

    def node_has_plenty(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode) -> int:
        """Whether a node's list is long enough for empty slabs to be given back."""
        cpu.read(n.addr + layout.NODE_NR_PARTIAL)
        cpu.read(cache.addr + layout.KMEM_CACHE_MIN_PARTIAL)
        return 1 if n.nr_partial >= cache.min_partial else 0

    def discard_all(self, cpu: Cpu, cache: KmemCache, pfn: int) -> int:
        """Discard a chain of slabs, last come first."""
        c: KmemCacheCpu = cache.cpu_slab[cpu.id]
        while pfn >= 0:
            following = self.mem_map.next[pfn]
            cpu.read(self.mem_map.page_addr(pfn) + layout.PAGE_NEXT)
            c.stat[stat_item.DEACTIVATE_EMPTY] += 1
            self.pages.discard_slab(cpu, cache, pfn)
            c.stat[stat_item.FREE_SLAB] += 1
            pfn = following
        return 0

    # -- views, no charge ---------------------------------------------------------------------------------------------

    def entries(self, c: KmemCacheCpu) -> list[tuple[int, int, int]]:
        """A CPU's list, first to last: (pfn, pages, pobjects)."""
        found = []
        pfn = c.partial
        while pfn >= 0:
            packed = self.mem_map.prev[pfn]
            found.append((pfn, packed & PAGES_MASK, packed >> POBJECTS_SHIFT))
            pfn = self.mem_map.next[pfn]
        return found
