"""The memory map: struct page of every page frame, and lists of pages that touch the lines they link.

Structure of arrays by page frame number (pfn): a field of page p is `mem_map.active[p]`. Memory is committed by the
host only where it is touched, so a machine with much memory costs little until it is used. The struct page itself has
a simulated address, 56 bytes apart (64 with SLUB), at the top of its node's memory (`page_addr`); code that reads or
writes a field charges the line: `cpu.read(mem_map.page_addr(p) + layout.PAGE_ACTIVE)`.

A list of pages is a pair (first, last) of pfns, -1 when empty, at index 2 * which of an array of heads that its owner
keeps, and a simulated list_head of 16 bytes at `head_addr`.
"""

from __future__ import annotations

from typing import Any, Final

from simslab.base import buffers
from simslab.kernel import layout
from simslab.machine.core.cpu import Cpu

LINK_LINES: Final = 56  # a 16-byte list_head at this offset or later in its line reaches into the next
ROW_SHIFT: Final = 8
ROW_BYTES: Final = 256  # room for SLAB_OBJ_MAX_NUM one-byte indices
FIRST_SLOTS: Final = 1024
NONE: Final = -1

# Page flags (include/linux/page-flags.h, 5.10 bit numbers)
PG_ACTIVE: Final = 1 << 5  # on a slab page: from a pfmemalloc reserve
PG_SLAB: Final = 1 << 9
PG_RESERVED: Final = 1 << 12
PG_HEAD: Final = 1 << 16
PG_BUDDY: Final = 1 << 24  # model: page_type PageBuddy of the real kernel
PG_PFMEMALLOC: Final = 1 << 25  # model: page->index of -1 while nobody uses the page (set_page_pfmemalloc)

FIELDS: Final = ("flags", "slab_cache", "freelist", "s_mem", "active", "next", "prev", "head", "order", "slot")


