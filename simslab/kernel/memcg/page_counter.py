"""Counters of pages with a limit, in a hierarchy (mm/page_counter.c)."""

from __future__ import annotations

from typing import Final

from simslab.kernel.bug import KernelBugError
from simslab.kernel.memcg import instructions as insns
from simslab.kernel.memcg import layout
from simslab.machine.core.cpu import Cpu

PAGE_COUNTER_MAX: Final = (1 << 63) // 4096  # pages; of a counter without a limit


class PageCounter:
    """A count of pages at simulated address `addr` (struct page_counter); `limit` is its `max`.

    What is charged here is charged to all of the counters above as well: the root's line is everybody's.

    Not modelled: `min` and `low`, which nobody sets, so that nothing of them is written; `high`.
    """

    def __init__(self, addr: int, limit: int = PAGE_COUNTER_MAX, parent: PageCounter | None = None) -> None:
        self.addr = addr
        self.limit = limit
        self.parent = parent
        self.usage = 0
        self.watermark = 0
        self.failcnt = 0

    def upwards(self) -> list[PageCounter]:
        """This counter and all above it, the root's last."""
        return [self] if self.parent is None else [self, *self.parent.upwards()]

    def charge(self, cpu: Cpu, nr_pages: int) -> None:
        """Add pages whatever the limits (page_counter_charge)."""
        for counter in self.upwards():
            counter.add(cpu, nr_pages)
            counter.raise_watermark(cpu)

    def try_charge(self, cpu: Cpu, nr_pages: int) -> bool:
        """Add pages unless a limit of the hierarchy would be exceeded (page_counter_try_charge)."""
        charged: list[PageCounter] = []
        for counter in self.upwards():
            counter.add(cpu, nr_pages)
            cpu.read(counter.addr + layout.COUNTER_MAX)
            if counter.usage > counter.limit:
                counter.subtract(cpu, nr_pages)
                counter.failcnt += 1
                cpu.update(counter.addr + layout.COUNTER_FAILCNT)
                for below in charged:
                    below.subtract(cpu, nr_pages)
                return False
            counter.raise_watermark(cpu)
            charged.append(counter)
        return True

    def uncharge(self, cpu: Cpu, nr_pages: int) -> None:
        """Take pages off here and everywhere above (page_counter_uncharge)."""
        for counter in self.upwards():
            counter.subtract(cpu, nr_pages)

    def add(self, cpu: Cpu, nr_pages: int) -> None:
        """Add to this counter alone: a locked operation on its line."""
        cpu.insn(insns.COUNTER_CHARGE)
        cpu.settle()
        cpu.atomic(self.addr + layout.COUNTER_USAGE)
        self.usage += nr_pages

    def subtract(self, cpu: Cpu, nr_pages: int) -> None:
        """Take off this counter alone (page_counter_cancel)."""
        cpu.insn(insns.COUNTER_UNCHARGE)
        cpu.settle()
        cpu.atomic(self.addr + layout.COUNTER_USAGE)
        self.usage -= nr_pages
        if self.usage < 0:
            raise KernelBugError(f"page counter at {self.addr:#x} is below 0")

    def raise_watermark(self, cpu: Cpu) -> None:
        """Read what is protected, and note a new maximum; unlocked, as the kernel does."""
        cpu.read(self.addr + layout.COUNTER_PARENT)
        cpu.read(self.addr + layout.COUNTER_WATERMARK)
        if self.usage > self.watermark:
            self.watermark = self.usage
            cpu.write(self.addr + layout.COUNTER_WATERMARK)
