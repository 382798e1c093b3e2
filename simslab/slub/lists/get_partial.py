"""A CPU slab from the nodes' lists of partial slabs, and further ones for the CPU's own list (mm/slub.c)."""

from __future__ import annotations

from typing import Any, Final

from simslab.kernel import layout as kernel_layout
from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm import gfp
from simslab.kernel.mm import zone as zone_module
from simslab.kernel.mm.page import PG_ACTIVE, MemMap
from simslab.kernel.mm.zone import Zone
from simslab.machine.accounting import callsites
from simslab.machine.core.cpu import Cpu
from simslab.slub import layout, stat_item
from simslab.slub.kmem_cache import KmemCache, KmemCacheCpu, KmemCacheNode
from simslab.slub.lists.cpu_partial import CpuPartial
from simslab.slub.slab_page import SlubPages

RATIO_MASK: Final = 1023
SLAB_PFMEMALLOC: Final = PG_ACTIVE
ZONE_DMA: Final = zone_module.ZONE_DMA
ZONE_DMA32: Final = zone_module.ZONE_DMA32
ZONE_NORMAL: Final = zone_module.ZONE_NORMAL


# Instructions of the compiled 5.10.134 code, by function (golden-slub/instruction_counts.csv).
INSNS_PARTIAL_NODE: Final = 26  # get_partial_node
INSNS_PARTIAL_SLAB: Final = 64
INSNS_ANY: Final = 8  # get_any_partial up to the look at the cycle counter
INSNS_ANY_SEARCH: Final = 39  # with mempolicy_slab_node
INSNS_ANY_FOUND: Final = 8  # a zone
INSNS_ANY_PASSED: Final = 6  # more, for one without what is looked for

SITE_PARTIAL: Final = callsites.site("get_partial_node")


