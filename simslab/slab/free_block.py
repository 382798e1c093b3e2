"""Objects back into their slabs, and which slabs a node then has too many of (mm/slab.c: free_block).

Slabs that become surplus under the lock are chained through `MemMap.next`; the caller destroys them after dropping it.
"""

from __future__ import annotations

from typing import Final

from simslab.kernel import layout
from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm.page import MemMap
from simslab.machine.core.cpu import Cpu
from simslab.slab.kmem_cache import ArrayCache, KmemCache, KmemCacheNode
from simslab.slab.slab_lists import SlabLists

# The list's head and the slab's links are read right after the object before wrote them, one through the other.
FREE_CHAIN: Final = 3
ULONG_MAX: Final = (1 << 64) - 1

# Instructions of the compiled 5.10.135 code, by function (golden/instruction_counts.csv).
INSNS_FREE_BLOCK: Final = 42
INSNS_FREE_BLOCK_NONE: Final = 29
INSNS_FREE_OBJECT: Final = 53
INSNS_FROM_FULL: Final = 2
INSNS_EMPTIED: Final = 3
INSNS_TRIM: Final = 22


class FreeBlock:
    """The way of objects from arrays into the slabs of one kernel's allocator."""

    def __init__(self, lists: SlabLists) -> None:
        self.lists = lists
        self.mem_map: MemMap = lists.mem_map
        self.stats = 0  # 1 with DEBUG_SLAB: keep the STATS counters

    def free_block(self, cpu: Cpu, cache: KmemCache, ac: ArrayCache, count: int, node: int) -> int:
        """Put the `count` oldest entries of `ac` back into their slabs (mm/slab.c: free_block). Holds list_lock.

        All belong to `node`. Returns the slabs beyond `free_limit`, chained, for slabs_destroy; -1 for none.
        """
        n = cache.get_node(node)
        cpu.read(cache.addr + layout.KMEM_CACHE_NODE + 8 * node)
        n.list_lock.assert_held(cpu)
        n.free_objects += count
        cpu.update(n.addr + layout.NODE_FREE_OBJECTS)
        cpu.insn(INSNS_FREE_BLOCK + (count >> 2) if count else INSNS_FREE_BLOCK_NONE)
        for i in range(count):
            cpu.insn_loop(INSNS_FREE_OBJECT)
            if i:  # not into a section of one object: they share the one-element array that it comes from
                n.list_lock.let_in(cpu)
            if ac.addr:
                cpu.read(ac.addr + layout.ARRAY_CACHE_ENTRY + 8 * i)
            if self.stats:
                self.verify_not_free(cpu, cache, ac.entry[i])
            self.free_into_slab(cpu, cache, n, ac.entry[i])
        cpu.read(n.addr + layout.NODE_FREE_OBJECTS)
        return self.trim(cpu, cache, n)

    def free_into_slab(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode, objp: int) -> int:
        """Body of free_block's loop: an object into its slab, and the slab to its place in the lists."""
        mem_map = self.mem_map
        pfn = mem_map.head[objp >> layout.PAGE_SHIFT]
        page = mem_map.page_addr(pfn)
        cpu.read(page + layout.PAGE_SLAB_LIST)
        cpu.chain(FREE_CHAIN)
        if mem_map.active[pfn] < cache.num:
            self.lists.list_del(cpu, n, layout.SLABS_PARTIAL, pfn)
        else:
            cpu.insn(INSNS_FROM_FULL)
            self.lists.once_a_slab(cpu, cache)  # the first object that comes back to it
            self.lists.list_del(cpu, n, layout.SLABS_FULL, pfn)
        self.lists.slab_put_obj(cpu, cache, pfn, objp)
        if self.stats:
            cache.num_active = (cache.num_active - 1) & ULONG_MAX
        cpu.read(page + layout.PAGE_ACTIVE)
        if mem_map.active[pfn]:
            return self.lists.list_add_tail(cpu, n, layout.SLABS_PARTIAL, pfn)
        cpu.insn(INSNS_EMPTIED)
        self.lists.once_a_slab(cpu, cache)  # the last one
        self.lists.list_add(cpu, n, layout.SLABS_FREE, pfn)
        n.free_slabs += 1
        cpu.update(n.addr + layout.NODE_FREE_SLABS)
        return 0

    def trim(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode) -> int:
        """End of free_block: take free slabs off the tail while free_objects exceeds free_limit; their chain."""
        chain = -1
        while n.free_objects > n.free_limit and n.lists[2 * layout.SLABS_FREE] >= 0:
            n.free_objects -= cache.num
            cpu.update(n.addr + layout.NODE_FREE_OBJECTS)
            pfn = n.lists[2 * layout.SLABS_FREE + 1]
            self.lists.list_del(cpu, n, layout.SLABS_FREE, pfn)
            self.mem_map.next[pfn] = chain
            chain = pfn
            n.free_slabs -= 1
            cpu.update(n.addr + layout.NODE_FREE_SLABS)
            n.total_slabs -= 1
            cpu.update(n.addr + layout.NODE_TOTAL_SLABS)
            cpu.insn(INSNS_TRIM)
            self.lists.once_a_slab(cpu, cache)
        return chain

    def verify_not_free(self, cpu: Cpu, cache: KmemCache, objp: int) -> None:
        """The check that DEBUG builds of slab_put_obj make; KernelBugError for an object that is free already."""
        pfn = self.mem_map.get("head", objp >> layout.PAGE_SHIFT)
        if self.lists.obj_to_index(cache, pfn, objp) in self.lists.free_indices(cache, pfn):
            self.lists.debug.reports.double_free(cpu, cache, objp)
            raise KernelBugError(f"slab: double free detected in cache '{cache.name}', objp {objp:x}")

    def note_freeable(self, cache: KmemCache, n: KmemCacheNode) -> None:
        """STATS_SET_FREEABLE: the most free slabs ever seen after a flush."""
        count = 0
        pfn = n.lists[2 * layout.SLABS_FREE]
        while pfn >= 0:
            count += 1
            pfn = self.mem_map.next[pfn]
        cache.max_freeable = max(cache.max_freeable, count)
