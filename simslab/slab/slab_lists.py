"""The slabs in the lists of a node, and the objects in a slab: taking from them and putting back.

Every function that changes lists or counters holds the node's `list_lock`. Every access charges its line in the order
of the compiled kernel (`golden/path_access.jsonl.gz`); instruction counts per function are those of
`golden/instruction_counts.csv`.
"""

from __future__ import annotations

from typing import Any, Final

from simslab.kernel import layout
from simslab.kernel.mm.page import PG_ACTIVE, MemMap
from simslab.kernel.mm.reserves import Reserves
from simslab.machine.core.cpu import Cpu
from simslab.slab import cflgs
from simslab.slab.kmem_cache import ArrayCache, KmemCache, KmemCacheNode

SLAB_PFMEMALLOC: Final = PG_ACTIVE  # PageSlabPfmemalloc
ROW_SHIFT: Final = 8

# Estimate: what comes round this often a predictor tells from its history. With 8 the verdicts of `simslab validate`
# are the same, with 1 two more rows miss.
PREDICTED_OBJECTS: Final = 4

ALLOC_CHAIN: Final = 1  # page->active is counted up in memory, object after object

# Instructions of the compiled 5.10.135 code, by function (golden/instruction_counts.csv).
INSNS_FIRST_PARTIAL: Final = 11
INSNS_FIRST_FREE: Final = 20
INSNS_FIRST_NONE: Final = 15
INSNS_VALID: Final = 15  # estimate: get_valid_first_slab, no golden path has sk_memalloc_socks
INSNS_VALID_MOVE: Final = 25  # estimate
INSNS_VALID_SLAB: Final = 6  # estimate: each slab looked at


