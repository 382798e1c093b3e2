"""Translation of addresses: two levels of data TLB per core and the page walker behind them.

The kernel reaches all of memory through its direct map, whose pages have one size; a run therefore needs the TLB
entries of that size only, and a simulated physical address stands for its virtual one. A first-level hit is free (its
time is part of every access). A second-level hit costs its penalty. A miss there walks the page table: the
paging-structure caches answer for the upper levels, the remaining references are loads of table lines through the
core's own caches, so that a walk is short where tables are cached and long where they are not.

Table entries are 8 bytes a page, 512 of them a table of one page; those of a node's memory lie on that node, above all
memory (`table_sections`), each where its address puts it in its table.

Not modelled: addresses outside the direct map (struct page's own 2 MB pages, vmalloc, kernel text); instruction TLBs;
walks side by side; entries lost at context switches.
"""

from __future__ import annotations

from typing import Final

from simslab.base import buffers
from simslab.machine.core.core_spec import TableMap, TlbCosts
from simslab.machine.memory import states
from simslab.machine.memory.cache_array import CacheArray
from simslab.machine.memory.coherence import CoherentMemory

HELD: Final = states.SHARED  # an entry has no state: any but 0
ENTRIES_SHIFT: Final = 3  # eight table entries in a line
LEVEL_SHIFT: Final = 9  # 512 entries in a table
TABLE_SHIFT: Final = LEVEL_SHIFT - ENTRIES_SHIFT  # 64 lines in a table


def table_sections(page_shift: int, references: int, memory: int) -> int:
    """Return how many 128 MiB sections hold the tables of `memory` bytes, as many levels of them as walks read."""
    section = states.SECTION_SHIFT + states.LINE_SHIFT
    return (references * table_lines(page_shift, memory) << states.LINE_SHIFT) + (1 << section) - 1 >> section


def table_lines(page_shift: int, memory: int) -> int:
    """Return the lines that hold the lowest level's entries for `memory` bytes: no higher level needs more."""
    return ((memory >> page_shift >> LEVEL_SHIFT) + 2) << TABLE_SHIFT  # memory may begin and end inside a table


class Tlb:
    """Data TLBs of all cores for pages of one size; siblings share their core's. `l2` may be None."""

    def __init__(
        self, caches: CoherentMemory, l1: CacheArray, l2: CacheArray | None, costs: TlbCosts, tables: TableMap
    ) -> None:
        self.caches = caches
        self.page_shift: int = costs.page_shift
        self.l1 = l1
        self.two_levels = 0 if l2 is None else 1
        self.l2 = l1 if l2 is None else l2
        self.l2_hit: int = costs.l2_hit
        self.walk_start: int = costs.walk
        self.references: int = costs.references
        self.l1_latency: int = costs.l1_latency
        self.walks = 0
        nodes = len(tables.first_byte)
        self.first_owner = buffers.int64_zeros(nodes)
        self.first_page = buffers.int64_pointer(self.first_owner)
        self.table_owner = buffers.int64_zeros(nodes)
        self.table = buffers.int64_pointer(self.table_owner)
        self.stride_owner = buffers.int64_zeros(nodes)
        self.stride = buffers.int64_pointer(self.stride_owner)
        for node, start in enumerate(tables.first_byte):
            self.first_page[node] = start >> self.page_shift
            self.table[node] = tables.first_table[node] << states.SECTION_SHIFT
            self.stride[node] = table_lines(self.page_shift, tables.memory[node])

    def translate(self, core: int, page: int, now: int) -> int:
        """Look `page` up for a core; returns the cycles beyond a first-level hit. The entry is then in both levels."""
        key = page + 1  # 0 is an empty entry
        if self.l1.touch(core, key):
            return 0
        cycles = self.second_level(core, page, now)
        self.l1.insert(core, key, HELD)
        return cycles

    def second_level(self, core: int, page: int, now: int) -> int:
        """The first level has no entry: look into the second, or walk."""
        if self.two_levels == 0:
            return self.walk(core, page, now)
        key = page + 1
        if self.l2.touch(core, key):
            return self.l2_hit
        cycles = self.walk(core, page, now)
        self.l2.insert(core, key, HELD)
        return cycles

    def walk(self, core: int, page: int, now: int) -> int:
        """Walk the page table: dependent loads of the levels that the paging-structure caches do not answer for."""
        self.walks += 1
        node = self.caches.paths.home_of(page << (self.page_shift - states.LINE_SHIFT))
        cycles = self.walk_start
        level = self.references
        while level > 0:
            level -= 1
            shift = LEVEL_SHIFT * level
            before = self.first_page[node] >> (shift + LEVEL_SHIFT) << TABLE_SHIFT  # lines of tables below the node's
            line = self.table[node] + level * self.stride[node] + (page >> (shift + ENTRIES_SHIFT)) - before
            latency = self.caches.access(core, line, 0, now + cycles)
            cycles += latency if latency > 0 else self.l1_latency
        return cycles

    def flush(self, core: int) -> None:
        """Drop every entry of a core, for measurements of more memory than it can map."""
        for array in (self.l1, self.l2):
            size = array.sets * array.ways
            for entry in range(core * size, (core + 1) * size):
                array.owner[entry] = 0
