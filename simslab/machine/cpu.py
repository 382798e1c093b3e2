"""One hardware thread: its clock, what it charges for instructions and memory accesses, and its interrupt flag.

Charging adds cycles to the CPU's own clock and to one cause; it never waits. `settle` waits until nothing else in the
simulation is earlier. Code that is about to take a lock or touch what other CPUs use atomically settles first.

Time model of the core: a block of n instructions takes n / IPC cycles (the fraction is carried exactly); code off the
fast paths (page allocator, slab growth) has an IPC of its own. An access that
hits L1 costs nothing beyond its instruction. Of any other latency, out-of-order execution hides the first `hidden`
cycles of a load; a store waits only for its share in the store buffer (`store_divisor` misses overlap); a locked
operation waits for all of it.

Not modelled: TLB misses; the order of loads inside the window; store-buffer occupancy (a divisor stands for it);
competition of SMT siblings for issue slots (they share L1 and L2).
"""

from __future__ import annotations

from bisect import insort
from typing import Final

from simslab.base import buffers, clock
from simslab.base.engine import Clocked, Engine
from simslab.machine import callsites, causes, states
from simslab.machine.coherence import CoherentMemory
from simslab.machine.interrupts import InterruptHandler
from simslab.machine.irq_stats import IrqStats

NEVER: Final = clock.NEVER
NR_CAUSES: Final = causes.NR_CAUSES
INSTRUCTIONS: Final = causes.INSTRUCTIONS
LINK_QUEUE: Final = causes.LINK_QUEUE
DRAM_QUEUE: Final = causes.DRAM_QUEUE
IRQ_MASK: Final = causes.IRQ_MASK
IRQ_HANDLER: Final = causes.IRQ_HANDLER
LOCKED: Final = causes.LOCKED
CLEAR: Final = causes.CLEAR
UNBILLED: Final = causes.UNBILLED
E: Final = states.EXCLUSIVE
M: Final = states.MODIFIED
STATE_MASK: Final = states.STATE_MASK
STATE_BITS: Final = states.STATE_BITS
LINE_SHIFT: Final = states.LINE_SHIFT
RUN_SLICE: Final = 10_000  # cycles
SITE_HANDLER: Final = callsites.site("interrupt handler")
SITE_ON: Final = callsites.site("interrupts on")  # arrived while they were on: taken at the next boundary of the model


class CoreCosts:
    """Costs of a core in cycles (see `timing.py`); `cpi_q16` is 65536 / IPC, `clear_q10` 1/1024 cycles per line."""

    def __init__(
        self,
        cpi_q16: int,
        cpi_cold_q16: int,
        hidden: int,
        store_divisor: int,
        atomic: int,
        irq_save: int,
        irq_restore: int,
        cli: int,
        sti: int,
        irq_entry: int,
        irq_exit: int,
        ipi: int,
        clear_q10: int,
    ) -> None:
        self.cpi_q16 = cpi_q16
        self.cpi_cold_q16 = cpi_cold_q16
        self.hidden = hidden
        self.store_divisor = store_divisor
        self.atomic = atomic
        self.irq_save, self.irq_restore = irq_save, irq_restore
        self.cli, self.sti = cli, sti
        self.irq_entry, self.irq_exit = irq_entry, irq_exit
        self.ipi = ipi
        self.clear_q10 = clear_q10


