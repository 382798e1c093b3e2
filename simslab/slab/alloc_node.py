"""Allocation from the slabs of a given node and, when it has nothing, along the zonelist.

Objects are addresses of raw slots, 0 is NULL. Interrupts are off throughout, except where growth lets them in.
"""

from __future__ import annotations

from typing import Any, Final

from simslab.kernel import layout
from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm import gfp
from simslab.kernel.mm import zone as zone_module
from simslab.kernel.mm.zone import Zone
from simslab.machine.accounting import callsites
from simslab.machine.core.cpu import Cpu
from simslab.slab import paths
from simslab.slab.kmem_cache import KmemCache, KmemCacheNode
from simslab.slab.slab_lists import SlabLists
from simslab.slab.slab_page import SlabPages

ZONE_DMA: Final = zone_module.ZONE_DMA
ZONE_DMA32: Final = zone_module.ZONE_DMA32
ULONG_MAX: Final = (1 << 64) - 1


# Instructions of the compiled 5.10.135 code, by function (golden/instruction_counts.csv).
INSNS_NODE_SLABS: Final = 54
INSNS_NODE_GROW: Final = 49
INSNS_PFMEMALLOC_ALLOWED: Final = 12  # estimate: gfp_pfmemalloc_allowed, no golden path has sk_memalloc_socks
INSNS_FALLBACK: Final = 40  # estimate: no golden path walks the zonelist
INSNS_FALLBACK_ZONE: Final = 15  # estimate
SITE_NODE: Final = callsites.site("cache_alloc_node")
SITE_PFMEMALLOC: Final = callsites.site("cache_alloc_pfmemalloc")