class SlabLists:
    """The slab lists of all caches of one kernel, whose pages are those of `mem_map`."""

    def __init__(self, mem_map: MemMap, reserves: Reserves) -> None:
        self.mem_map = mem_map
        self.reserves = reserves
        self.debug: Any = None  # with DEBUG_SLAB (debug/checks.py)

    def once_a_slab(self, cpu: Cpu, cache: KmemCache) -> int:
        """A branch that goes the other way once in all objects of a slab: foreseen where those are few."""
        return cpu.mispredicted(1) if cache.num > PREDICTED_OBJECTS else 0

    # -- lists; the caller holds list_lock ----------------------------------------------------------------------------

    def list_add(self, cpu: Cpu, n: KmemCacheNode, which: int, pfn: int) -> int:
        """Put a slab at the head of list `which` of node `n`."""
        return self.mem_map.list_add(
            cpu, n.lists, which, n.addr + layout.NODE_SLABS_PARTIAL + layout.LIST_HEAD_BYTES * which, pfn
        )

    def list_add_tail(self, cpu: Cpu, n: KmemCacheNode, which: int, pfn: int) -> int:
        """Put a slab at the tail of list `which` of node `n`."""
        return self.mem_map.list_add_tail(
            cpu, n.lists, which, n.addr + layout.NODE_SLABS_PARTIAL + layout.LIST_HEAD_BYTES * which, pfn
        )

    def list_del(self, cpu: Cpu, n: KmemCacheNode, which: int, pfn: int) -> int:
        """Take a slab out of list `which` of node `n`."""
        return self.mem_map.list_del(
            cpu, n.lists, which, n.addr + layout.NODE_SLABS_PARTIAL + layout.LIST_HEAD_BYTES * which, pfn
        )

    def get_first_slab(self, cpu: Cpu, n: KmemCacheNode, pfmemalloc: int) -> int:
        """First partial slab, else first free slab, no longer counted as free; -1 for none (mm/slab.c: get_first_slab).

        With `pfmemalloc` slabs of the page reserves will do. Holds list_lock.
        """
        pfn = self.first_slab(cpu, n)
        if pfn >= 0 and self.reserves.sk_memalloc_socks:
            pfn = self.get_valid_first_slab(cpu, n, pfn, pfmemalloc)
        return pfn

    def first_slab(self, cpu: Cpu, n: KmemCacheNode) -> int:
        """get_first_slab without regard to the page reserves."""
        n.list_lock.assert_held(cpu)
        cpu.read(n.addr + layout.NODE_SLABS_PARTIAL)
        pfn = n.lists[2 * layout.SLABS_PARTIAL]
        if pfn >= 0:
            cpu.insn(INSNS_FIRST_PARTIAL)
            return pfn
        n.free_touched = 1
        cpu.write(n.addr + layout.NODE_FREE_TOUCHED)
        cpu.read(n.addr + layout.NODE_SLABS_FREE)
        pfn = n.lists[2 * layout.SLABS_FREE]
        if pfn < 0:
            cpu.insn(INSNS_FIRST_NONE)
            return -1
        n.free_slabs -= 1
        cpu.update(n.addr + layout.NODE_FREE_SLABS)
        cpu.insn(INSNS_FIRST_FREE)
        return pfn

    def get_valid_first_slab(self, cpu: Cpu, n: KmemCacheNode, pfn: int, pfmemalloc: int) -> int:
        """`pfn`, or another slab if that is of the page reserves and not for this request; -1 when all are.

        (mm/slab.c: get_valid_first_slab) While the node has plenty, the slab loses its mark instead. Holds list_lock.
        """
        cpu.insn(INSNS_VALID)
        if pfmemalloc or not self.is_pfmemalloc(cpu, pfn):
            return pfn
        if n.free_objects > n.free_limit:
            self.mem_map.flags[pfn] &= ~SLAB_PFMEMALLOC
            cpu.atomic(self.mem_map.page_addr(pfn) + layout.PAGE_FLAGS)
            return pfn
        self.move_to_tail(cpu, n, pfn)
        pfn = self.first_ordinary(cpu, n, layout.SLABS_PARTIAL)
        if pfn >= 0:
            return pfn
        n.free_touched = 1
        cpu.write(n.addr + layout.NODE_FREE_TOUCHED)
        pfn = self.first_ordinary(cpu, n, layout.SLABS_FREE)
        if pfn >= 0:
            n.free_slabs -= 1
            cpu.write(n.addr + layout.NODE_FREE_SLABS)
        return pfn

    def is_pfmemalloc(self, cpu: Cpu, pfn: int) -> int:
        """Whether the slab is of the page reserves (include/linux/page-flags.h: PageSlabPfmemalloc)."""
        cpu.read(self.mem_map.page_addr(pfn) + layout.PAGE_FLAGS)
        return self.mem_map.flags[pfn] & SLAB_PFMEMALLOC

    def move_to_tail(self, cpu: Cpu, n: KmemCacheNode, pfn: int) -> int:
        """Put the slab that get_first_slab found behind the others of its list, so that the next search is short."""
        cpu.insn(INSNS_VALID_MOVE)
        cpu.read(self.mem_map.page_addr(pfn) + layout.PAGE_ACTIVE)
        if self.mem_map.active[pfn]:
            self.list_del(cpu, n, layout.SLABS_PARTIAL, pfn)
            return self.list_add_tail(cpu, n, layout.SLABS_PARTIAL, pfn)
        self.list_del(cpu, n, layout.SLABS_FREE, pfn)
        n.free_slabs += 1
        cpu.write(n.addr + layout.NODE_FREE_SLABS)
        return self.list_add_tail(cpu, n, layout.SLABS_FREE, pfn)

    def first_ordinary(self, cpu: Cpu, n: KmemCacheNode, which: int) -> int:
        """The first slab of list `which` that is not of the page reserves, -1 for none."""
        cpu.read(n.addr + layout.NODE_SLABS_PARTIAL + layout.LIST_HEAD_BYTES * which)
        pfn = n.lists[2 * which]
        while pfn >= 0:
            cpu.insn(INSNS_VALID_SLAB)
            if not self.is_pfmemalloc(cpu, pfn):
                return pfn
            pfn = self.mem_map.next[pfn]
        return -1

    def fixup_slab_list(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode, pfn: int) -> int:
        """Put the slab just used, partial or free so far, where its new state belongs (mm/slab.c: fixup_slab_list)."""
        partial = n.lists[2 * layout.SLABS_PARTIAL] == pfn or n.lists[2 * layout.SLABS_PARTIAL + 1] == pfn
        which = layout.SLABS_PARTIAL if partial else layout.SLABS_FREE  # inside a list neither head changes
        self.list_del(cpu, n, which, pfn)
        return self.place_slab(cpu, cache, n, pfn)

    def place_slab(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode, pfn: int) -> int:
        """Second half of fixup_slab_list: to the head of slabs_full or slabs_partial."""
        page = self.mem_map.page_addr(pfn)
        cpu.read(cache.addr + layout.KMEM_CACHE_NUM)
        cpu.read(page + layout.PAGE_ACTIVE)
        if self.mem_map.active[pfn] < cache.num:
            return self.list_add(cpu, n, layout.SLABS_PARTIAL, pfn)
        self.list_add(cpu, n, layout.SLABS_FULL, pfn)
        if cache.flags & cflgs.CFLGS_OBJFREELIST_SLAB:
            if self.debug is not None:
                self.debug.fixup_objfreelist(cache, pfn)
            self.mem_map.freelist[pfn] = 0  # the last object handed out held the index array
            cpu.write(page + layout.PAGE_FREELIST)
        return 0

    # -- objects of a slab --------------------------------------------------------------------------------------------

    def slab_get_obj(self, cpu: Cpu, cache: KmemCache, pfn: int) -> int:
        """Take the next free object of a slab that has one; its address (mm/slab.c: slab_get_obj)."""
        mem_map = self.mem_map
        page = mem_map.page_addr(pfn)
        active = mem_map.active[pfn]
        cpu.read(page + layout.PAGE_FREELIST)
        cpu.read(mem_map.freelist[pfn] + active)
        cpu.read(cache.addr + layout.KMEM_CACHE_SIZE)
        cpu.write(page + layout.PAGE_ACTIVE)
        mem_map.active[pfn] = active + 1
        return mem_map.s_mem[pfn] + mem_map.rows[(mem_map.slot[pfn] << ROW_SHIFT) + active] * cache.size

    def slab_put_obj(self, cpu: Cpu, cache: KmemCache, pfn: int, objp: int) -> int:
        """Put an object back into its slab (mm/slab.c: slab_put_obj); a slab without index array gets it here."""
        mem_map = self.mem_map
        page = mem_map.page_addr(pfn)
        cpu.read(cache.addr + layout.KMEM_CACHE_RECIPROCAL_BUFFER_SIZE)
        cpu.write(page + layout.PAGE_ACTIVE)
        active = mem_map.active[pfn] - 1
        mem_map.active[pfn] = active
        if mem_map.freelist[pfn] == 0:
            mem_map.freelist[pfn] = objp + cache.obj_offset
            cpu.write(page + layout.PAGE_FREELIST)
        cpu.write(mem_map.freelist[pfn] + active)
        mem_map.rows[(mem_map.slot[pfn] << ROW_SHIFT) + active] = self.obj_to_index(cache, pfn, objp)
        return 0

    def obj_to_index(self, cache: KmemCache, pfn: int, objp: int) -> int:
        """Index of the object at `objp`, by the reciprocal of the size (include/linux/slab_def.h: obj_to_index)."""
        offset = objp - self.mem_map.s_mem[pfn]
        t = (offset * cache.reciprocal_m) >> 32
        return (t + ((offset - t) >> cache.reciprocal_sh1)) >> cache.reciprocal_sh2

    def alloc_block(self, cpu: Cpu, cache: KmemCache, ac: ArrayCache, pfn: int, batchcount: int) -> int:
        """Move up to `batchcount` objects from a slab to `ac`; how many are still wanted (mm/slab.c: alloc_block)."""
        mem_map = self.mem_map
        page = mem_map.page_addr(pfn)
        cpu.read(cache.addr + layout.KMEM_CACHE_NUM)
        cpu.read(page + layout.PAGE_ACTIVE)
        while batchcount > 0 and mem_map.active[pfn] < cache.num:
            batchcount -= 1
            cpu.chain(ALLOC_CHAIN)
            cpu.write(ac.addr)
            ac.entry[ac.avail] = self.slab_get_obj(cpu, cache, pfn)
            cpu.write(ac.addr + layout.ARRAY_CACHE_ENTRY + 8 * ac.avail)
            ac.avail += 1
            cpu.read(cache.addr + layout.KMEM_CACHE_NUM)
            cpu.read(page + layout.PAGE_ACTIVE)
        return batchcount

    # -- views, no charge ---------------------------------------------------------------------------------------------

    def list_pfns(self, n: KmemCacheNode, which: int) -> list[int]:
        """Slabs of list `which` (SLABS_PARTIAL, SLABS_FULL, SLABS_FREE) of node `n`, in list order."""
        found = []
        pfn = n.lists[2 * which]
        while pfn >= 0:
            found.append(pfn)
            pfn = self.mem_map.next[pfn]
        return found

    def free_indices(self, cache: KmemCache, pfn: int) -> list[int]:
        """Indices of a slab's free objects, next to be handed out first."""
        row = self.mem_map.slot[pfn] << ROW_SHIFT
        return [self.mem_map.rows[row + i] for i in range(self.mem_map.active[pfn], cache.num)]

    def freelist_holder(self, cache: KmemCache, pfn: int) -> int:
        """Index of the object that holds the index array, -1 when it is elsewhere."""
        if not cache.flags & cflgs.CFLGS_OBJFREELIST_SLAB or self.mem_map.freelist[pfn] == 0:
            return -1
        return self.obj_to_index(cache, pfn, self.mem_map.freelist[pfn] - cache.obj_offset)