class Cpu(Clocked):
    """A CPU as `smp_processor_id` numbers it.

    `cause[i]` accumulates the cycles charged to cause i since whoever reads it last cleared it. While `bill` is a cause
    (not UNBILLED) every charge goes there: the page allocator's and an interrupt handler's cycles are one part each.
    """

    def __init__(
        self,
        number: int,
        core: int,
        package: int,
        domain: int,
        node: int,
        costs: CoreCosts,
        memory: CoherentMemory,
        scheduler: Engine | None,
        irq_stats: IrqStats,
    ) -> None:
        super().__init__(number)
        self.id = number
        self.core, self.package, self.domain, self.node = core, package, domain, node
        self.numa_mem = node  # nearest node with memory; the kernel sets it (topology.h: numa_mem_id)
        self.memory = memory
        self.engine = scheduler
        self.costs = costs
        self.irq_stats = irq_stats
        self.handler: InterruptHandler = InterruptHandler()
        self.cause_owner = buffers.int64_zeros(NR_CAUSES)
        self.cause = buffers.int64_pointer(self.cause_owner)
        self.bill = UNBILLED
        self.path = 0
        self.cpi_q16 = costs.cpi_q16
        self.instruction_fraction = 0
        self.instructions = 0
        self.l1 = memory.l1
        self.l1_tags = buffers.int64_pointer(memory.l1.owner)
        self.l1_base = core * memory.l1.sets * memory.l1.ways
        self.l1_mask = memory.l1.sets - 1
        self.l1_ways = memory.l1.ways
        if memory.l1.sets & (memory.l1.sets - 1):
            raise ValueError("the number of L1 sets must be a power of two")
        self.l1_hits = 0
        self.irqs_off = 0
        self.off_since = 0
        self.off_site = 0
        self.in_interrupt = 0
        self.next_irq = NEVER
        self.pending: list[tuple[int, int, int]] = []  # (arrival, order, vector), earliest first
        self.posted = 0
        self.next_work = NEVER  # when the kernel's next deferred work on this CPU is due

    # -- time ---------------------------------------------------------------------------------------------------------

    def charge(self, cause: int, cycles: int) -> int:
        """Advance the clock by `cycles`, attributed to `cause` (or to `bill`)."""
        self.now += cycles
        self.cause[cause if self.bill < 0 else self.bill] += cycles
        return 0

    def insn(self, count: int) -> int:
        """Charge a block of `count` instructions of a fast path."""
        return self.execute(count, self.cpi_q16)

    def insn_cold(self, count: int) -> int:
        """Charge `count` instructions off the fast paths, where dependent loads and branches limit the IPC."""
        return self.execute(count, self.costs.cpi_cold_q16)

    def execute(self, count: int, cpi_q16: int) -> int:
        """Charge `count` instructions at `cpi_q16` / 65536 cycles each; the fraction of a cycle is carried."""
        self.instructions += count
        total = self.instruction_fraction + count * cpi_q16
        self.instruction_fraction = total & 65535
        cycles = total >> 16
        self.now += cycles
        self.cause[INSTRUCTIONS if self.bill < 0 else self.bill] += cycles
        return 0

    def settle(self) -> int:
        """Wait until no other CPU and no event is earlier than this clock."""
        if self.engine is not None:
            self.engine.settle(self)
        return 0

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
        while self.now < time:
            stop = time
            if not self.irqs_off and self.next_irq < stop:
                stop = self.next_irq
            if stop > self.now:
                self.charge(cause, stop - self.now)
            if not self.irqs_off and self.next_irq <= self.now:
                self.deliver_interrupts()
        return 0

    # -- memory -------------------------------------------------------------------------------------------------------

    def read(self, addr: int) -> int:
        """Load from the line that holds physical address `addr`."""
        line = addr >> LINE_SHIFT
        base = self.l1_base + (line & self.l1_mask) * self.l1_ways
        if self.l1_tags[base] >> STATE_BITS == line:
            self.l1_hits += 1
            return 0
        return self.read_further(line, base)

    def read_further(self, line: int, base: int) -> int:
        """The load was not answered by the most recent way of its set."""
        way = self.l1.find(base, line)
        if way >= 0:
            self.l1.use(base, way)
            self.l1_hits += 1
            return 0
        latency = self.memory.transact(self.core, line, 0, self.now)
        return self.expose(latency, self.costs.hidden, 1)

    def write(self, addr: int) -> int:
        """Store to the line that holds physical address `addr`."""
        line = addr >> LINE_SHIFT
        base = self.l1_base + (line & self.l1_mask) * self.l1_ways
        if self.l1_tags[base] == (line << STATE_BITS) | M:
            self.l1_hits += 1
            return 0
        if self.own_in_l1(line, base):
            return 0
        latency = self.memory.transact(self.core, line, 1, self.now)
        return self.expose(latency, self.costs.hidden, self.costs.store_divisor)

    def own_in_l1(self, line: int, base: int) -> int:
        """Whether the L1 has the line in E or M; E becomes M."""
        way = self.l1.find(base, line)
        if way < 0 or self.l1_tags[way] & STATE_MASK < E:
            return 0
        self.l1.set_state(self.l1.use(base, way), M)
        self.l1_hits += 1
        return 1

    def prefetchw(self, addr: int) -> int:
        """Prefetch for writing: overlaps as a store does; a prefetch of NULL does nothing."""
        return self.write(addr) if addr else 0

    def atomic(self, addr: int) -> int:
        """A locked read-modify-write: the line's whole latency and the operation's own cost."""
        line = addr >> LINE_SHIFT
        base = self.l1_base + (line & self.l1_mask) * self.l1_ways
        if not self.own_in_l1(line, base):
            latency = self.memory.transact(self.core, line, 1, self.now)
            self.expose(latency, 0, 1)
        return self.charge(LOCKED, self.costs.atomic)

    def read_span(self, addr: int, size: int) -> int:
        """Load every line of `size` bytes from `addr`."""
        line = addr >> LINE_SHIFT
        last = (addr + size - 1) >> LINE_SHIFT
        while line <= last:
            self.read(line << LINE_SHIFT)
            line += 1
        return 0

    def write_span(self, addr: int, size: int) -> int:
        """Store to every line of `size` bytes from `addr`."""
        line = addr >> LINE_SHIFT
        last = (addr + size - 1) >> LINE_SHIFT
        while line <= last:
            self.write(line << LINE_SHIFT)
            line += 1
        return 0

    def clear(self, addr: int, size: int) -> int:
        """Zero `size` bytes (rep stosb): every line is taken for writing, and the loop has its own cost per line."""
        lines = ((addr + size - 1) >> LINE_SHIFT) - (addr >> LINE_SHIFT) + 1
        self.write_span(addr, size)
        return self.charge(CLEAR, (lines * self.costs.clear_q10) >> 10)

    def expose(self, latency: int, hidden: int, divisor: int) -> int:
        """Charge what the core feels of a transaction's latency, split into its source and the queueing on the way."""
        link = self.memory.link_queue
        dram = self.memory.dram_queue
        source = latency - link - dram - hidden
        if source > 0:
            self.charge(self.memory.cause, source // divisor)
        if link + dram > 0:
            self.charge(LINK_QUEUE, link // divisor)
            self.charge(DRAM_QUEUE, dram // divisor)
        return 0

    # -- interrupts ---------------------------------------------------------------------------------------------------

    def irq_save(self, site: int) -> int:
        """Save the interrupt flag and mask interrupts (pushf, cli); returns 1 if they were on.

        Interrupts that arrived before are taken first, as they would have been.
        """
        if self.next_irq <= self.now:
            self.deliver_interrupts()
        self.charge(IRQ_MASK, self.costs.irq_save)
        return self.mask(site)

    def irq_restore(self, flags: int) -> int:
        """Restore the flag (popf); when that unmasks, due interrupts are delivered at this instant."""
        self.charge(IRQ_MASK, self.costs.irq_restore)
        return self.unmask() if flags else 0

    def irq_disable(self, site: int) -> int:
        """Mask interrupts (cli); those that arrived before are taken first."""
        if self.next_irq <= self.now:
            self.deliver_interrupts()
        self.charge(IRQ_MASK, self.costs.cli)
        self.mask(site)
        return 0

    def irq_enable(self) -> int:
        """Unmask interrupts (sti)."""
        self.charge(IRQ_MASK, self.costs.sti)
        return self.unmask()

    def mask(self, site: int) -> int:
        """Clear the interrupt flag; returns 1 if it was set."""
        if self.irqs_off:
            return 0
        self.irqs_off = 1
        self.off_since = self.now
        self.off_site = site
        return 1

    def unmask(self) -> int:
        """Set the interrupt flag and deliver what is due."""
        if self.irqs_off:
            self.irqs_off = 0
            self.irq_stats.masked(self.off_site, self.now - self.off_since, self.now)
            if self.next_irq <= self.now:
                self.deliver(self.off_site, self.off_since)
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
        self.next_irq = self.pending[0][0] if self.pending else NEVER

    def deliver_interrupts(self) -> int:
        """Handle every interrupt that has arrived, earliest first; interrupts must be on."""
        return self.deliver(SITE_ON, self.now)

    def deliver(self, site: int, since: int) -> int:
        """Handle what has arrived; `site` had masked what arrived from `since` on, a handler what arrived during it."""
        handler_since = NEVER
        while not self.irqs_off and self.next_irq <= self.now:
            arrival, _, vector = self.pending.pop(0)
            self.next_irq = self.pending[0][0] if self.pending else NEVER
            delayed_by = site if arrival >= since else SITE_ON
            if arrival >= handler_since:
                delayed_by = SITE_HANDLER
            handler_since = self.now
            self.handle_interrupt(vector, self.now - arrival, delayed_by)
        return 0

    def handle_interrupt(self, vector: int, delay: int, delayed_by: int) -> int:
        """Enter, handle and leave; to the operation that was interrupted it is all one cause."""
        start = self.now
        row = self.cause_owner.tolist()
        path, bill, outer = self.path, self.bill, self.in_interrupt
        self.bill = UNBILLED
        self.in_interrupt = 1
        self.mask(SITE_HANDLER)
        for cause in range(NR_CAUSES):
            self.cause[cause] = 0
        self.charge(IRQ_HANDLER, self.costs.irq_entry)
        self.handler.handle(self, vector)
        self.charge(IRQ_HANDLER, self.costs.irq_exit)
        for cause in range(NR_CAUSES):
            self.cause[cause] = row[cause]
        self.cause[IRQ_HANDLER] += self.now - start
        self.path, self.bill, self.in_interrupt = path, bill, outer
        self.irq_stats.delivered(vector, delay, self.now - start, self.now, delayed_by)
        if self.irqs_off:
            self.irqs_off = 0
            self.irq_stats.masked(self.off_site, self.now - self.off_since, self.now)
        return 0
