"""Free blocks of a zone by order: splitting and merging buddies (mm/page_alloc.c).

All but set-up, `watermark_blocks` (a look without the lock, as in the kernel) and `check` needs the zone's lock.

Memory that was never used is not linked block by block. At boot the kernel puts a zone's largest blocks on the free
list in ascending order; here they are a range [virgin, virgin_end) that follows the list, since blocks of the highest
order are only ever put back at its head. What is charged is the same; the host saves the links (116 MiB of touched
memory for the 4,029 blocks of `two-socket`).

Not modelled: migrate types (one free list per order, where the kernel has three in use and steals page blocks between
them), high-order atomic reserves, page isolation, compaction capture.
"""

from __future__ import annotations

from typing import Final

from simslab.base import buffers
from simslab.kernel import layout
from simslab.kernel.mm import page
from simslab.kernel.mm.page import MemMap, PageLists
from simslab.machine.core.cpu import Cpu

TOP_ORDER: Final = 10
TOP_PAGES: Final = 1024
PG_BUDDY: Final = page.PG_BUDDY

# golden/instruction_counts.csv: get_page_from_freelist with 0, 2 and 4 splits; __free_one_page with 0 to 2 merges
RMQUEUE_INSNS: Final = 8  # 161 for an order-1 request without splits, 153 for one from the per-CPU list
EXPAND_INSNS: Final = 35
FREE_ONE_PAGE_INSNS: Final = 99
MERGE_INSNS: Final = 45
TAIL_INSNS: Final = 9


