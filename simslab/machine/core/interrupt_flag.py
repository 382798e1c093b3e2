"""The interrupt flag of a hardware thread, the delivery of what has arrived, and code that may be interrupted.

Interrupts are posted with a time of arrival and delivered at the first boundary of the model at or after it at which
the flag is set.
"""

from __future__ import annotations

from bisect import insort
from typing import Final

from simslab.base import bits, clock
from simslab.base.engine import Engine
from simslab.machine.accounting import callsites, causes
from simslab.machine.accounting.irq_stats import IrqStats
from simslab.machine.core.accesses import AccessingCore
from simslab.machine.core.core_spec import CoreCosts, CpuPlace
from simslab.machine.core.interrupt_handler import InterruptHandler
from simslab.machine.core.tlb import Tlb
from simslab.machine.memory.coherence import CoherentMemory

RUN_SLICE: Final = 10_000  # cycles: as coarse as the default quantum, by which others may be ahead anyway
SITE_HANDLER: Final = callsites.site("interrupt handler")
SITE_ON: Final = callsites.site("interrupts on")  # arrived while they were on: taken at the next boundary of the model


class InterruptibleCore(AccessingCore):
    """A thread that `handler` may interrupt; stretches with interrupts off and deliveries go to `irq_stats`."""

    def __init__(
        self,
        place: CpuPlace,
        costs: CoreCosts,
        memory: CoherentMemory,
        scheduler: Engine | None,
        irq_stats: IrqStats,
        tlb: Tlb | None,
    ) -> None:
        super().__init__(place, costs, memory, scheduler, tlb)
        self.irq_stats = irq_stats
        self.handler: InterruptHandler = InterruptHandler()
        self.save_cost: int = costs.kernel.irq_save
        self.restore_cost: int = costs.kernel.irq_restore
        self.cli_cost: int = costs.kernel.cli
        self.sti_cost: int = costs.kernel.sti
        self.entry_cost: int = costs.kernel.irq_entry
        self.exit_cost: int = costs.kernel.irq_exit
        self.path = 0
        self.irqs_off = 0
        self.off_since = 0
        self.waits_since = 0
        self.off_site = 0
        self.in_interrupt = 0
        self.next_irq = clock.NEVER
        self.pending: list[tuple[int, int, int]] = []  # (arrival, order, vector), earliest first
        self.posted = 0

    def irq_disable(self, site: int) -> int:
        """Mask interrupts (cli); those that arrived before are taken first."""
        if self.next_irq <= self.now:
            self.deliver_interrupts()
        since = self.now
        self.pay(causes.IRQ_MASK, self.cli_cost)
        self.mask(site, since)
        return 0

    def irq_enable(self) -> int:
        """Unmask interrupts (sti)."""
        self.pay(causes.IRQ_MASK, self.sti_cost)
        return self.unmask()

    def mask(self, site: int, since: int) -> int:
        """Clear the interrupt flag; returns 1 if it was set. What has arrived from `since` on waits for `site`.

        That is before the cost of masking: interrupts are looked for ahead of it, and not again until they are on.
        """
        if self.irqs_off:
            return 0
        self.irqs_off = 1
        self.off_since = self.now
        self.waits_since = since
        self.off_site = site
        return 1

    def unmask(self) -> int:
        """Set the interrupt flag and deliver what is due."""
        if self.irqs_off:
            self.irqs_off = 0
            self.irq_stats.masked(self.off_site, self.now - self.off_since, self.now, self.id)
            if self.next_irq <= self.now:
                self.deliver(self.off_site, self.waits_since)
        elif self.next_irq <= self.now:
            self.deliver_interrupts()
        return 0

    def post_irq(self, time: int, vector: int) -> None:
        """Let interrupt `vector` arrive at `time`; a time in the past means it is pending already."""
        self.posted += 1
        insort(self.pending, (time, self.posted, vector))
        self.next_irq = self.pending[0][0]

    def forget_irq(self, vector: int) -> None:
        """Take back what was posted of `vector` and has not been delivered."""
        self.pending = [entry for entry in self.pending if entry[2] != vector]
        self.next_irq = self.pending[0][0] if self.pending else clock.NEVER

    def deliver_interrupts(self) -> int:
        """Handle every interrupt that has arrived, earliest first; interrupts must be on."""
        return self.deliver(SITE_ON, self.now)

    def deliver(self, site: int, since: int) -> int:
        """Handle what has arrived; `site` had masked what arrived from `since` on, handlers what came during them."""
        handler_since = clock.NEVER
        while not self.irqs_off and self.next_irq <= self.now:
            arrival, _, vector = self.pending.pop(0)
            self.next_irq = self.pending[0][0] if self.pending else clock.NEVER
            delayed_by = site if arrival >= since else SITE_ON
            if arrival >= handler_since:
                delayed_by = SITE_HANDLER
            elif handler_since == clock.NEVER:
                handler_since = self.now
            self.handle_interrupt(vector, self.now - arrival, delayed_by)
        return 0

    def handle_interrupt(self, vector: int, delay: int, delayed_by: int) -> int:
        """Enter, handle and leave; to the operation that was interrupted it is all one cause."""
        start = self.now
        row = self.cause_owner.tolist()
        path, bill, outer, charged = self.path, self.bill, self.in_interrupt, self.charged
        self.bill = causes.UNBILLED
        self.in_interrupt = 1
        self.mask(SITE_HANDLER, self.now)
        for cause in range(causes.NR_CAUSES):
            self.cause[cause] = 0
        self.pay(causes.IRQ_HANDLER, self.entry_cost)
        self.handler.handle(self, vector)
        self.pay(causes.IRQ_HANDLER, self.exit_cost)
        for cause in range(causes.NR_CAUSES):
            self.cause[cause] = row[cause]
        self.cause[causes.IRQ_HANDLER] += self.now - start
        self.charged = charged | bits.bit(causes.IRQ_HANDLER)
        self.path, self.bill, self.in_interrupt = path, bill, outer
        self.irq_stats.delivered(vector, delay, self.now - start, self.now, delayed_by)
        if self.irqs_off:
            self.irqs_off = 0
            self.irq_stats.masked(self.off_site, self.now - self.off_since, self.now, self.id)
        return 0

    def run(self, cycles: int, cause: int) -> int:
        """Spend `cycles` in code of its own that interrupts may interrupt; their handlers' time comes on top.

        Settles every RUN_SLICE cycles, so that interrupts from other CPUs find it.
        """
        while cycles > 0:
            step = cycles if cycles < RUN_SLICE else RUN_SLICE
            if not self.irqs_off and self.next_irq < self.now + step:
                step = self.next_irq - self.now if self.next_irq > self.now else 0
            self.pay(cause, step)
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
                self.pay(cause, stop - self.now)
            if not self.irqs_off and self.next_irq <= self.now:
                self.deliver_interrupts()
        return 0
