"""One hardware thread, put together: a clock, stores, accesses and interrupts, one class below the other.

    CoreClock           core_clock.py     clock, causes, instructions, what SMT siblings share
    StoringCore         store_buffer.py   store buffer and fill buffers
    AccessingCore       accesses.py       loads, stores, translation
    InterruptibleCore   interrupt_flag.py interrupt flag and delivery
    Cpu                 here              its place in the machine; running, idling, spinning

Speed: a chain of classes, where objects inside one another would read more plainly: each charge goes to one clock,
which all four subjects then reach without a call (benchmarks/allocator.py, warm pairs).
"""

from __future__ import annotations

from typing import Final

from simslab.base import clock
from simslab.base.engine import Engine
from simslab.machine.accounting.irq_stats import IrqStats
from simslab.machine.core.core_spec import CoreCosts, CpuPlace
from simslab.machine.core.interrupt_flag import InterruptibleCore
from simslab.machine.core.tlb import Tlb
from simslab.machine.memory.coherence import CoherentMemory

RUN_SLICE: Final = 10_000  # cycles: as coarse as the default quantum, by which others may be ahead anyway


class Cpu(InterruptibleCore):
    """A CPU as `smp_processor_id` numbers it; without a `scheduler` it never waits for others."""

    def __init__(
        self,
        place: CpuPlace,
        costs: CoreCosts,
        memory: CoherentMemory,
        scheduler: Engine | None,
        irq_stats: IrqStats,
        tlb: Tlb | None = None,
    ) -> None:
        super().__init__(place, costs, memory, scheduler, irq_stats, tlb)
        self.package: int = place.package
        self.domain: int = place.domain
        self.node: int = place.node
        self.numa_mem = self.node  # home of what it allocates; the kernel sets it (topology.h: numa_mem_id)
        self.pause: int = costs.kernel.pause
        self.next_work = clock.NEVER  # when the kernel's next deferred work on this CPU is due

    def run(self, cycles: int, cause: int) -> int:
        """Spend `cycles` in code of its own that interrupts may interrupt; their handlers' time comes on top.

        Settles every RUN_SLICE cycles, so that interrupts from other CPUs find it.
        """
        while cycles > 0:
            step = cycles if cycles < RUN_SLICE else RUN_SLICE
            if not self.irqs_off and self.next_irq < self.now + step:
                step = self.next_irq - self.now if self.next_irq > self.now else 0
            self.charge(cause, step)
            cycles -= step
            if not self.irqs_off and self.next_irq <= self.now:
                self.deliver_interrupts()
            if cycles > 0 and self.now >= self.horizon:
                self.settle()
        return 0

    def idle_until(self, time: int, cause: int) -> int:
        """Wait until `time`, taking interrupts as they arrive; a handler delays the end only if it lasts beyond it."""
        self.idle_from, self.idle_to = self.now, time
        while self.now < time:
            stop = time
            if not self.irqs_off and self.next_irq < stop:
                stop = self.next_irq
            if stop > self.now:
                self.charge(cause, stop - self.now)
            if not self.irqs_off and self.next_irq <= self.now:
                self.deliver_interrupts()
        return 0

    def spin(self, cycles: int, cause: int) -> int:
        """Wait `cycles` in a loop of PAUSE and a look (cpu_relax); returns what it took, whole rounds of the loop."""
        pause = self.pause
        if pause > 1:
            cycles = (cycles + pause - 1) // pause * pause
        self.charge(cause, cycles)
        return cycles
