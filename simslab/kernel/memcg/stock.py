"""What each CPU keeps of cgroups' pages, and of one page's bytes (mm/memcontrol.c: struct memcg_stock_pcp)."""

from __future__ import annotations

from typing import Final

from simslab.kernel.layout import PAGE_SHIFT, PAGE_SIZE
from simslab.kernel.memcg import instructions as insns
from simslab.kernel.memcg import layout
from simslab.kernel.memcg.structures import MemCgroup, ObjCgroup
from simslab.machine.accounting import callsites
from simslab.machine.core.cpu import Cpu

MEMCG_CHARGE_BATCH: Final = 32  # pages taken from a counter at a time, and the most that a CPU keeps

SITE_CONSUME_OBJ: Final = callsites.site("consume_obj_stock")
SITE_REFILL_OBJ: Final = callsites.site("refill_obj_stock")
SITE_CONSUME: Final = callsites.site("consume_stock")
SITE_REFILL: Final = callsites.site("refill_stock")
SITE_DRAIN: Final = callsites.site("drain_local_stock")


class MemcgStock:
    """One CPU's stock: pages of the cgroup `cached` and bytes of `cached_objcg`, each with a reference.

    Only its own CPU touches it, with interrupts off.
    """

    def __init__(self, addr: int) -> None:
        self.addr = addr
        self.cached: MemCgroup | None = None
        self.nr_pages = 0
        self.cached_objcg: ObjCgroup | None = None
        self.nr_bytes = 0
        self.flushing = False  # FLUSHING_CACHED_CHARGE

    # -- bytes --------------------------------------------------------------------------------------------------------

    def consume_obj_stock(self, cpu: Cpu, objcg: ObjCgroup, nr_bytes: int) -> bool:
        """Take bytes, if they are this cgroup's and enough (consume_obj_stock)."""
        cpu.insn(insns.CONSUME_OBJ_STOCK)
        flags = cpu.irq_save(SITE_CONSUME_OBJ)
        cpu.read(self.addr + layout.STOCK_CACHED_OBJCG)
        enough = objcg is self.cached_objcg and self.nr_bytes >= nr_bytes
        if enough:
            self.nr_bytes -= nr_bytes
            cpu.update(self.addr + layout.STOCK_NR_BYTES)
        cpu.irq_restore(flags)
        return enough

    def refill_obj_stock(self, cpu: Cpu, objcg: ObjCgroup, nr_bytes: int) -> None:
        """Put bytes here; another cgroup's go first, and all beyond a page (refill_obj_stock)."""
        cpu.insn(insns.REFILL_OBJ_STOCK)
        flags = cpu.irq_save(SITE_REFILL_OBJ)
        cpu.read(self.addr + layout.STOCK_CACHED_OBJCG)
        if self.cached_objcg is not objcg:
            self.reset_obj_stock(cpu, objcg)
        self.nr_bytes += nr_bytes
        cpu.update(self.addr + layout.STOCK_NR_BYTES)
        if self.nr_bytes > PAGE_SIZE:
            self.drain_obj_stock(cpu)
        cpu.irq_restore(flags)

    def reset_obj_stock(self, cpu: Cpu, objcg: ObjCgroup) -> None:
        """Let the bytes be those of `objcg`, with what it has of its own. Irqs off."""
        cpu.insn(insns.RESET_OBJ_STOCK)
        self.drain_obj_stock(cpu)
        objcg.refcnt.get(cpu)
        self.cached_objcg = objcg
        cpu.settle()
        cpu.atomic(objcg.addr + layout.OBJCG_NR_CHARGED_BYTES)
        self.nr_bytes, objcg.nr_charged_bytes = objcg.nr_charged_bytes, 0
        cpu.write(self.addr + layout.STOCK_CACHED_OBJCG)

    def drain_obj_stock(self, cpu: Cpu) -> None:
        """Give whole pages back, and the rest to the obj_cgroup (drain_obj_stock). Irqs off."""
        old = self.cached_objcg
        if old is None:
            return
        cpu.insn(insns.DRAIN_OBJ_STOCK)
        old.memcg.counts.drains += 1
        if self.nr_bytes:
            nr_pages, rest = self.nr_bytes >> PAGE_SHIFT, self.nr_bytes & (PAGE_SIZE - 1)
            self.nr_bytes = 0
            if nr_pages:
                cpu.read(old.addr + layout.OBJCG_MEMCG)
                old.memcg.css.get(cpu)
                self.refill_stock(cpu, old.memcg, nr_pages)
                old.memcg.css.put(cpu)
            cpu.settle()
            cpu.atomic(old.addr + layout.OBJCG_NR_CHARGED_BYTES)
            old.nr_charged_bytes += rest
        old.refcnt.put(cpu)
        self.cached_objcg = None
        cpu.write(self.addr + layout.STOCK_CACHED_OBJCG)

    # -- pages --------------------------------------------------------------------------------------------------------

    def consume_stock(self, cpu: Cpu, memcg: MemCgroup, nr_pages: int) -> bool:
        """Take pages, if they are this cgroup's and enough; never more than a batch (consume_stock)."""
        if nr_pages > MEMCG_CHARGE_BATCH:
            return False
        cpu.insn(insns.CONSUME_STOCK)
        flags = cpu.irq_save(SITE_CONSUME)
        cpu.read(self.addr + layout.STOCK_CACHED)
        enough = memcg is self.cached and self.nr_pages >= nr_pages
        if enough:
            self.nr_pages -= nr_pages
            cpu.update(self.addr + layout.STOCK_NR_PAGES)
        cpu.irq_restore(flags)
        return enough

    def refill_stock(self, cpu: Cpu, memcg: MemCgroup, nr_pages: int) -> None:
        """Put pages here; another cgroup's go first, and all beyond a batch (refill_stock)."""
        cpu.insn(insns.REFILL_STOCK)
        flags = cpu.irq_save(SITE_REFILL)
        cpu.read(self.addr + layout.STOCK_CACHED)
        if self.cached is not memcg:
            self.drain_stock(cpu)
            memcg.css.get(cpu)
            self.cached = memcg
            cpu.write(self.addr + layout.STOCK_CACHED)
        self.nr_pages += nr_pages
        cpu.update(self.addr + layout.STOCK_NR_PAGES)
        if self.nr_pages > MEMCG_CHARGE_BATCH:
            self.drain_stock(cpu)
        cpu.irq_restore(flags)

    def drain_stock(self, cpu: Cpu) -> None:
        """Give all pages back to the cgroup's counter (drain_stock). Irqs off."""
        old = self.cached
        if old is None:
            return
        cpu.insn(insns.DRAIN_STOCK)
        if self.nr_pages:
            nr_pages, self.nr_pages = self.nr_pages, 0
            old.memory.uncharge(cpu, nr_pages)
        old.css.put(cpu)
        self.cached = None
        cpu.write(self.addr + layout.STOCK_CACHED)

    def drain_local_stock(self, cpu: Cpu) -> None:
        """Give back all that this CPU has: its own call, or work that another queued (drain_local_stock)."""
        flags = cpu.irq_save(SITE_DRAIN)
        self.drain_obj_stock(cpu)
        self.drain_stock(cpu)
        self.flushing = False
        cpu.atomic(self.addr + layout.STOCK_FLAGS)
        cpu.irq_restore(flags)