class MemMap:
    """All struct pages of a machine (include/linux/mm_types.h: struct page).

    `slab_cache` is the index of the KmemCache, 0 for none; `freelist` and `s_mem` are simulated addresses; `active` is
    the number of objects handed out; `next`/`prev` are pfns; `head` is the first pfn of the compound page, `order` its
    order (or that of a free block). `slot` is the model's storage of the free-index array (see `rows`).
    """

    def __init__(
        self, nr_pages: int, section_nid: list[int], section_map: list[int], stride: int = layout.PAGE_STRIDE
    ) -> None:
        """`section_nid[s]` is the node of memory section s; struct page p is at `section_map[s] + stride * p`."""
        self.nr_pages = nr_pages
        self.stride = stride  # bytes of struct page
        self.owners = [buffers.int64_sparse(nr_pages) for _ in FIELDS]
        self.flags = buffers.int64_pointer(self.owners[0])
        self.slab_cache = buffers.int64_pointer(self.owners[1])
        self.freelist = buffers.int64_pointer(self.owners[2])
        self.s_mem = buffers.int64_pointer(self.owners[3])
        self.active = buffers.int64_pointer(self.owners[4])
        self.next = buffers.int64_pointer(self.owners[5])
        self.prev = buffers.int64_pointer(self.owners[6])
        self.head = buffers.int64_pointer(self.owners[7])
        self.order = buffers.int64_pointer(self.owners[8])
        self.slot = buffers.int64_pointer(self.owners[9])
        self.section_nid_owner = buffers.int64_zeros(len(section_nid))
        self.section_nid = buffers.int64_pointer(self.section_nid_owner)
        self.section_map_owner = buffers.int64_zeros(len(section_map))
        self.section_map = buffers.int64_pointer(self.section_map_owner)
        for section in range(len(section_nid)):
            self.section_nid_owner[section] = section_nid[section]
            self.section_map_owner[section] = section_map[section]
        self.rows_owner = buffers.uint8_zeros(FIRST_SLOTS * ROW_BYTES)
        self.rows = buffers.uint8_pointer(self.rows_owner)
        self.nr_slots = FIRST_SLOTS
        self.slots_used = 1  # slot 0 is "none": pages start zeroed
        self.free_slots: list[int] = []

    def nid(self, pfn: int) -> int:
        """Node of a page (include/linux/mm.h: page_to_nid)."""
        return self.section_nid[pfn >> layout.SECTION_SHIFT]

    def page_addr(self, pfn: int) -> int:
        """Simulated address of the struct page, in its node's own memory."""
        return self.section_map[pfn >> layout.SECTION_SHIFT] + pfn * self.stride

    def get(self, name: str, pfn: int) -> int:
        """Field `name` of page `pfn`, for tests and reports; no charge."""
        value: int = self.owners[FIELDS.index(name)][pfn]
        return value

    def set(self, name: str, pfn: int, value: int) -> int:
        """Set field `name` of page `pfn`, for tests; no charge."""
        self.owners[FIELDS.index(name)][pfn] = value
        return 0

    # -- free-index arrays (model) ---------------------------------------------------------------------------------

    def slot_alloc(self, pfn: int) -> int:
        """Give slab page `pfn` a row of 256 index bytes; the row is `rows[slot[pfn] << 8]` on.

        `rows` moves when it grows: read it afresh after this call, never keep a copy.
        """
        if self.free_slots:
            self.slot[pfn] = self.free_slots.pop()
            return 0
        if self.slots_used == self.nr_slots:
            self.grow_slots()
        self.slot[pfn] = self.slots_used
        self.slots_used += 1
        return 0

    def slot_free(self, pfn: int) -> int:
        """Take back the row of slab page `pfn`."""
        self.free_slots.append(self.slot[pfn])
        self.slot[pfn] = 0
        return 0

    def grow_slots(self) -> None:
        """Double the number of rows."""
        owner = buffers.uint8_zeros(2 * self.nr_slots * ROW_BYTES)
        owner[: self.nr_slots * ROW_BYTES] = self.rows_owner
        self.nr_slots *= 2
        self.rows_owner = owner
        self.rows = buffers.uint8_pointer(self.rows_owner)

    def freelist_get(self, pfn: int, i: int) -> int:
        """Index i of the free-index array (mm/slab.c: get_free_obj); no charge."""
        return self.rows[(self.slot[pfn] << ROW_SHIFT) + i]

    def freelist_set(self, pfn: int, i: int, value: int) -> int:
        """Set index i of the free-index array (mm/slab.c: set_free_obj); no charge."""
        self.rows[(self.slot[pfn] << ROW_SHIFT) + i] = value
        return 0

    # -- lists of pages (include/linux/list.h) -----------------------------------------------------------------------

    def write_links(self, cpu: Cpu, pfn: int) -> int:
        """Write both list links of a page: one line, or two where struct page straddles."""
        link = self.page_addr(pfn) + layout.PAGE_LRU
        cpu.write(link)
        if link & 63 >= LINK_LINES:
            cpu.write(link + layout.LIST_PREV)
        return 0

    def list_add(self, cpu: Cpu, heads: memoryview, which: int, head_addr: int, pfn: int) -> int:
        """Put `pfn` at the head: reads the head, writes the old first's link, the entry, the head."""
        first = heads[2 * which]
        cpu.read(head_addr)
        if first < 0:
            cpu.write(head_addr + layout.LIST_PREV)
            heads[2 * which + 1] = pfn
        else:
            cpu.write(self.page_addr(first) + layout.PAGE_LRU + layout.LIST_PREV)
            self.prev[first] = pfn
        self.next[pfn] = first
        self.prev[pfn] = NONE
        heads[2 * which] = pfn
        self.write_links(cpu, pfn)
        cpu.write(head_addr)
        return 0

    def list_add_tail(self, cpu: Cpu, heads: memoryview, which: int, head_addr: int, pfn: int) -> int:
        """Put `pfn` at the tail: reads and writes the head's prev, writes the entry, the old last's link."""
        last = heads[2 * which + 1]
        cpu.read(head_addr + layout.LIST_PREV)
        cpu.write(head_addr + layout.LIST_PREV)
        self.prev[pfn] = last
        self.next[pfn] = NONE
        heads[2 * which + 1] = pfn
        self.write_links(cpu, pfn)
        if last < 0:
            heads[2 * which] = pfn
            cpu.write(head_addr)
        else:
            self.next[last] = pfn
            cpu.write(self.page_addr(last) + layout.PAGE_LRU)
        return 0

    def list_del(self, cpu: Cpu, heads: memoryview, which: int, head_addr: int, pfn: int) -> int:
        """Take `pfn` out: reads the entry, writes both neighbours (a page or the head), poisons the entry."""
        after = self.next[pfn]
        before = self.prev[pfn]
        cpu.read(self.page_addr(pfn) + layout.PAGE_LRU)
        if after < 0:
            heads[2 * which + 1] = before
            cpu.write(head_addr + layout.LIST_PREV)
        else:
            self.prev[after] = before
            cpu.write(self.page_addr(after) + layout.PAGE_LRU + layout.LIST_PREV)
        if before < 0:
            heads[2 * which] = after
            cpu.write(head_addr)
        else:
            self.next[before] = after
            cpu.write(self.page_addr(before) + layout.PAGE_LRU)
        self.next[pfn] = NONE
        self.prev[pfn] = NONE
        self.write_links(cpu, pfn)
        return 0

    def list_first(self, cpu: Cpu, heads: memoryview, which: int, head_addr: int) -> int:
        """First pfn or -1; reads the head (list_first_entry_or_null)."""
        cpu.read(head_addr)
        return heads[2 * which]

    def list_last(self, cpu: Cpu, heads: memoryview, which: int, head_addr: int) -> int:
        """Last pfn or -1; reads the head's prev."""
        cpu.read(head_addr + layout.LIST_PREV)
        return heads[2 * which + 1]


