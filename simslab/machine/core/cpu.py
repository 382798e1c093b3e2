"""A hardware thread as the kernel's code uses it: charge, load, store, mask interrupts.

    CoreClock           core_clock.py      clock, causes, what SMT siblings share, waiting for others
    StoringCore         store_buffer.py    store buffer and fill buffers
    AccessingCore       accesses.py        misses, translation, what a core feels of a latency
    InterruptibleCore   interrupt_flag.py  interrupt flag, delivery, code that may be interrupted
    Cpu                 here               the entry points that every simulated operation passes

Speed: a chain of classes whose last one holds the entry points. A compiled method of a class that others derive from is
found at run time and looks for an override in Python first: with each entry point beside what it uses, four CPUs with
local churn took a tenth longer (benchmarks/allocator.py).
"""

from __future__ import annotations

from simslab.base import bits, clock
from simslab.base.engine import Engine
from simslab.machine.accounting import causes
from simslab.machine.accounting.irq_stats import IrqStats
from simslab.machine.core.core_spec import CoreCosts, CpuPlace
from simslab.machine.core.interrupt_flag import InterruptibleCore
from simslab.machine.core.tlb import Tlb
from simslab.machine.memory import states
from simslab.machine.memory.coherence import CoherentMemory


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
        self.commit: int = costs.core.commit
        self.mispredict: int = costs.core.mispredict
        self.next_work = clock.NEVER  # when the kernel's next deferred work on this CPU is due

    # -- the clock ----------------------------------------------------------------------------------------------------

    def charge(self, cause: int, cycles: int) -> int:
        """Advance the clock by `cycles`, attributed to `cause` (or to `bill`)."""
        billed = cause if self.bill < 0 else self.bill
        self.now += cycles
        self.cause[billed] += cycles
        self.charged |= bits.bit(billed)
        return 0

    def insn(self, count: int) -> int:
        """Charge a block of `count` instructions of a fast path."""
        return self.execute(count, self.cpi_q16)

    def insn_loop(self, count: int) -> int:
        """Charge a block of `count` instructions of a loop that keeps all its values in registers."""
        self.others_from += count
        return self.execute(count, self.cpi_q16)

    def insn_cold(self, count: int) -> int:
        """Charge `count` instructions off the fast paths, where dependent loads and branches limit the IPC.

        They store to the stack half as often: 55 times in the 562 instructions of a slab's growth (tests/golden,
        path_access.jsonl.gz: alloc_miss_grow_atomic of b256one, less its refill).
        """
        self.others_from += count >> 1
        return self.execute(count, self.cpi_cold_q16)

    def insn_cold_loop(self, count: int) -> int:
        """Charge a block of such a loop off the fast paths."""
        self.others_from += count
        return self.execute(count, self.cpi_cold_q16)

    def execute(self, count: int, cpi_q16: int) -> int:
        """Charge `count` instructions at `cpi_q16` / 65536 cycles each; the fraction of a cycle is carried."""
        self.instructions += count
        total = self.instruction_fraction + count * cpi_q16
        self.instruction_fraction = total & 65535
        cycles = total >> 16
        billed = causes.INSTRUCTIONS if self.bill < 0 else self.bill
        self.now += cycles
        self.cause[billed] += cycles
        self.charged |= bits.bit(billed)
        return 0

    def spin(self, cycles: int, cause: int) -> int:
        """Wait `cycles` in a loop of PAUSE and a look (cpu_relax); returns what it took, whole rounds of the loop."""
        pause = self.pause
        if pause > 1:
            cycles = (cycles + pause - 1) // pause * pause
        self.charge(cause, cycles)
        return cycles

    # -- the interrupt flag -------------------------------------------------------------------------------------------

    def irq_save(self, site: int) -> int:
        """Save the interrupt flag and mask interrupts (pushf, cli); returns 1 if they were on.

        Interrupts that arrived before are taken first, as they would have been.
        """
        if self.next_irq <= self.now:
            self.deliver_interrupts()
        since = self.now
        self.charge(causes.IRQ_MASK, self.save_cost)
        return self.mask(site, since)

    def irq_restore(self, flags: int) -> int:
        """Restore the flag (popf); when that unmasks, due interrupts are delivered at this instant."""
        self.charge(causes.IRQ_MASK, self.restore_cost)
        return self.unmask() if flags else 0

    # -- loads and stores ---------------------------------------------------------------------------------------------

    def read(self, addr: int) -> int:
        """Load from the line that holds physical address `addr`."""
        # Speed: here and in `write` what is not the common case ends in a call, so that compiled code saves no
        # registers for it (benchmarks/allocator.py: warm pairs).
        if addr >> self.page_shift != self.last_page:
            return self.read_elsewhere(addr)
        line = addr >> states.LINE_SHIFT
        base = self.l1_base + (line & self.l1_mask) * self.l1_ways
        if self.l1_tags[base] >> states.STATE_BITS == line:
            return self.tell_hit(line, 0) if self.watched else 0
        return self.read_further(line, base)

    def write(self, addr: int) -> int:
        """Store to the line that holds physical address `addr`."""
        if addr >> self.page_shift != self.last_page:
            return self.write_elsewhere(addr)
        line = addr >> states.LINE_SHIFT
        base = self.l1_base + (line & self.l1_mask) * self.l1_ways
        if self.l1_tags[base] == (line << states.STATE_BITS) | states.MODIFIED and not self.watched:
            return self.store_hit(line) if self.under_way > self.now else 0
        return self.write_further(line, base)

    def update(self, addr: int) -> int:
        """Read, change and store a word: a line that the core does not hold is fetched, then taken for writing."""
        line = addr >> states.LINE_SHIFT
        if (
            self.l1_tags[self.l1_base + (line & self.l1_mask) * self.l1_ways]
            == (line << states.STATE_BITS) | states.MODIFIED
        ):
            if self.under_way <= self.now and addr >> self.page_shift == self.last_page:
                # Speed: the common case at once; benchmarks/allocator.py, warm pairs
                return self.tell_hit(line, 1) if self.watched else 0
        else:
            self.read(addr)
        return self.write(addr)

    def look(self, addr: int) -> int:
        """Fetch a line for reading without waiting for it; its full latency, 0 when the L1 has it."""
        line = addr >> states.LINE_SHIFT
        if self.l1.find(self.l1_base + (line & self.l1_mask) * self.l1_ways, line) >= 0:
            return 0
        return self.memory.transact(self.core, line, 0, self.now)

    def chain(self, links: int) -> int:
        """Charge `links` loads that each wait for the store before them to be forwarded."""
        return self.charge(causes.INSTRUCTIONS, links * self.forward)

    def mispredicted(self, branches: int) -> int:
        """Charge `branches` that no predictor foresees: the pipeline starts anew behind each."""
        return self.charge(causes.INSTRUCTIONS, branches * self.mispredict)

    def prefetchw(self, addr: int) -> int:
        """Prefetch for writing: takes a fill buffer but no entry of the store buffer; of NULL it does nothing."""
        if addr == 0 or self.entries == 0:
            return self.write(addr) if addr else 0
        if addr >> self.page_shift != self.last_page:
            self.translate(addr)
        line = addr >> states.LINE_SHIFT
        base = self.l1_base + (line & self.l1_mask) * self.l1_ways
        if self.l1_tags[base] == (line << states.STATE_BITS) | states.MODIFIED and not self.watched:
            return 0
        return self.prefetchw_further(line, base)

    def atomic(self, addr: int) -> int:
        """A locked read-modify-write of a word."""
        return self.locked(addr, self.atomic_cost)

    def cmpxchg16b(self, addr: int) -> int:
        """`lock cmpxchg16b`: more micro-operations than one on a word, and as exclusive."""
        return self.locked(addr, self.cmpxchg16b_cost)

    def locked(self, addr: int, cost: int) -> int:
        """A locked operation: drains the store buffer, then takes the line's whole latency and its own `cost`."""
        if addr >> self.page_shift != self.last_page:
            self.translate(addr)
        line = addr >> states.LINE_SHIFT
        if self.under_way > self.now:
            self.arrives(line)
            self.drain()
        base = self.l1_base + (line & self.l1_mask) * self.l1_ways
        if not self.own_in_l1(line, base):
            latency = self.memory.transact(self.core, line, 1, self.now)
            if self.prefetching == 0:
                self.expose(latency, 0, 1)
            else:
                self.expose(self.on_its_way(line, latency), 0, 1)
                self.prefetch_after(line)
        return self.charge(causes.LOCKED, cost)

    def atomic_in_turn(self, addr: int) -> int:
        """`atomic` of a CPU that has settled, on a word that others want as well: requests are served in turn."""
        if addr >> self.page_shift != self.last_page:
            self.translate(addr)
        line = addr >> states.LINE_SHIFT
        if self.under_way > self.now:
            self.arrives(line)
            self.drain()
        if not self.own_in_l1(line, self.l1_base + (line & self.l1_mask) * self.l1_ways):
            self.expose(self.memory.transact_in_turn(self.core, line, self.now), 0, 1)
        self.charge(causes.LOCKED, self.memory.held_by_sibling(self.core, line, self.now) + self.atomic_cost)
        return self.memory.locked_until(self.core, line, self.now)

    def locked_hit(self) -> int:
        """Cycles of a locked operation on a line that this core owns."""
        return self.atomic_cost

    def write_in_turn(self, addr: int) -> int:
        """`write` of a CPU that has settled, to a word that others want as well: requests are served in turn."""
        if addr >> self.page_shift != self.last_page:
            self.translate(addr)
        line = addr >> states.LINE_SHIFT
        if self.entries == 0 or self.own_in_l1(line, self.l1_base + (line & self.l1_mask) * self.l1_ways):
            self.write(addr)
        else:
            self.buffer_store(self.memory.transact_in_turn(self.core, line, self.now), 0)
        return self.memory.locked_until(self.core, line, self.retired())

    def commit_stores(self) -> int:
        """Wait, before a locked operation, until the stores just before it are in the L1."""
        return self.charge(causes.LOCKED, self.commit)

    def polled_by(self, poller: Cpu, addr: int, since: int) -> int:
        """From `since` on CPU `poller` polls the word at `addr`, in whose line this CPU works; it has a copy then."""
        line = addr >> states.LINE_SHIFT
        if self.core == poller.core:
            return 0
        self.lend(line, poller.core, self.memory.follow(self.core, poller.core), since)
        poller.look(addr)
        return 0

    def not_polled(self, addr: int) -> int:
        """No CPU polls the word at `addr` any longer."""
        line = addr >> states.LINE_SHIFT
        if line == self.outer_polled:
            self.outer_polled = states.NO_LINE
        elif line == self.polled:
            self.polled = states.NO_LINE
            self.swap_polled()
        return 0

    def drain(self) -> int:
        """Wait until every store has retired, as locked operations and fences do."""
        return self.charge(causes.STORE_BUFFER, self.drained - self.now) if self.drained > self.now else 0

    def retired(self) -> int:
        """When a store made now becomes visible to others: after all before it."""
        return self.drained if self.drained > self.now else self.now

    def read_span(self, addr: int, size: int) -> int:
        """Load every line of `size` bytes from `addr`."""
        line = addr >> states.LINE_SHIFT
        last = (addr + size - 1) >> states.LINE_SHIFT
        while line <= last:
            self.read(line << states.LINE_SHIFT)
            line += 1
        return 0

    def write_span(self, addr: int, size: int) -> int:
        """Store to every line of `size` bytes from `addr`."""
        line = addr >> states.LINE_SHIFT
        last = (addr + size - 1) >> states.LINE_SHIFT
        while line <= last:
            self.write(line << states.LINE_SHIFT)
            line += 1
        return 0

    def clear(self, addr: int, size: int) -> int:
        """Zero `size` bytes (rep stosb): every line is taken for writing, and the loop has its own cost per line.

        Its lines are on their way side by side, as many as there are fill buffers; they take no store-buffer entries.
        """
        lines = ((addr + size - 1) >> states.LINE_SHIFT) - (addr >> states.LINE_SHIFT) + 1
        if self.entries == 0:
            self.write_span(addr, size)
            return self.charge(causes.CLEAR, (lines * self.clear_q10) >> 10)
        done = 0
        for i in range(lines):
            self.clear_line(addr + (i << states.LINE_SHIFT))
            cycles = ((i + 1) * self.clear_q10 >> 10) - done
            done += cycles
            self.charge(causes.CLEAR, cycles)
        return 0