class Buddy:
    """The free areas of pages [start, end) (include/linux/mmzone.h: struct zone.free_area); `addr` is the area's.

    `nr_free[order]` counts blocks, virgin ones included, and `free_pages` their pages.
    """

    def __init__(self, mem_map: MemMap, start: int, end: int, addr: int) -> None:
        self.mem_map = mem_map
        self.start, self.end = start, end
        self.addr = addr
        self.lists = PageLists(mem_map, layout.MAX_ORDER, addr, layout.ZONE_FREE_AREA_BYTES)
        self.virgin = self.virgin_end = 0
        self.nr_free_owner = buffers.int64_zeros(layout.MAX_ORDER)
        self.nr_free = buffers.int64_pointer(self.nr_free_owner)
        self.free_pages = 0
        if end > start:
            self._memblock_free()

    def _memblock_free(self) -> None:
        """Hand over all pages as memblock does: ascending, in the largest aligned blocks, to the tail."""
        self.virgin = -(-self.start // TOP_PAGES) * TOP_PAGES
        self.virgin_end = self.end // TOP_PAGES * TOP_PAGES
        if self.virgin >= self.virgin_end:
            self.virgin = self.virgin_end = 0
            self._free_range(self.start, self.end)
            return
        self._free_range(self.start, self.virgin)
        self._free_range(self.virgin_end, self.end)
        self.nr_free_owner[TOP_ORDER] += (self.virgin_end - self.virgin) // TOP_PAGES
        self.free_pages += self.virgin_end - self.virgin

    def _free_range(self, start: int, end: int) -> None:
        while start < end:
            order = TOP_ORDER
            while start & ((1 << order) - 1) or start + (1 << order) > end:
                order -= 1
            self.mem_map.set("flags", start, PG_BUDDY)
            self.mem_map.set("order", start, order)
            self.lists.append(order, start)
            self.nr_free_owner[order] += 1
            self.free_pages += 1 << order
            start += 1 << order

    # -- taking ------------------------------------------------------------------------------------------------------

    def rmqueue_smallest(self, cpu: Cpu, order: int) -> int:
        """Take a block of `order`, splitting the smallest that is large enough; -1 when none (__rmqueue_smallest)."""
        return self.rmqueue_next(cpu, order, 0)

    def rmqueue_next(self, cpu: Cpu, order: int, batch: int) -> int:
        """Do so as one of a batch (rmqueue_bulk), or alone."""
        self.charge(cpu, RMQUEUE_INSNS, batch)
        for current in range(order, TOP_ORDER):
            pfn = self.lists.first(cpu, current)
            if pfn >= 0:
                self.unlink(cpu, pfn, current)
                self.expand(cpu, pfn, order, current, batch)
                return pfn
        pfn = self.first_of_top(cpu)
        if pfn >= 0:
            self.expand(cpu, pfn, order, TOP_ORDER, batch)
        return pfn

    def first_of_top(self, cpu: Cpu) -> int:
        """Take the first block of the highest order."""
        pfn = self.lists.first(cpu, TOP_ORDER)
        if pfn >= 0:
            self.unlink(cpu, pfn, TOP_ORDER)
            return pfn
        return self.take_virgin(cpu) if self.virgin < self.virgin_end else -1

    def take_virgin(self, cpu: Cpu) -> int:
        """Take the first never-used block: the lines that unlinking it touches, without links."""
        pfn = self.virgin
        self.virgin += TOP_PAGES
        cpu.read(self.mem_map.page_addr(pfn) + layout.PAGE_LRU)
        if self.virgin < self.virgin_end:
            cpu.write(self.mem_map.page_addr(self.virgin) + layout.PAGE_LRU + layout.LIST_PREV)
        else:
            cpu.write(self.lists.addr + TOP_ORDER * layout.ZONE_FREE_AREA_BYTES + layout.LIST_PREV)
        cpu.write(self.lists.addr + TOP_ORDER * layout.ZONE_FREE_AREA_BYTES)
        self.mem_map.write_links(cpu, pfn)
        cpu.write(self.mem_map.page_addr(pfn) + layout.PAGE_PRIVATE)
        self.count(cpu, TOP_ORDER, -1)
        return pfn

    def expand(self, cpu: Cpu, pfn: int, low: int, high: int, batch: int) -> int:
        """Put the upper halves of a split block back, to the heads of their lists (expand)."""
        while high > low:
            high -= 1
            upper = pfn + (1 << high)
            self.charge(cpu, EXPAND_INSNS, batch)
            self.link(cpu, upper, high, 0)
        return 0

    # -- giving back -------------------------------------------------------------------------------------------------

    def free_one_page(self, cpu: Cpu, pfn: int, order: int) -> int:
        """Return a block, merging it with free buddies as far as they go; returns the merges (__free_one_page)."""
        return self.free_next(cpu, pfn, order, 0)

    def free_next(self, cpu: Cpu, pfn: int, order: int, batch: int) -> int:
        """Do so as one of a batch (free_pcppages_bulk), or alone."""
        merges = 0
        buddy = pfn
        while order < TOP_ORDER:
            size = 1 << order
            buddy = pfn ^ size
            if not self.page_is_buddy(cpu, buddy, order):
                break
            self.unlink(cpu, buddy, order)
            pfn &= buddy
            order += 1
            merges += 1
        self.charge(cpu, FREE_ONE_PAGE_INSNS + merges * MERGE_INSNS, batch)
        if order < TOP_ORDER - 1 and self.buddy_merge_likely(cpu, pfn, buddy, order):
            self.charge(cpu, TAIL_INSNS, batch)
            self.link(cpu, pfn, order, 1)
        else:
            self.link(cpu, pfn, order, 0)
        return merges

    def prefetch_buddy(self, cpu: Cpu, pfn: int) -> int:
        """Fetch the first line of a page's buddy, whose struct page `page_is_buddy` will look at; needs no lock.

        Not modelled: the fill buffer that a prefetch takes, and one that comes too late.
        """
        buddy = pfn ^ 1
        if self.start <= buddy < self.end:
            cpu.look(self.mem_map.page_addr(buddy))
        return 0

    def buddy_merge_likely(self, cpu: Cpu, pfn: int, buddy: int, order: int) -> int:
        """Whether the next larger block's buddy is free, so that this block should stay a while at the tail."""
        combined = pfn & buddy
        return self.page_is_buddy(cpu, combined ^ (1 << (order + 1)), order + 1)

    def page_is_buddy(self, cpu: Cpu, pfn: int, order: int) -> int:
        """Whether `pfn` heads a free block of exactly `order` in this zone."""
        if pfn < self.start or pfn >= self.end:
            return 0
        cpu.read(self.mem_map.page_addr(pfn) + layout.PAGE_MAPCOUNT)
        if not self.mem_map.flags[pfn] & PG_BUDDY:
            return 0
        cpu.read(self.mem_map.page_addr(pfn) + layout.PAGE_PRIVATE)
        return 1 if self.mem_map.order[pfn] == order else 0

    def charge(self, cpu: Cpu, count: int, batch: int) -> int:
        """Charge instructions: a turn of a batch's loop has those before and behind it to overlap with."""
        if batch:
            cpu.insn(count)
        else:
            cpu.insn_cold(count)
        return 0

    # -- lists and counts ---------------------------------------------------------------------------------------------

    def link(self, cpu: Cpu, pfn: int, order: int, tail: int) -> int:
        """Put a free block on its list (add_to_free_list[_tail], set_buddy_order)."""
        if tail:
            self.lists.add_tail(cpu, order, pfn)
        else:
            self.lists.add(cpu, order, pfn)
        self.count(cpu, order, 1)
        cpu.write(self.mem_map.page_addr(pfn) + layout.PAGE_PRIVATE)
        cpu.write(self.mem_map.page_addr(pfn) + layout.PAGE_MAPCOUNT)
        self.mem_map.flags[pfn] |= PG_BUDDY
        self.mem_map.order[pfn] = order
        return 0

    def unlink(self, cpu: Cpu, pfn: int, order: int) -> int:
        """Take a free block off its list (del_page_from_free_list)."""
        self.lists.delete(cpu, order, pfn)
        self.count(cpu, order, -1)
        cpu.write(self.mem_map.page_addr(pfn) + layout.PAGE_MAPCOUNT)
        self.mem_map.flags[pfn] &= ~PG_BUDDY
        return 0

    def count(self, cpu: Cpu, order: int, blocks: int) -> int:
        """Add to free_area.nr_free."""
        cpu.write(self.addr + order * layout.ZONE_FREE_AREA_BYTES + layout.ZONE_FREE_AREA_NR_FREE)
        self.nr_free[order] += blocks
        self.free_pages += blocks << order if blocks > 0 else -(1 << order)
        return 0

    def watermark_blocks(self, cpu: Cpu, order: int) -> int:
        """Orders looked at until one with a free block that holds `order`, 0 when none (__zone_watermark_ok)."""
        for current in range(order, layout.MAX_ORDER):
            cpu.read(self.addr + current * layout.ZONE_FREE_AREA_BYTES)
            if self.nr_free[current] > 0:
                return current - order + 1
        return 0

    def check(self) -> list[tuple[int, int]]:
        """Free blocks as (pfn, order), ascending, after verifying lists against counts and flags; for tests."""
        blocks = [(pfn, TOP_ORDER) for pfn in range(self.virgin, self.virgin_end, TOP_PAGES)]
        for order in range(layout.MAX_ORDER):
            listed = self.lists.entries(order)
            for pfn in listed:
                if self.mem_map.get("order", pfn) != order or not self.mem_map.get("flags", pfn) & PG_BUDDY:
                    raise AssertionError(f"page {pfn} on the list of order {order} is not a free block of it")
            blocks += [(pfn, order) for pfn in listed]
            if sum(o == order for _, o in blocks) != self.nr_free_owner[order]:
                raise AssertionError(f"nr_free of order {order} is wrong")
        if sum(1 << order for _, order in blocks) != self.free_pages:
            raise AssertionError("free_pages is wrong")
        return sorted(blocks)