class PageLists:
    """`count` list heads, `stride` bytes apart from simulated address `addr` on (free areas, per-CPU page lists).

    They are two words each of `storage`, from word `first` on, if not in memory of their own.
    """

    def __init__(
        self, mem_map: MemMap, count: int, addr: int, stride: int, storage: memoryview | None = None, first: int = 0
    ) -> None:
        self.mem_map = mem_map
        self.addr = addr
        self.stride = stride
        self.heads_owner: Any = buffers.int64_words(2 * count) if storage is None else storage
        self.heads = buffers.int64_pointer_at(self.heads_owner, first)
        for end in range(2 * count):
            self.heads[end] = NONE

    def add(self, cpu: Cpu, which: int, pfn: int) -> int:
        """list_add to head `which`."""
        return self.mem_map.list_add(cpu, self.heads, which, self.addr + which * self.stride, pfn)

    def add_tail(self, cpu: Cpu, which: int, pfn: int) -> int:
        """list_add_tail to head `which`."""
        return self.mem_map.list_add_tail(cpu, self.heads, which, self.addr + which * self.stride, pfn)

    def delete(self, cpu: Cpu, which: int, pfn: int) -> int:
        """list_del from head `which`."""
        return self.mem_map.list_del(cpu, self.heads, which, self.addr + which * self.stride, pfn)

    def first(self, cpu: Cpu, which: int) -> int:
        """First pfn of list `which`, -1 when empty."""
        return self.mem_map.list_first(cpu, self.heads, which, self.addr + which * self.stride)

    def last(self, cpu: Cpu, which: int) -> int:
        """Last pfn of list `which`, -1 when empty."""
        return self.mem_map.list_last(cpu, self.heads, which, self.addr + which * self.stride)

    def append(self, which: int, pfn: int) -> int:
        """Put `pfn` at the tail at boot, before time is counted; no charge."""
        last = self.heads[2 * which + 1]
        self.mem_map.set("next", pfn, NONE)
        self.mem_map.set("prev", pfn, last)
        self.heads[2 * which + 1] = pfn
        if last < 0:
            self.heads[2 * which] = pfn
        else:
            self.mem_map.set("next", last, pfn)
        return 0

    def entries(self, which: int) -> list[int]:
        """All pfns of list `which` in list order; no charge."""
        found, pfn = [], self.heads[2 * which]
        while pfn >= 0:
            found.append(pfn)
            pfn = self.mem_map.get("next", pfn)
        return found
