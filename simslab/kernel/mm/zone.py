"""Zones: the memory of a node by physical address, with watermarks and per-CPU page lists (include/linux/mmzone.h)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from typing import TYPE_CHECKING, Final

from simslab.base import buffers
from simslab.kernel import layout
from simslab.kernel.locking.spinlock import SpinLock
from simslab.kernel.mm import gfp
from simslab.kernel.mm.buddy import Buddy
from simslab.kernel.mm.page import MemMap, PageLists
from simslab.machine.core.cpu import Cpu

if TYPE_CHECKING:
    from simslab.kernel.locking.spinlock import LockStats

ZONE_DMA: Final = 0
ZONE_DMA32: Final = 1
ZONE_NORMAL: Final = 2
NR_ZONES: Final = 3
ZONE_NAMES: Final = ("DMA", "DMA32", "Normal")
ZONE_END: Final = (1 << 12, 1 << 20, 1 << 50)  # first pfn behind each zone: 16 MiB, 4 GiB
LOWMEM_RESERVE_RATIO: Final = (256, 256, 32)

NUMA_HIT: Final = 0
NUMA_MISS: Final = 1
NUMA_FOREIGN: Final = 2
NUMA_INTERLEAVE_HIT: Final = 3
NUMA_LOCAL: Final = 4
NUMA_OTHER: Final = 5
NUMA_STAT_NAMES: Final = ("numa_hit", "numa_miss", "numa_foreign", "interleave_hit", "local_node", "other_node")

BATCH_BYTES: Final = 1 << 20  # the most that moves at a time, times 4
WATERMARK_ORDER_INSNS: Final = 39  # __zone_watermark_ok: 43 when the first order looked at has a block, 47 ...
GATHER_INSNS: Final = 36  # estimate, by its statements: off one list and onto another, checks, the buddy's address
WATERMARK_BLOCK_INSNS: Final = 4  # ... when the next one


class PerCpuPages:
    """A CPU's list of free pages of one zone (struct per_cpu_pages); irqs off on its CPU.

    The ends of its list are two words of `storage`, from word `first` on.
    """

    def __init__(self, mem_map: MemMap, addr: int, batch: int, storage: memoryview, first: int) -> None:
        self.addr = addr
        self.count = 0
        self.set_batch(batch)
        self.lists = PageLists(mem_map, 1, addr + layout.PCP_LISTS, layout.LIST_HEAD_BYTES, storage, first)

    def set_batch(self, batch: int) -> None:
        """Move `batch` pages at a time, keep fewer than six times as many (mm/page_alloc.c: pageset_set_batch)."""
        self.batch = max(1, batch)
        self.high = 6 * batch


@dataclass(frozen=True)
class NodePages:
    """Pages [start, end) of a node, those from `reserved_from` on not managed; the address of its pglist_data."""

    node: int
    start: int
    end: int
    reserved_from: int
    pgdat: int


class Zone:
    """Pages [start, end) of a node (struct zone); `managed` of them belong to the page allocator from boot on.

    `lock` protects `buddy`. `pageset[cpu]` are the per-CPU lists, `numa_stat` the counters of /proc/zoneinfo.

    Not modelled: watermark boosts, per-CPU drift of the free-page counter (it is exact here).
    """

    def __init__(self, mem_map: MemMap, stats: LockStats, pages: NodePages, index: int, start: int, end: int) -> None:
        self.mem_map = mem_map
        self.node, self.index = pages.node, index
        self.start, self.end = start, end
        self.managed = max(0, end - start)
        self.pgdat = pgdat = pages.pgdat
        self.addr = pgdat + layout.PGDAT_ZONES + index * layout.ZONE_BYTES
        self.buddy = Buddy(mem_map, start, end, self.addr + layout.ZONE_FREE_AREA)
        self.lock = SpinLock(self.addr + layout.ZONE_LOCK, stats.lock_class("zone.lock"))
        self.wmark_min = self.wmark_low = self.wmark_high = 0
        self.reserve_owner = buffers.int64_zeros(NR_ZONES)
        self.lowmem_reserve = buffers.int64_pointer(self.reserve_owner)
        self.pageset: list[PerCpuPages] = []
        self.numa_owner = buffers.int64_zeros(len(NUMA_STAT_NAMES))
        self.numa_stat = buffers.int64_pointer(self.numa_owner)

    @property
    def name(self) -> str:
        """DMA, DMA32 or Normal."""
        return ZONE_NAMES[self.index]

    def free_pages(self) -> int:
        """Free pages, without those on per-CPU lists (NR_FREE_PAGES)."""
        return self.buddy.free_pages

    def cached_pages(self) -> int:
        """Free pages on per-CPU lists."""
        return sum(pcp.count for pcp in self.pageset)

    def set_up_pagesets(self, addresses: Sequence[int]) -> None:
        """Give each CPU its list, at these addresses (zone_pcp_init).

        Speed: one storage for the lists of all CPUs (benchmarks/boot.py).
        """
        batch = zone_batchsize(self.managed)
        ends = buffers.int64_zeros(2 * len(addresses))
        self.pageset = [PerCpuPages(self.mem_map, addr, batch, ends, 2 * i) for i, addr in enumerate(addresses)]

    def gather(self, cpu: Cpu, pcp: PerCpuPages, count: int) -> int:
        """Link pages from the cold end of a CPU's list by themselves, before the lock is taken; the first or -1.

        Of more than a batch only the first batch's buddies are prefetched. Source: free_pcppages_bulk, first half.
        Preconditions: irqs off.
        """
        first = before = -1
        for taken in range(count):
            pfn = pcp.lists.last(cpu, 0)
            if pfn < 0:
                break
            pcp.lists.delete(cpu, 0, pfn)
            pcp.count -= 1
            cpu.insn(GATHER_INSNS)
            cpu.read(self.mem_map.page_addr(pfn) + layout.PAGE_MAPCOUNT)  # bulkfree_pcp_prepare
            self.mem_map.write_links(cpu, pfn)
            if before < 0:
                first = pfn
            else:
                self.mem_map.next[before] = pfn
                cpu.write(self.mem_map.page_addr(before) + layout.PAGE_LRU)
            before = pfn
            if taken < pcp.batch:
                self.buddy.prefetch_buddy(cpu, pfn)
        return first

    def watermark_fast(self, cpu: Cpu, order: int, highest: int, alloc_flags: int) -> int:
        """Whether the zone stays above its mark; order 0 is decided by the counter alone when there is plenty."""
        cpu.read(self.addr + layout.ZONE_VM_STAT)
        if alloc_flags & gfp.ALLOC_NO_WATERMARKS:
            return 1
        cpu.read(self.addr + layout.ZONE_WATERMARK_BOOST)
        mark = self.wmark_low if alloc_flags & gfp.ALLOC_WMARK_LOW else self.wmark_min
        if order == 0:
            cpu.read(self.addr + layout.ZONE_LOWMEM_RESERVE)
            if self.buddy.free_pages > mark + self.lowmem_reserve[highest]:
                return 1
        return self.watermark_ok(cpu, order, mark, highest, alloc_flags)

    def watermark_ok(self, cpu: Cpu, order: int, mark: int, highest: int, alloc_flags: int) -> int:
        """The whole check: the mark lowered for urgent requests, and a block large enough (__zone_watermark_ok)."""
        cpu.insn_cold(WATERMARK_ORDER_INSNS)
        cpu.read(self.addr + layout.ZONE_LOWMEM_RESERVE)
        if alloc_flags & gfp.ALLOC_HIGH:
            mark -= mark >> 1
        if alloc_flags & gfp.ALLOC_HARDER:
            mark -= mark >> 2
        if self.buddy.free_pages - (1 << order) + 1 <= mark + self.lowmem_reserve[highest]:
            return 0
        if order == 0:
            return 1
        blocks = self.buddy.watermark_blocks(cpu, order)
        cpu.insn_cold(WATERMARK_BLOCK_INSNS * blocks)
        return blocks


@dataclass(frozen=True)
class NodeMemory:
    """The memory of all nodes as boot found it.

    `orders` as `zonelist.node_orders` makes them; `pgdats` are the addresses of each node's pglist_data.
    """

    mem_map: MemMap
    zones: list[Zone]
    orders: list[list[int]]
    pgdats: list[int]


def node_zones(mem_map: MemMap, stats: LockStats, pages: NodePages) -> list[Zone]:
    """The zones of a node."""
    zones = []
    low = pages.start
    for index in range(NR_ZONES):
        high = min(pages.end, ZONE_END[index])
        if high > low:
            first = max(low, 1)  # page 0 holds firmware data
            zones.append(Zone(mem_map, stats, pages, index, first, max(first, min(high, pages.reserved_from))))
            low = high
    return zones


def build_zonerefs(zones: Sequence[Zone], order: Sequence[int]) -> list[Zone]:
    """Zones of the nodes in `order`, the highest of each node first (mm/page_alloc.c: build_zonerefs_node)."""
    return [zone for nid in order for zone in reversed(zones) if zone.node == nid and zone.managed]


def zone_batchsize(managed: int, most: int = BATCH_BYTES) -> int:
    """Pages moved between a per-CPU list and the zone at a time (mm/page_alloc.c: zone_batchsize)."""
    batch = min(managed // 1024, most // layout.PAGE_SIZE) // 4
    batch = max(batch, 1)
    return (1 << ((batch + batch // 2).bit_length() - 1)) - 1


def set_up_watermarks(zones: Sequence[Zone]) -> None:
    """Watermarks and reserves of all zones (init_per_zone_wmark_min)."""
    total = sum(zone.managed for zone in zones)
    min_free_kbytes = min(max(isqrt(total * (layout.PAGE_SIZE >> 10) * 16), 128), 262144)
    pages_min = min_free_kbytes >> (layout.PAGE_SHIFT - 10)
    for zone in zones:
        share = pages_min * zone.managed // max(total, 1)
        step = max(share >> 2, zone.managed * 10 // 10000)
        zone.wmark_min, zone.wmark_low, zone.wmark_high = share, share + step, share + 2 * step
    for node in {zone.node for zone in zones}:
        _setup_lowmem_reserve([zone for zone in zones if zone.node == node])


def _setup_lowmem_reserve(zones: Sequence[Zone]) -> None:
    """Pages of lower zones kept from requests that could use higher ones (setup_per_zone_lowmem_reserve)."""
    for zone in zones:
        above = 0
        for index in range(zone.index + 1, NR_ZONES):
            above += sum(upper.managed for upper in zones if upper.index == index)
            zone.reserve_owner[index] = above // LOWMEM_RESERVE_RATIO[zone.index] if zone.managed else 0