class GetPartial:
    """Searches of one kernel. `cycles`, when set, is asked for what get_cycles() returns (replay of a recording)."""

    def __init__(self, pages: SlubPages, partial: CpuPartial) -> None:
        self.pages = pages
        self.partial = partial
        self.mem_map: MemMap = pages.mem_map
        self.cycles: Any = None
        self.policies: Any = None  # kernel/mm/mempolicy.py when tasks have memory policies or cpusets

    def get_partial(self, cpu: Cpu, cache: KmemCache, flags: int, node: int) -> int:
        """A slab from the list of `node`, or of any node when none was asked for (mm/slub.c: get_partial). Irqs off.

        Makes it the CPU's slab; returns its first object, 0 for none.
        """
        nid = cpu.numa_mem if node == gfp.NUMA_NO_NODE else node
        cpu.read(cache.addr + layout.KMEM_CACHE_CTOR)  # the warning about zeroing what a constructor made
        cpu.read(cache.addr + layout.KMEM_CACHE_NODE + 8 * nid)
        n = cache.node[nid]
        if n is not None:
            objp = self.get_partial_node(cpu, cache, n, flags)
            if objp:
                return objp
        if node != gfp.NUMA_NO_NODE:
            return 0
        return self.get_any_partial(cpu, cache, flags)

    def get_partial_node(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode, flags: int) -> int:
        """A slab from one node's list (mm/slub.c: get_partial_node). Irqs off.

        Further slabs go to the CPU's list until more than half of `cpu_partial` objects were found.
        """
        cpu.read(n.addr + layout.NODE_NR_PARTIAL)
        if not n.nr_partial:
            return 0
        c: KmemCacheCpu = cache.cpu_slab[cpu.id]
        n.list_lock.lock(cpu, SITE_PARTIAL)
        cpu.insn(INSNS_PARTIAL_NODE)
        cpu.read(n.addr + layout.NODE_PARTIAL)
        objp = available = 0
        pfn = n.lists[0]
        while pfn >= 0:
            following = self.mem_map.next[pfn]
            if self.pfmemalloc_match(cpu, pfn, flags):
                available += self.acquire_slab(cpu, cache, n, c, pfn, objp)
                if not objp:
                    objp = c.freelist
                    c.freelist = 0
                # Before `cpu_partial` is looked at: were it set to 0 after that, the next slab would be unfrozen at
                # once, under the lock that is held here (5.10's window for that is a few instructions).
                n.list_lock.let_in(cpu)
                if cache.debug or available > cache.cpu_partial >> 1:
                    break
            pfn = following
        n.list_lock.unlock(cpu)
        return objp

    def acquire_slab(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode, c: KmemCacheCpu, pfn: int, found: int) -> int:
        """Freeze a slab and take it off the list; its number of free objects (mm/slub.c: acquire_slab).

        The first (`found` 0) becomes the CPU's, with all its free objects, others go to the CPU's list as they are.

        Not modelled: a free of another CPU between the look at the slab and the exchange, which then fails. 5.10 counts
        it (CMPXCHG_DOUBLE_FAIL) and get_partial_node takes no further slab: if it has none yet, another node is
        searched or a new slab grown. Here `cmpxchg_double_fail` is a little low, and no slab is grown for this reason.
        """
        mem_map = self.mem_map
        page = mem_map.page_addr(pfn)
        counters = mem_map.s_mem[pfn]
        if counters & layout.FROZEN:
            raise KernelBugError(f"slab {pfn} on a node's list of {cache.name} is frozen")
        cpu.insn(INSNS_PARTIAL_SLAB)
        cpu.read(page)
        objects = (counters >> layout.OBJECTS_SHIFT) & layout.OBJECTS_MASK
        free = objects - (counters & layout.INUSE)
        self.pages.load_new_counters(cpu)
        self.pages.charge_exchange(cpu, cache, page)
        if found:
            mem_map.s_mem[pfn] = counters | layout.FROZEN
        else:
            c.freelist = mem_map.freelist[pfn]
            mem_map.freelist[pfn] = 0
            mem_map.s_mem[pfn] = objects | (objects << layout.OBJECTS_SHIFT) | layout.FROZEN
        self.partial.lists.remove_partial(cpu, cache, n, pfn)
        if found:
            self.partial.put_cpu_partial(cpu, cache, pfn, 0)
            c.stat[stat_item.CPU_PARTIAL_NODE] += 1
        else:
            c.page = pfn
            cpu.write(c.addr + layout.CPU_PAGE)
            c.stat[stat_item.ALLOC_FROM_PARTIAL] += 1
        cpu.read(cache.addr + layout.KMEM_CACHE_CPU_PARTIAL)
        return free

    def get_any_partial(self, cpu: Cpu, cache: KmemCache, flags: int) -> int:
        """A slab from a node with more than `min_partial` of them, nearest first (mm/slub.c: get_any_partial).

        A request with __GFP_THISNODE has a zonelist of its own node alone. How often nodes are searched at all is left
        to the low bits of the cycle counter.
        """
        cpu.read(cache.addr + layout.KMEM_CACHE_REMOTE_NODE_DEFRAG_RATIO)
        cpu.insn(INSNS_ANY)
        if not cache.remote_node_defrag_ratio or self.get_cycles(cpu) & RATIO_MASK > cache.remote_node_defrag_ratio:
            return 0
        cpu.insn(INSNS_ANY_SEARCH)
        nid: int = cpu.numa_mem if self.policies is None else self.policies.mempolicy_slab_node(cpu)
        highest = self.gfp_zone(flags)
        page_allocator = self.pages.page_allocator
        zones = page_allocator.thisnode[nid] if flags & gfp.THISNODE else page_allocator.zonelists[nid]
        for i in range(len(zones)):
            zone: Zone = zones[i]
            if zone.index > highest:
                continue
            cpu.insn(INSNS_ANY_FOUND)
            cpu.read(page_allocator.pgdat[nid] + kernel_layout.PGDAT_NODE_ZONELISTS + (i << 4))
            cpu.read(cache.addr + layout.KMEM_CACHE_NODE + 8 * zone.node)
            n = cache.node[zone.node]
            if n is None or (self.policies is not None and not self.policies.node_allowed(cpu, zone.node, flags)):
                cpu.insn(INSNS_ANY_PASSED)
                continue
            cpu.read(n.addr + layout.NODE_NR_PARTIAL)
            cpu.read(cache.addr + layout.KMEM_CACHE_MIN_PARTIAL)
            if n.nr_partial > cache.min_partial:
                objp = self.get_partial_node(cpu, cache, n, flags)
                if objp:
                    return objp
            cpu.insn(INSNS_ANY_PASSED)
        return 0

    def get_cycles(self, cpu: Cpu) -> int:
        """The cycle counter of a CPU."""
        return cpu.now if self.cycles is None else int(self.cycles.get_cycles(cpu))

    def gfp_zone(self, flags: int) -> int:
        """The highest zone that a request may have (include/linux/gfp.h: gfp_zone)."""
        if flags & gfp.DMA:
            return ZONE_DMA
        return ZONE_DMA32 if flags & gfp.DMA32 else ZONE_NORMAL

    def pfmemalloc_match(self, cpu: Cpu, pfn: int, flags: int) -> int:
        """Whether a request may have objects of this slab (mm/slub.c: pfmemalloc_match)."""
        if not self.mem_map.flags[pfn] & SLAB_PFMEMALLOC:
            return 1
        return 1 if self.pages.reserves.gfp_pfmemalloc_flags(cpu, flags) else 0
