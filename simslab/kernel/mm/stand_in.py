"""The page allocator under which mm/slab.c was timed on silicon, instead of mm/page_alloc.c.

A user-space process has no zones: order 0 comes from a list of each CPU's own (batch 63, high 186), refilled from the
node's pool under a spinlock; other orders come from the pool under that lock. No watermarks, no buddy blocks, no
statistics. What a pair costs is in the rows `pages` (README of the silicon measurements); `StandInPages` is there so
that the model can be set up alike, and compared with the kernel's own.

Nothing is told of the pool's order. Here it is a queue of what was given back, and only when that is empty pages come
that were never taken: who allocates more than the caches hold finds little of it there. The rows tell a queue from a
stack (benchmarks/README.md, Order of the stand-in's pages).
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from simslab.kernel import layout
from simslab.kernel.locking.spinlock import SpinLock
from simslab.kernel.mm import gfp as gfps
from simslab.kernel.mm.page import PG_HEAD
from simslab.machine.accounting import causes
from simslab.machine.accounting.callsites import site

if TYPE_CHECKING:
    from simslab.kernel.kernel import Kernel
    from simslab.machine.core.cpu import Cpu

BATCH: Final = 63
HIGH: Final = 186
POOL_OFFSET: Final = 160 << 10  # in the kernel's static data
CHUNK_ORDER: Final = layout.MAX_ORDER - 1
ALLOC_INSNS: Final = 52  # estimate: what the rows `pages` leave beyond two irq pairs, and for order 1 two lock pairs
FREE_INSNS: Final = 52  # estimate
MOVE_INSNS: Final = 12  # estimate: of a page between list and pool, list_move_tail and a turn of the loop
TAIL_INSNS: Final = 4  # estimate: of each tail page
SITE_ALLOC: Final = site("stand-in alloc_pages")
SITE_FREE: Final = site("stand-in free_pages")


class _Pool:
    """The free blocks of a node by order, first given back first taken, and what was never taken."""

    def __init__(self, kernel: Kernel, nid: int) -> None:
        self.lock_addr = kernel.boot_data + POOL_OFFSET + nid * 2 * layout.CACHE_LINE
        self.lock = SpinLock(self.lock_addr, kernel.lock_stats.lock_class("stand-in.pool"))
        self.head_addr = self.lock_addr + layout.CACHE_LINE
        self.buddies = [zone.buddy for zone in kernel.page_allocator.thisnode[nid]]
        self.free: dict[int, deque[int]] = {}
        self.fresh = self.end = 0

    def take(self, cpu: Cpu, order: int) -> int:
        """Take a block of 2**order pages, -1 when there is none."""
        blocks = self.free.get(order)
        if blocks:
            return blocks.popleft()
        size = 1 << order
        start = -(-self.fresh // size) * size
        if start + size > self.end:
            start = next((pfn for pfn in (b.rmqueue_smallest(cpu, CHUNK_ORDER) for b in self.buddies) if pfn >= 0), -1)
            if start < 0:
                return -1
            self.end = start + (1 << CHUNK_ORDER)
        self.fresh = start + size
        return start

    def put(self, pfn: int, order: int) -> None:
        """Give a block back."""
        self.free.setdefault(order, deque()).append(pfn)


class StandInPages:
    """Allocates and frees blocks of 2**order pages as `PageAllocator` does, all of it billed to PAGE_ALLOCATOR."""

    def __init__(self, kernel: Kernel) -> None:
        self.mem_map = kernel.mem_map
        self.zones = kernel.page_allocator.thisnode
        self.pools = [_Pool(kernel, nid) for nid in range(len(self.zones))]
        # The end that is taken from and put to is the right one.
        self.lists: list[dict[int, deque[int]]] = [{} for _ in self.zones]

    def alloc_pages(self, cpu: Cpu, gfp: int, order: int, nid: int) -> int:
        """Return the first pfn of 2**order pages of node `nid` (-1: the CPU's own), or -1."""
        nid = cpu.numa_mem if nid < 0 else nid
        bill, cpu.bill = cpu.bill, causes.PAGE_ALLOCATOR
        cpu.insn_cold(ALLOC_INSNS)
        flags = cpu.irq_save(SITE_ALLOC)
        pfn = self._from_list(cpu, nid) if order == 0 else self._from_pool(cpu, nid, order)
        cpu.irq_restore(flags)
        if pfn >= 0:
            self._prepare(cpu, pfn, order, gfp)
        cpu.bill = bill
        return pfn

    def free_pages(self, cpu: Cpu, pfn: int, order: int) -> int:
        """Give back 2**order pages."""
        nid = self.mem_map.nid(pfn)
        bill, cpu.bill = cpu.bill, causes.PAGE_ALLOCATOR
        cpu.insn_cold(FREE_INSNS)
        flags = cpu.irq_save(SITE_FREE)
        self.mem_map.set("flags", pfn, 0)
        if order == 0:
            self._to_list(cpu, nid, pfn)
        else:
            pool = self.pools[nid]
            pool.lock.lock(cpu, SITE_FREE)
            cpu.write(pool.head_addr)
            cpu.write(self.mem_map.page_addr(pfn) + layout.PAGE_LRU)
            pool.put(pfn, order)
            pool.lock.unlock(cpu)
        cpu.irq_restore(flags)
        cpu.bill = bill
        return 0

    def _list(self, cpu: Cpu, nid: int) -> deque[int]:
        return self.lists[nid].setdefault(cpu.id, deque())

    def _list_addr(self, cpu: Cpu, nid: int) -> int:
        return int(self.zones[nid][0].pageset[cpu.id].addr)

    def _from_list(self, cpu: Cpu, nid: int) -> int:
        pages = self._list(cpu, nid)
        if not pages:
            self._refill(cpu, nid, pages)
        if not pages:
            return -1
        pfn = pages.pop()
        cpu.read(self.mem_map.page_addr(pfn) + layout.PAGE_LRU)
        cpu.write(self._list_addr(cpu, nid))
        return pfn

    def _refill(self, cpu: Cpu, nid: int, pages: deque[int]) -> None:
        """Take a batch from the pool, so that the first taken is the first handed out."""
        pool = self.pools[nid]
        pool.lock.lock(cpu, SITE_ALLOC)
        for _ in range(BATCH):
            pfn = pool.take(cpu, 0)
            if pfn < 0:
                break
            cpu.insn_cold(MOVE_INSNS)
            cpu.read(self.mem_map.page_addr(pfn) + layout.PAGE_LRU)
            pages.appendleft(pfn)
        cpu.write(pool.head_addr)
        pool.lock.unlock(cpu)

    def _to_list(self, cpu: Cpu, nid: int, pfn: int) -> None:
        pages = self._list(cpu, nid)
        cpu.write(self.mem_map.page_addr(pfn) + layout.PAGE_LRU)
        cpu.write(self._list_addr(cpu, nid))
        pages.append(pfn)
        if len(pages) >= HIGH:
            pool = self.pools[nid]
            pool.lock.lock(cpu, SITE_FREE)
            for _ in range(BATCH):
                cpu.insn_cold(MOVE_INSNS)
                moved = pages.popleft()
                cpu.write(self.mem_map.page_addr(moved) + layout.PAGE_LRU)
                pool.put(moved, 0)
            cpu.write(pool.head_addr)
            pool.lock.unlock(cpu)

    def _from_pool(self, cpu: Cpu, nid: int, order: int) -> int:
        pool = self.pools[nid]
        pool.lock.lock(cpu, SITE_ALLOC)
        pfn = pool.take(cpu, order)
        cpu.write(pool.head_addr)
        if pfn >= 0:
            cpu.read(self.mem_map.page_addr(pfn) + layout.PAGE_LRU)
        pool.lock.unlock(cpu)
        return pfn

    def _prepare(self, cpu: Cpu, pfn: int, order: int, gfp: int) -> None:
        """Make pages ready for their user, compound pages for any order above 0."""
        mem_map = self.mem_map
        cpu.write(mem_map.page_addr(pfn) + layout.PAGE_FLAGS)
        mem_map.set("flags", pfn, PG_HEAD if order else 0)
        for page in range(pfn, pfn + (1 << order)):
            mem_map.set("head", page, pfn)
            mem_map.set("order", page, order)
            if page > pfn:
                cpu.insn_cold(TAIL_INSNS)
                mem_map.set("flags", page, 0)
                cpu.write(mem_map.page_addr(page) + layout.PAGE_LRU)
        if gfp & gfps.ZERO:
            cpu.clear(pfn << layout.PAGE_SHIFT, layout.PAGE_SIZE << order)
