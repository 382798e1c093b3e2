"""The page allocator: zones by distance, watermarks, per-CPU page lists, buddy blocks (mm/page_alloc.c).

All of it is billed to PAGE_ALLOCATOR, waiting for a zone's lock included (the lock table has that by itself).
Instruction counts and the order of the structures touched are those of golden/instruction_counts.csv and
path_access.jsonl.gz; globals and the stack are part of the instructions. Counts marked estimate were not in the data.

Not modelled: reclaim, compaction, the OOM killer and draining other CPUs' lists: where the kernel would begin those,
the request fails, with __GFP_NOFAIL when not even the share of those who cannot wait has a page. Not modelled:
highmem, memory cgroups, page poisoning, and the migrate types of `simslab.kernel.mm.buddy`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from simslab.base import buffers
from simslab.kernel import layout
from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm import gfp as gfps
from simslab.kernel.mm import page
from simslab.kernel.mm import zone as zone_module
from simslab.kernel.mm.page import MemMap
from simslab.kernel.mm.reserves import Reserves
from simslab.kernel.mm.vmstat import VmStat
from simslab.kernel.mm.zone import NodeMemory, PerCpuPages, Zone
from simslab.machine.accounting import causes
from simslab.machine.accounting.callsites import site
from simslab.machine.core.cpu import Cpu

if TYPE_CHECKING:
    from simslab.kernel.mm.percpu import PerCpu

ZONE_DMA: Final = zone_module.ZONE_DMA
ZONE_DMA32: Final = zone_module.ZONE_DMA32
ZONE_NORMAL: Final = zone_module.ZONE_NORMAL
PG_HEAD: Final = page.PG_HEAD
PG_SLAB: Final = page.PG_SLAB
PG_BUDDY: Final = page.PG_BUDDY
PG_PFMEMALLOC: Final = page.PG_PFMEMALLOC

ALLOC_PAGES_INSNS: Final = 77  # __alloc_pages_nodemask 75, should_fail_alloc_page 2
SLOWPATH_INSNS: Final = 250  # estimate: up to the second attempt, without reclaim
FREELIST_INSNS: Final = 153  # get_page_from_freelist, order 0 from the per-CPU list
NEXT_ZONE_INSNS: Final = 40  # estimate: a zone passed over
PREP_INSNS: Final = 20  # prep_new_page
PREP_ORDER_INSNS: Final = 26
COMPOUND_INSNS: Final = 33  # prep_compound_page: 39 with one tail page
COMPOUND_TAIL_INSNS: Final = 6
CHECK_PAGE_INSNS: Final = 10  # estimate: check_new_page of each page beyond the second
BULK_INSNS: Final = 30  # estimate: rmqueue_bulk, free_pcppages_bulk around the pages
BULK_PAGE_INSNS: Final = 30  # estimate
BULK_FREE_INSNS: Final = 14  # estimate: a turn under the lock around __free_one_page
IRQSAVE_INSNS: Final = 6  # _raw_spin_lock_irqsave 11, of which the lock itself charges 5
FREE_PAGES_INSNS: Final = 12  # __free_pages
FREE_PAGES_ORDER_INSNS: Final = 13
FREE_UNREF_INSNS: Final = 48  # free_unref_page
FREE_COMMIT_INSNS: Final = 34  # free_unref_page_commit
FREE_OK_INSNS: Final = 137  # __free_pages_ok, order 1
FREE_TAIL_INSNS: Final = 14  # estimate: each tail page beyond the first

SITE_RMQUEUE: Final = site("rmqueue")
SITE_BULK: Final = site("rmqueue_bulk")
SITE_FREE_BULK: Final = site("free_pcppages_bulk")
SITE_FREE_OK: Final = site("__free_pages_ok")
SITE_PCP_ALLOC: Final = site("rmqueue_pcplist")
SITE_PCP_FREE: Final = site("free_unref_page")


class PageAllocator:
    """Allocates blocks of 2**order pages.

    `zonelists[nid]` are all zones, nearest first, `thisnode[nid]` the node's own.
    """

    def __init__(self, memory: NodeMemory, percpu: PerCpu, vmstat: VmStat, reserves: Reserves) -> None:
        orders, pgdats = memory.orders, memory.pgdats
        self.mem_map: MemMap = memory.mem_map
        self.zones = memory.zones
        self.zonelists = [zone_module.build_zonerefs(self.zones, order) for order in orders]
        self.thisnode = [zone_module.build_zonerefs(self.zones, [nid]) for nid in range(len(orders))]
        self.percpu_owner = buffers.int64_zeros(len(percpu.bases))
        self.percpu_base = buffers.int64_pointer(self.percpu_owner)
        for cpu, base in enumerate(percpu.bases):
            self.percpu_owner[cpu] = base
        self.pgdat_owner = buffers.int64_zeros(len(pgdats))
        self.pgdat = buffers.int64_pointer(self.pgdat_owner)
        for nid, address in enumerate(pgdats):
            self.pgdat_owner[nid] = address
        self.vmstat = vmstat
        self.reserves = reserves
        self.more_to_take = self.more_to_free = 0  # instructions of older/pages_of_46.py for a request ...
        self.more_to_refill = self.more_to_flush = 0  # ... and for each page of a batch
        self.init_on_alloc = 0  # want_init_on_alloc of all pages
        self.init_on_free = 0  # want_init_on_free
        self.cpusets: Any = None  # mempolicy.MemPolicies when tasks are confined to nodes (cpusets_enabled)
        self.direct_map: Any = None  # debug_pagealloc.DirectMap, where free pages are taken out of it
        self.warn_alloc: Any = None  # kernel/warn_alloc.py
        self.stand_in: Any = None  # stand_in.StandInPages, where that takes this allocator's place

    # -- interface ---------------------------------------------------------------------------------------------------

    def alloc_pages(self, cpu: Cpu, gfp: int, order: int, nid: int) -> int:
        """Return the first pfn of 2**order pages, from `nid` (-1: nearest) or by distance, or -1 (__alloc_pages_node).

        `__GFP_THISNODE` confines the request to `nid`, `__GFP_ZERO` (or init_on_alloc) clears the pages unless freeing
        has (init_on_free), `__GFP_COMP` makes a compound page; `mem_map.head` and `order` are set for every page. Other
        CPUs may run where the zone's lock is taken.
        """
        return self.alloc_pages_nodemask(cpu, gfp, order, nid, 0)

    def alloc_pages_current(self, cpu: Cpu, gfp: int, order: int) -> int:
        """Do so from the nodes that the policy of the task on `cpu` names (mm/mempolicy.c: alloc_pages_current)."""
        if self.cpusets is None:
            return self.alloc_pages(cpu, gfp, order, cpu.node)
        return int(self.cpusets.alloc_pages_current(cpu, gfp, order, self))

    def alloc_pages_nodemask(self, cpu: Cpu, gfp: int, order: int, nid: int, bound: int) -> int:
        """Do so, with `bound` ALLOC_BOUND of the nodes alone to which the task is bound (__alloc_pages_nodemask)."""
        if self.stand_in is not None:  # which serves one node, the nearest of those to which the task is bound
            return int(self.stand_in.alloc_pages(cpu, gfp, order, self.cpusets.slab_node(cpu, 0) if bound else nid))
        bill = cpu.bill
        cpu.bill = causes.PAGE_ALLOCATOR
        if nid < 0:
            nid = cpu.numa_mem
        cpu.insn_cold(ALLOC_PAGES_INSNS + self.more_to_take)
        cpu.read(self.pgdat[nid] + layout.PGDAT_NODE_ZONELISTS + layout.ZONEREF_ZONE_IDX)
        wall = gfps.HARDWALL if self.cpusets is not None else 0  # the first attempt keeps to the cpuset
        first = gfps.ALLOC_WMARK_LOW | gfps.ALLOC_CPUSET | bound
        pfn = self.get_page_from_freelist(cpu, gfp | wall, order, nid, first)
        if pfn < 0:
            pfn = self.alloc_pages_slowpath(cpu, gfp, order, nid, bound)
        cpu.bill = bill
        return pfn

    def free_pages(self, cpu: Cpu, pfn: int, order: int) -> int:
        """Give back 2**order pages (__free_pages): order 0 to the CPU's list, others to the zone under its lock."""
        if self.mem_map.flags[pfn] & (PG_BUDDY | PG_SLAB):
            raise KernelBugError(f"freeing page {pfn}, which is free or still a slab")
        if self.stand_in is not None:
            self.stand_in.free_pages(cpu, pfn, order)
            return 0
        bill = cpu.bill
        cpu.bill = causes.PAGE_ALLOCATOR
        cpu.atomic(self.mem_map.page_addr(pfn) + layout.PAGE_REFCOUNT)
        if order == 0:
            cpu.insn_cold(FREE_PAGES_INSNS + self.more_to_free)
            self.free_unref_page(cpu, pfn)
        else:
            cpu.insn_cold(FREE_PAGES_ORDER_INSNS + self.more_to_free)
            self.free_pages_ok(cpu, pfn, order)
        cpu.bill = bill
        return 0

    def zone_of(self, pfn: int) -> Zone:
        """Zone of a managed page (page_zone)."""
        for zone in self.thisnode[self.mem_map.nid(pfn)]:
            if zone.start <= pfn < zone.end:
                return zone
        raise KernelBugError(f"page {pfn} belongs to no zone")

    def numastat(self) -> list[dict[str, int]]:
        """Counters of /sys/devices/system/node/node*/numastat, by node."""
        table = [dict.fromkeys(zone_module.NUMA_STAT_NAMES, 0) for _ in self.zonelists]
        for zone in self.zones:
            for item, name in enumerate(zone_module.NUMA_STAT_NAMES):
                table[zone.node][name] += zone.numa_owner[item]
        return table

    # -- allocation ---------------------------------------------------------------------------------------------------

    def alloc_pages_slowpath(self, cpu: Cpu, gfp: int, order: int, nid: int, bound: int) -> int:
        """Try again down to the minimum watermark, lower for those who cannot wait (__alloc_pages_slowpath)."""
        cpu.insn_cold(SLOWPATH_INSNS)
        if gfp & gfps.DIRECT_RECLAIM:
            gfp &= ~gfps.ATOMIC  # who can wait is not atomic; not modelled: the warning
        alloc_flags = gfps.ALLOC_WMARK_MIN if gfp & gfps.ATOMIC else gfps.ALLOC_WMARK_MIN | gfps.ALLOC_CPUSET
        if gfp & gfps.HIGH:
            alloc_flags |= gfps.ALLOC_HIGH
        if gfp & gfps.ATOMIC and not gfp & gfps.NOMEMALLOC:
            alloc_flags |= gfps.ALLOC_HARDER
        pfn = self.get_page_from_freelist(cpu, gfp, order, nid, alloc_flags | bound)
        if pfn < 0 and self.reserves.gfp_pfmemalloc_flags(cpu, gfp):
            bound = 0
            pfn = self.get_page_from_freelist(cpu, gfp, order, nid, gfps.ALLOC_NO_WATERMARKS)
        elif pfn < 0 and bound and gfp & gfps.ATOMIC:  # whoever cannot wait need not keep to a policy either
            bound = 0
            pfn = self.get_page_from_freelist(cpu, gfp, order, nid, alloc_flags)
        if pfn < 0 and gfp & gfps.NOFAIL and gfp & gfps.DIRECT_RECLAIM:
            for harder in (gfps.ALLOC_HARDER | gfps.ALLOC_CPUSET, gfps.ALLOC_HARDER):
                if pfn < 0:
                    pfn = self.get_page_from_freelist(cpu, gfp, order, nid, harder | bound)
        if pfn < 0 and self.warn_alloc is not None:
            self.warn_alloc.tell(cpu, gfp, order, self.cpusets, bound)
        return pfn

    def get_page_from_freelist(self, cpu: Cpu, gfp: int, order: int, nid: int, alloc_flags: int) -> int:
        """Take pages from the first zone, by distance, that has enough."""
        highest = ZONE_DMA if gfp & gfps.DMA else ZONE_DMA32 if gfp & gfps.DMA32 else ZONE_NORMAL
        zones = self.thisnode[nid] if gfp & gfps.THISNODE else self.zonelists[nid]
        preferred = None
        n = len(zones)
        for i in range(n):
            zone = zones[i]
            if zone.index > highest:
                continue
            if self.cpusets is not None and not self.allowed(cpu, zone.node, gfp, alloc_flags):
                continue
            if preferred is None:
                preferred = zone
                cpu.insn_cold(FREELIST_INSNS)
            else:
                cpu.insn_cold(NEXT_ZONE_INSNS)
            cpu.read(self.pgdat[nid] + layout.PGDAT_NODE_ZONELISTS + (i << 4))
            if not zone.watermark_fast(cpu, order, highest, alloc_flags):
                continue
            pfn = (
                self.rmqueue_pcplist(cpu, preferred, zone) if order == 0 else self.rmqueue(cpu, preferred, zone, order)
            )
            if pfn >= 0:
                self.prep_new_page(cpu, pfn, order, gfp, alloc_flags)
                return pfn
        return -1

    def allowed(self, cpu: Cpu, node: int, gfp: int, alloc_flags: int) -> bool:
        """Whether cpuset and policy of the task on `cpu` let the request have memory of `node`."""
        if alloc_flags & gfps.ALLOC_BOUND and not self.cpusets.bound_to(cpu, node):
            return False
        return not alloc_flags & gfps.ALLOC_CPUSET or bool(self.cpusets.node_allowed(cpu, node, gfp))

    def rmqueue_pcplist(self, cpu: Cpu, preferred: Zone, zone: Zone) -> int:
        """Take one page from this CPU's list, refilled from the zone when empty; -1 when both are."""
        flags = cpu.irq_save(SITE_PCP_ALLOC)
        pcp = zone.pageset[cpu.id]
        cpu.read(zone.addr + layout.ZONE_PAGESET)
        cpu.read(self.percpu_base[cpu.id] + layout.PERCPU_THIS_CPU_OFF)
        if pcp.count == 0:
            cpu.read(pcp.addr + layout.PCP_LISTS)
            self.rmqueue_bulk(cpu, zone, pcp)
        pfn = pcp.lists.first(cpu, 0)
        if pfn >= 0:
            pcp.lists.delete(cpu, 0, pfn)
            pcp.count -= 1
            cpu.write(pcp.addr)
            cpu.read(self.mem_map.page_addr(pfn) + layout.PAGE_FLAGS)
            self.vmstat.count_vm_events(cpu)
            self.vmstat.zone_statistics(cpu, preferred, zone)
        cpu.irq_restore(flags)
        return pfn

    def rmqueue_bulk(self, cpu: Cpu, zone: Zone, pcp: PerCpuPages) -> int:
        """Move up to `batch` pages to the tail of a per-CPU list, in ascending order where they are contiguous."""
        cpu.insn_cold(BULK_INSNS)
        zone.lock.lock(cpu, SITE_BULK)
        for _ in range(pcp.batch):
            zone.lock.let_in(cpu)
            pfn = zone.buddy.rmqueue_next(cpu, 0, 1)
            if pfn < 0:
                break
            cpu.insn(BULK_PAGE_INSNS + self.more_to_refill)
            pcp.lists.add_tail(cpu, 0, pfn)
            pcp.count += 1
        self.vmstat.mod_zone_page_state(cpu, zone)
        zone.lock.unlock(cpu)
        return 0

    def rmqueue(self, cpu: Cpu, preferred: Zone, zone: Zone, order: int) -> int:
        """Take a block straight from the zone under its lock; -1 when there is none."""
        cpu.insn_cold(IRQSAVE_INSNS)
        flags = cpu.irq_save(SITE_RMQUEUE)
        zone.lock.lock(cpu, SITE_RMQUEUE)
        pfn = zone.buddy.rmqueue_smallest(cpu, order)
        zone.lock.unlock(cpu)
        if pfn >= 0:
            self.vmstat.mod_zone_page_state(cpu, zone)
            self.vmstat.count_vm_events(cpu)
            self.vmstat.zone_statistics(cpu, preferred, zone)
        cpu.irq_restore(flags)
        return pfn

    def map_pages(self, cpu: Cpu, pfn: int, order: int, enable: int) -> int:
        """Put pages into the direct map or take them out (CONFIG_DEBUG_PAGEALLOC: kernel_map_pages)."""
        self.direct_map.kernel_map_pages(cpu, pfn, 1 << order, bool(enable))
        return 0

    def prep_new_page(self, cpu: Cpu, pfn: int, order: int, gfp: int, alloc_flags: int) -> int:
        """Make pages ready for their user: reference, compound links, zeroes, whether they are of the reserves."""
        addr = self.mem_map.page_addr(pfn)
        cpu.write(addr + layout.PAGE_PRIVATE)
        cpu.write(addr + layout.PAGE_REFCOUNT)
        self.mem_map.flags[pfn] = 0
        self.mem_map.head[pfn] = pfn
        self.mem_map.order[pfn] = order
        if self.direct_map is not None:
            self.map_pages(cpu, pfn, order, 1)
        if (self.init_on_alloc or gfp & gfps.ZERO) and not self.init_on_free:
            self.kernel_init_free_pages(cpu, pfn, order)
        if order == 0:
            cpu.insn_cold(PREP_INSNS)
        else:
            cpu.insn_cold(PREP_ORDER_INSNS + CHECK_PAGE_INSNS * ((1 << order) - 2))
            if gfp & gfps.COMP:
                self.mem_map.flags[pfn] = PG_HEAD
                self.prep_compound_page(cpu, pfn, order)
        if alloc_flags & gfps.ALLOC_NO_WATERMARKS:
            self.mem_map.flags[pfn] |= PG_PFMEMALLOC
        cpu.write(addr + layout.PAGE_FREELIST)
        return 0

    def kernel_init_free_pages(self, cpu: Cpu, pfn: int, order: int) -> int:
        """Clear 2**order pages."""
        cpu.clear(pfn << layout.PAGE_SHIFT, layout.PAGE_SIZE << order)
        return 0

    def prep_compound_page(self, cpu: Cpu, pfn: int, order: int) -> int:
        """Point every tail page at the head."""
        cpu.insn_cold(COMPOUND_INSNS + COMPOUND_TAIL_INSNS * ((1 << order) - 1))
        cpu.write(self.mem_map.page_addr(pfn) + layout.PAGE_FLAGS)
        for tail in range(pfn + 1, pfn + (1 << order)):
            addr = self.mem_map.page_addr(tail)
            cpu.write(addr + layout.PAGE_REFCOUNT)
            cpu.write(addr + layout.PAGE_LRU)
            self.mem_map.head[tail] = pfn
            self.mem_map.flags[tail] = 0
            self.mem_map.order[tail] = order
        return 0

    # -- freeing ------------------------------------------------------------------------------------------------------

    def wipe_and_unmap(self, cpu: Cpu, pfn: int, order: int) -> int:
        """End of free_pages_prepare."""
        if self.init_on_free:
            self.kernel_init_free_pages(cpu, pfn, order)
        if self.direct_map is not None:
            self.map_pages(cpu, pfn, order, 0)
        return 0

    def free_unref_page(self, cpu: Cpu, pfn: int) -> int:
        """Put a page on this CPU's list; a list of `high` pages gives a batch back (free_unref_page_commit)."""
        addr = self.mem_map.page_addr(pfn)
        cpu.insn_cold(FREE_UNREF_INSNS)
        cpu.read(addr + layout.PAGE_SLAB_CACHE)
        cpu.write(addr + layout.PAGE_FLAGS)
        cpu.write(addr + layout.PAGE_FREELIST)
        self.mem_map.flags[pfn] = 0
        self.wipe_and_unmap(cpu, pfn, 0)
        flags = cpu.irq_save(SITE_PCP_FREE)
        cpu.insn_cold(FREE_COMMIT_INSNS)
        zone = self.zone_of(pfn)
        self.vmstat.count_vm_events(cpu)
        pcp = zone.pageset[cpu.id]
        cpu.read(zone.addr + layout.ZONE_PAGESET)
        pcp.lists.add(cpu, 0, pfn)
        pcp.count += 1
        cpu.write(pcp.addr)
        if pcp.count >= pcp.high:
            self.free_pcppages_bulk(cpu, zone, pcp, pcp.batch)
        cpu.irq_restore(flags)
        return 0

    def free_pcppages_bulk(self, cpu: Cpu, zone: Zone, pcp: PerCpuPages, count: int) -> int:
        """Give the `count` pages at the cold end of a per-CPU list back to the zone."""
        cpu.insn_cold(BULK_INSNS)
        pfn = zone.gather(cpu, pcp, count)
        zone.lock.lock(cpu, SITE_FREE_BULK)
        while pfn >= 0:
            zone.lock.let_in(cpu)
            following = self.mem_map.next[pfn]
            cpu.insn(BULK_FREE_INSNS + self.more_to_flush)
            cpu.read(self.mem_map.page_addr(pfn) + layout.PAGE_LRU)
            zone.buddy.free_next(cpu, pfn, 0, 1)
            pfn = following
        self.vmstat.mod_zone_page_state(cpu, zone)
        zone.lock.unlock(cpu)
        return 0

    def free_pages_ok(self, cpu: Cpu, pfn: int, order: int) -> int:
        """Give a block back to its zone (__free_pages_ok)."""
        cpu.insn_cold(FREE_OK_INSNS + FREE_TAIL_INSNS * ((1 << order) - 2))
        self.mem_map.flags[pfn] = 0
        cpu.write(self.mem_map.page_addr(pfn) + layout.PAGE_FLAGS)
        for tail in range(pfn + 1, pfn + (1 << order)):
            addr = self.mem_map.page_addr(tail)
            cpu.write(addr + layout.PAGE_LRU)
            cpu.read(addr + layout.PAGE_MAPCOUNT)
            self.mem_map.flags[tail] = 0
        self.wipe_and_unmap(cpu, pfn, order)
        zone = self.zone_of(pfn)
        flags = cpu.irq_save(SITE_FREE_OK)
        self.vmstat.count_vm_events(cpu)
        zone.lock.lock(cpu, SITE_FREE_OK)
        self.vmstat.mod_zone_page_state(cpu, zone)
        zone.buddy.free_one_page(cpu, pfn, order)
        zone.lock.unlock(cpu)
        cpu.irq_restore(flags)
        return 0
