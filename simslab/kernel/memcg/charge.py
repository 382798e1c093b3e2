"""Charging: bytes of objects from the CPU's stock, pages from the counters (mm/memcontrol.c)."""

from __future__ import annotations

from typing import Final

from simslab.kernel import layout as kernel_layout
from simslab.kernel.errno import ENOMEM
from simslab.kernel.kernel import Kernel
from simslab.kernel.memcg import instructions as insns
from simslab.kernel.memcg import layout
from simslab.kernel.memcg.stock import MEMCG_CHARGE_BATCH, MemcgStock
from simslab.kernel.memcg.structures import MemCgroup, ObjCgroup
from simslab.kernel.mm import gfp
from simslab.machine.core.cpu import Cpu

MAX_RECLAIM_RETRIES: Final = 16


class MemcgCharging:
    """The stocks of all CPUs, and the cgroup of the task on each: `current[cpu]`, None for the root's.

    The hierarchy is cgroup v2's: pages are charged to `memory` and nothing else.

    Not modelled: reclaim, which finds nothing here, and the OOM killer, which has nobody to kill: a request above the
    limit fails after as many turns as 5.10 makes. `memory.high` and its delays, swap, cgroups made, moved or removed
    while a workload runs, `set_active_memcg`.
    """

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        offset = kernel.percpu.alloc_percpu(layout.STOCK_BYTES, kernel_layout.CACHE_LINE)
        self.stocks = [MemcgStock(addr) for addr in kernel.percpu.addresses(offset)]
        self.current: list[ObjCgroup | None] = [None] * kernel.nr_cpu_ids
        self.draining = -1  # the CPU that holds percpu_charge_mutex

    def get_obj_cgroup_from_current(self, cpu: Cpu) -> ObjCgroup | None:
        """What the task on this CPU is charged to, with a reference; None in interrupts and for the root's tasks.

        Origin: get_obj_cgroup_from_current, memcg_kmem_bypass.
        """
        cpu.insn(insns.CURRENT)
        cpu.read(self.kernel.percpu.address(cpu.id, kernel_layout.PERCPU_CURRENT_TASK))
        objcg = None if cpu.in_interrupt else self.current[cpu.id]
        if objcg is not None:
            objcg.refcnt.get(cpu)
        return objcg

    # -- objects ------------------------------------------------------------------------------------------------------

    def obj_cgroup_charge(self, cpu: Cpu, objcg: ObjCgroup, flags: int, size: int) -> int:
        """Charge `size` bytes; 0 or -ENOMEM (obj_cgroup_charge).

        When the CPU's stock is not enough whole pages are charged, and what is left of the last goes to the stock.
        """
        cpu.insn(insns.OBJ_CHARGE)
        counts = objcg.memcg.counts
        stock = self.stocks[cpu.id]
        if stock.consume_obj_stock(cpu, objcg, size):
            counts.stock_hits += 1
            return 0
        cpu.insn(insns.OBJ_CHARGE_PAGES)
        cpu.read(objcg.addr + layout.OBJCG_MEMCG)
        memcg = objcg.memcg
        memcg.css.get(cpu)
        rest = size & (kernel_layout.PAGE_SIZE - 1)
        nr_pages = (size >> kernel_layout.PAGE_SHIFT) + (1 if rest else 0)
        err = self.try_charge(cpu, memcg, flags, nr_pages)
        if err:
            counts.failures += 1
        else:
            counts.page_charges += 1
            if rest:
                stock.refill_obj_stock(cpu, objcg, kernel_layout.PAGE_SIZE - rest)
        memcg.css.put(cpu)
        return err

    def obj_cgroup_uncharge(self, cpu: Cpu, objcg: ObjCgroup, size: int) -> None:
        """Take `size` bytes off: into this CPU's stock (obj_cgroup_uncharge)."""
        self.stocks[cpu.id].refill_obj_stock(cpu, objcg, size)

    # -- pages --------------------------------------------------------------------------------------------------------

    def try_charge(self, cpu: Cpu, memcg: MemCgroup, flags: int, nr_pages: int) -> int:
        """Charge pages, a batch at a time where the limit lets it; 0 or -ENOMEM (try_charge).

        Requests with __GFP_ATOMIC or __GFP_NOFAIL, and tasks with PF_MEMALLOC, may exceed the limit.
        """
        batch = max(MEMCG_CHARGE_BATCH, nr_pages)
        retries, drained = MAX_RECLAIM_RETRIES, False
        while True:
            if self.charged_without_reclaim(cpu, memcg, nr_pages, batch):
                return 0
            if batch > nr_pages:
                batch = nr_pages
                continue
            if flags & gfp.ATOMIC or self.has_pf_memalloc(cpu):
                return self.force(cpu, memcg, nr_pages)
            if not flags & gfp.DIRECT_RECLAIM:
                break
            cpu.insn_cold(insns.ABOVE_LIMIT)
            if room_in(memcg) >= nr_pages:
                continue
            if not drained:
                self.drain_all_stock(cpu, memcg)
                drained = True
                continue
            if flags & gfp.NORETRY or not retries:
                break
            retries -= 1
        return self.force(cpu, memcg, nr_pages) if flags & gfp.NOFAIL else -ENOMEM

    def charged_without_reclaim(self, cpu: Cpu, memcg: MemCgroup, nr_pages: int, batch: int) -> bool:
        """One turn of try_charge: from the stock, else `batch` pages from the counter, the surplus to the stock."""
        cpu.insn(insns.TRY_CHARGE)
        stock = self.stocks[cpu.id]
        if stock.consume_stock(cpu, memcg, nr_pages):
            return True
        if not memcg.memory.try_charge(cpu, batch):
            return False
        if batch > nr_pages:
            memcg.counts.batches += 1
            stock.refill_stock(cpu, memcg, batch - nr_pages)
        for counter in memcg.memory.upwards():  # is `high` exceeded?
            cpu.read(counter.addr + layout.COUNTER_HIGH)
        return True

    def has_pf_memalloc(self, cpu: Cpu) -> bool:
        """Whether the task on this CPU has PF_MEMALLOC."""
        return bool(self.kernel.reserves.gfp_pfmemalloc_flags(cpu, 0))

    def force(self, cpu: Cpu, memcg: MemCgroup, nr_pages: int) -> int:
        """Charge whatever the limit."""
        memcg.counts.forced += 1
        memcg.memory.charge(cpu, nr_pages)
        return 0

    def drain_all_stock(self, cpu: Cpu, memcg: MemCgroup) -> None:
        """Have all CPUs give back what they keep of this cgroup, the others by deferred work (drain_all_stock)."""
        cpu.insn_cold(insns.DRAIN_ALL_STOCK)
        cpu.settle()
        if self.draining >= 0:
            return
        self.draining = cpu.id
        for number in self.kernel.online_cpus:
            stock = self.stocks[number]
            cpu.insn_cold(insns.DRAIN_ALL_STOCK_CPU)
            cpu.read(stock.addr + layout.STOCK_CACHED)
            holds = stock.cached_objcg is not None and stock.cached_objcg.memcg is memcg
            if stock.flushing or not (holds or (stock.cached is memcg and stock.nr_pages)):
                continue
            stock.flushing = True
            cpu.atomic(stock.addr + layout.STOCK_FLAGS)
            if number == cpu.id:
                stock.drain_local_stock(cpu)
            else:
                self.kernel.workqueue.queue_work(self.kernel.machine.cpus[number], self.drain_local_stock)
        self.draining = -1

    def drain_local_stock(self, cpu: Cpu) -> None:
        """The deferred work, for the stock of whichever CPU it has come to (drain_local_stock)."""
        self.stocks[cpu.id].drain_local_stock(cpu)

    def memcg_hotplug_cpu_dead(self, cpu: Cpu, going: int) -> None:
        """Give back the pages that CPU `going`, which is dead, kept; `cpu` stays (mm/memcontrol.c).

        Its bytes stay where they are, with their obj_cgroup, as in 5.10. Not modelled: that the parts of the statistics
        that `cpu` has (5.10 means those of `going`) are added to the totals: sums are the same.
        """
        self.stocks[going].drain_stock(cpu)


def room_in(memcg: MemCgroup) -> int:
    """Pages that may still be charged (mem_cgroup_margin); no charge."""
    return min(max(counter.limit - counter.usage, 0) for counter in memcg.memory.upwards())