class NodeAlloc:
    """Allocation by node for one kernel's allocator.

    `zonelists[nid]` lists node numbers as fallback from `nid` walks them.
    """

    def __init__(self, pages: SlabPages, zonelists: list[list[int]]) -> None:
        self.pages = pages
        self.lists: SlabLists = pages.lists
        self.zonelists = zonelists
        self.policies: Any = None  # kernel/mm/mempolicy.py when tasks have memory policies or cpusets
        self.locked_refill = 0  # 1: a new slab enters the node's lists before anybody is served from it
        self.stats = 0  # 1 with DEBUG_SLAB: keep the STATS counters

    def cache_alloc_node(self, cpu: Cpu, cache: KmemCache, flags: int, nodeid: int) -> int:
        """One object from the slabs of a node, growing it, else along the zonelist (mm/slab.c: ____cache_alloc_node).

        Irqs off.
        """
        n = cache.get_node(nodeid)
        cpu.read(cache.addr + layout.KMEM_CACHE_NODE + 8 * nodeid)
        if not cpu.irqs_off:
            raise KernelBugError("cache_alloc_node with interrupts on")
        objp = self.from_node_slabs(cpu, cache, n)
        while not objp:
            cpu.path = paths.ALLOC_NODE_GROW
            cpu.insn(INSNS_NODE_GROW)
            pfn = self.pages.cache_grow_begin(cpu, cache, (flags | gfp.EXACT_NODE_SET) & ~gfp.EXACT_NODE_CLEAR, nodeid)
            if pfn >= 0 and not self.locked_refill:
                objp = self.lists.slab_get_obj(cpu, cache, pfn)  # not counted yet, so free_objects stays
            self.pages.cache_grow_end(cpu, cache, pfn)
            if pfn < 0:
                return self.fallback_alloc(cpu, cache, flags)
            if self.locked_refill:
                objp = self.from_node_slabs(cpu, cache, n)
                cpu.path = paths.ALLOC_NODE_GROW
        return objp

    def from_node_slabs(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode) -> int:
        """The part of ____cache_alloc_node under list_lock: an object of the node's slabs, 0 if these have none."""
        n.list_lock.lock(cpu, SITE_NODE)
        pfn = self.lists.get_first_slab(cpu, n, 0)
        if pfn >= 0:
            if self.stats:
                cache.node_allocs += 1
                self.count_active(cache, 1)
            return self.take_from_slab(cpu, cache, n, pfn)
        n.list_lock.unlock(cpu)
        return 0

    def take_from_slab(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode, pfn: int) -> int:
        """The locked part of ____cache_alloc_node and cache_alloc_pfmemalloc when there is a slab; drops list_lock."""
        cpu.path = paths.ALLOC_NODE_SLABS
        cpu.insn(INSNS_NODE_SLABS)
        cpu.read(self.pages.mem_map.page_addr(pfn) + layout.PAGE_ACTIVE)
        cpu.read(cache.addr + layout.KMEM_CACHE_NUM)
        objp = self.lists.slab_get_obj(cpu, cache, pfn)
        n.free_objects -= 1
        cpu.update(n.addr + layout.NODE_FREE_OBJECTS)
        self.lists.fixup_slab_list(cpu, cache, n, pfn)
        n.list_lock.unlock(cpu)
        return objp

    def cache_alloc_pfmemalloc(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode, flags: int) -> int:
        """An object from any slab of the node, those of the page reserves included, for who may use these.

        0 for others, and when there is none (mm/slab.c: cache_alloc_pfmemalloc). Irqs off.
        """
        cpu.insn(INSNS_PFMEMALLOC_ALLOWED)
        if not self.lists.reserves.gfp_pfmemalloc_flags(cpu, flags):
            return 0
        n.list_lock.lock(cpu, SITE_PFMEMALLOC)
        pfn = self.lists.get_first_slab(cpu, n, 1)
        if pfn >= 0:
            return self.take_from_slab(cpu, cache, n, pfn)
        n.list_lock.unlock(cpu)
        return 0

    def fallback_alloc(self, cpu: Cpu, cache: KmemCache, flags: int) -> int:
        """From whichever node has an object, else from whichever can grow (mm/slab.c: fallback_alloc). Irqs off.

        0 at once for requests bound to one node.
        """
        if flags & gfp.THISNODE:
            cpu.path = paths.ALLOC_FAILED
            return 0
        cpu.insn(INSNS_FALLBACK)
        exact = (flags | gfp.EXACT_NODE_SET) & ~gfp.EXACT_NODE_CLEAR
        objp = 0
        nodes = self.zonelists[cpu.numa_mem if self.policies is None else self.policies.mempolicy_slab_node(cpu)]
        while True:
            objp = self.alloc_from_zonelist(cpu, cache, exact, nodes)
            if objp:
                break
            pfn = self.pages.cache_grow_begin(cpu, cache, flags, cpu.numa_mem)
            self.pages.cache_grow_end(cpu, cache, pfn)
            if pfn < 0:
                break
            objp = self.cache_alloc_node(cpu, cache, exact, self.pages.mem_map.nid(pfn))
            if objp:
                break  # else another CPU took all of the new slab: try again
        cpu.path = paths.ALLOC_FALLBACK if objp else paths.ALLOC_FAILED
        return objp

    def alloc_from_zonelist(self, cpu: Cpu, cache: KmemCache, exact: int, nodes: list[int]) -> int:
        """First loop of fallback_alloc: those of `nodes` with free objects, in order.

        A request for low memory looks only at nodes that have some, whatever memory the cache's slabs there are of.
        Not modelled: zones of a node one by one (all follow each other, and the answer is the node's).
        """
        for nid in nodes:
            if exact & (gfp.DMA | gfp.DMA32) and not self.has_zone(nid, exact):
                continue
            cpu.insn(INSNS_FALLBACK_ZONE)
            if self.policies is not None and not self.policies.node_allowed(cpu, nid, exact):
                continue
            cpu.read(cache.addr + layout.KMEM_CACHE_NODE + 8 * nid)
            n = cache.node[nid]
            if n is None:
                continue
            cpu.read(n.addr + layout.NODE_FREE_OBJECTS)
            if n.free_objects:
                objp = self.cache_alloc_node(cpu, cache, exact, nid)
                if objp:
                    return objp
        return 0

    def has_zone(self, nid: int, exact: int) -> int:
        """Whether a node has memory as low as the request is for (for_each_zone_zonelist up to gfp_zone)."""
        zones = self.pages.page_allocator.thisnode[nid]  # highest first
        lowest: Zone = zones[len(zones) - 1]
        return 1 if lowest.index <= (ZONE_DMA if exact & gfp.DMA else ZONE_DMA32) else 0

    def count_alloced(self, cache: KmemCache, count: int) -> None:
        """STATS_INC_ALLOCED for `count` objects put into an array, which also makes them active."""
        cache.num_allocations += count
        self.count_active(cache, count)

    def count_active(self, cache: KmemCache, count: int) -> None:
        """STATS_INC_ACTIVE and STATS_SET_HIGH for `count` objects."""
        for _ in range(count):
            cache.num_active = (cache.num_active + 1) & ULONG_MAX
            if cache.num_active > cache.high_mark:
                cache.high_mark = cache.num_active
