"""One hardware thread: its clock, what it charges for instructions and memory accesses, and its interrupt flag.

Charging adds cycles to the CPU's own clock and to one cause; it never waits. `settle` waits until nothing else in the
simulation is earlier. Code that is about to take a lock or touch what other CPUs use atomically settles first.

Time model of the core: a block of n instructions takes n / IPC cycles (the fraction is carried exactly); code off the
fast paths (page allocator, slab growth) has an IPC of its own. Busy SMT siblings share the IPC and the fill buffers. An
access that hits L1 costs nothing beyond its instruction; one outside the pages of the first-level TLB adds the
translation (`tlb.py`). Of any other latency, out-of-order execution hides the first `hidden` cycles of a load. A store
retires in the background: it takes an entry of the store buffer until its line has arrived and every store before it
has retired; only when all entries are taken does the core stall, until the oldest retires. A locked operation waits
until the buffer has drained, then for its line. Where a machine states no store buffer, a missing store costs
1/`store_divisor` of its latency beyond `hidden` instead.

Not modelled: the order of loads inside the window; loads that find all fill buffers taken by stores; loads and stores
of a line whose earlier store is still on its way (it counts as there); two stores to one line sharing an entry.
"""

from __future__ import annotations

from bisect import insort
from typing import Final

from simslab.base import buffers, clock
from simslab.base.engine import Clocked, Engine
from simslab.machine.accounting import callsites, causes
from simslab.machine.accounting.irq_stats import IrqStats
from simslab.machine.core.interrupt_handler import InterruptHandler
from simslab.machine.core.tlb import Tlb
from simslab.machine.memory import states
from simslab.machine.memory.coherence import CoherentMemory

RUN_SLICE: Final = 10_000  # cycles: as coarse as the default quantum, by which others may be ahead anyway
ONE_PAGE: Final = 62  # shift by which all addresses are on page 0
Q10: Final = 1024
PAGE_LINES: Final = 63  # mask of a line's number in its 4 KiB page, which a prefetch does not leave
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
        store_buffer: int = 0,
        fill_buffers: int = 10,
        smt_q10: int = 0,
        prefetch: int = 0,
        pause: int = 0,
        store_interval: int = 10,
        forward: int = 5,
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
        self.store_buffer, self.fill_buffers = store_buffer, fill_buffers
        self.smt_q10 = smt_q10  # throughput of all busy threads of a core, 1024 is that of one alone; 0: no sharing
        self.prefetch = prefetch
        self.pause = pause
        self.store_interval = store_interval  # instructions for each store that is not named
        self.forward = forward  # a load of what was just stored


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
        tlb: Tlb | None = None,
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
        self.cause_owner = buffers.int64_zeros(causes.NR_CAUSES)
        self.cause = buffers.int64_pointer(self.cause_owner)
        self.bill = causes.UNBILLED
        self.path = 0
        self.cpi_q16 = costs.cpi_q16
        self.cpi_cold_q16 = costs.cpi_cold_q16
        self.sibling = self  # the core's next thread, in a ring
        self.busy = 0  # 1 while it has code to run
        self.busy_threads = 1
        self.idle_from = self.idle_to = 0  # the last stretch without code to run
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
        self.tlb = tlb
        self.page_shift = ONE_PAGE if tlb is None else tlb.page_shift
        self.last_page = 0 if tlb is None else -1
        entries = memory.l1 if tlb is None else tlb.l1  # without a TLB never looked at
        self.tlb_tags = buffers.int64_pointer(entries.owner)
        self.tlb_base = core * entries.sets * entries.ways
        self.tlb_mask = entries.sets - 1 if entries.sets & (entries.sets - 1) == 0 else 0
        self.tlb_ways = entries.ways
        self.stores_owner = buffers.int64_zeros(max(1, costs.store_buffer))
        self.stores = buffers.int64_pointer(self.stores_owner)  # when each entry's store retires, oldest next
        self.next_store = 0
        self.others_from = 0  # instructions up to the last store that was named
        self.drained = 0  # when the youngest store retires
        self.fills_owner = buffers.int64_zeros(costs.fill_buffers)
        self.fills = buffers.int64_pointer(self.fills_owner)  # when the latest lines arrive, the oldest of them next
        self.next_fill = 0
        self.fill_share = costs.fill_buffers  # of the core's fill buffers
        self.prefetched = 0  # line last prefetched, and when it arrives
        self.prefetch_ready = 0
        self.irqs_off = 0
        self.off_since = 0
        self.off_site = 0
        self.in_interrupt = 0
        self.next_irq = clock.NEVER
        self.pending: list[tuple[int, int, int]] = []  # (arrival, order, vector), earliest first
        self.posted = 0
        self.next_work = clock.NEVER  # when the kernel's next deferred work on this CPU is due

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
        return self.execute(count, self.cpi_cold_q16)

    def execute(self, count: int, cpi_q16: int) -> int:
        """Charge `count` instructions at `cpi_q16` / 65536 cycles each; the fraction of a cycle is carried."""
        self.instructions += count
        total = self.instruction_fraction + count * cpi_q16
        self.instruction_fraction = total & 65535
        cycles = total >> 16
        self.now += cycles
        self.cause[causes.INSTRUCTIONS if self.bill < 0 else self.bill] += cycles
        return 0

    def settle(self) -> int:
        """Wait until no other CPU and no event is earlier than this clock."""
        if self.engine is not None:
            self.engine.settle(self)
        if self.sibling.id != self.id:
            self.share_core()
        return 0

    def share_core(self) -> int:
        """Share the core's instructions per cycle and fill buffers among its threads that are busy at this moment.

        All CPUs are at or beyond this CPU's time, so what a sibling does now is known: it runs code unless it is
        parked, spins in a lock's queue (PAUSE leaves the core to others) or is in an idle stretch.

        Not modelled: a change between two settles of this CPU; caches and buffers shared unevenly (a thread that misses
        more has more of the fill buffers on hardware).
        """
        busy = 1
        other = self.sibling
        while other.id != self.id:
            idle = other.parked != 0 or (other.idle_from <= self.now and self.now < other.idle_to)
            busy += 0 if idle else other.busy
            other = other.sibling
        if busy != self.busy_threads:
            self.busy_threads = busy
            self.cpi_q16 = self.shared(self.costs.cpi_q16)
            self.cpi_cold_q16 = self.shared(self.costs.cpi_cold_q16)
            self.fill_share = self.costs.fill_buffers // busy if busy < self.costs.fill_buffers else 1
        return 0

    def shared(self, cpi_q16: int) -> int:
        """Cycles per instruction with as many threads busy as are now."""
        throughput = self.costs.smt_q10
        return cpi_q16 if self.busy_threads == 1 or throughput == 0 else cpi_q16 * self.busy_threads * Q10 // throughput

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
        pause = self.costs.pause
        if pause > 1:
            cycles = (cycles + pause - 1) // pause * pause
        self.charge(cause, cycles)
        return cycles

    # -- memory -------------------------------------------------------------------------------------------------------

    def read(self, addr: int) -> int:
        """Load from the line that holds physical address `addr`."""
        if addr >> self.page_shift != self.last_page:
            self.translate(addr)
        line = addr >> states.LINE_SHIFT
        base = self.l1_base + (line & self.l1_mask) * self.l1_ways
        if self.l1_tags[base] >> states.STATE_BITS == line:
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
        if self.costs.prefetch == 0:
            return self.expose(latency, self.costs.hidden, 1)
        self.expose(self.on_its_way(line, latency), self.costs.hidden, 1)
        return self.prefetch_after(line)

    def translate(self, addr: int) -> int:
        """Charge the translation of an address that is not on the page of the access before."""
        self.last_page = addr >> self.page_shift
        key = self.last_page + 1
        # Speed: the most recent way of a set needs no call; benchmarks/allocator.py, warm pairs
        if self.tlb_tags[self.tlb_base + (key & self.tlb_mask) * self.tlb_ways] >> states.STATE_BITS == key:
            return 0
        assert self.tlb is not None  # else all addresses are on one page
        cycles = self.tlb.translate(self.core, self.last_page, self.now)
        return self.charge(causes.TLB, cycles) if cycles > 0 else 0

    def on_its_way(self, line: int, latency: int) -> int:
        """Latency of a line found in the L2, or what is left of the way if a prefetch has not brought it yet.

        Not modelled: more than one prefetch under way that can be late.
        """
        left = self.prefetch_ready - self.now
        return left if line == self.prefetched and left > latency else latency

    def prefetch_after(self, line: int) -> int:
        """Bring the line after one that missed in the L1 into the L2, in the background, inside its 4 KiB page."""
        following = line + 1
        if following & PAGE_LINES == 0:
            return 0
        latency = self.memory.prefetch(self.core, following, self.now)
        if latency > 0:
            self.prefetched = following
            self.prefetch_ready = self.now + latency
        return 0

    def write(self, addr: int) -> int:
        """Store to the line that holds physical address `addr`."""
        if addr >> self.page_shift != self.last_page:
            self.translate(addr)
        line = addr >> states.LINE_SHIFT
        base = self.l1_base + (line & self.l1_mask) * self.l1_ways
        if self.l1_tags[base] == (line << states.STATE_BITS) | states.MODIFIED:
            self.l1_hits += 1
        elif not self.own_in_l1(line, base):
            return self.store_missed(line)
        return self.buffer_store(0) if self.drained > self.now else 0

    def update(self, addr: int) -> int:
        """Read, change and store a word: a line that the core does not hold is fetched, then taken for writing."""
        line = addr >> states.LINE_SHIFT
        if (
            self.l1_tags[self.l1_base + (line & self.l1_mask) * self.l1_ways]
            == (line << states.STATE_BITS) | states.MODIFIED
        ):
            if self.drained <= self.now and addr >> self.page_shift == self.last_page:
                self.l1_hits += 1  # Speed: the common case at once; benchmarks/allocator.py, warm pairs
                return 0
        else:
            self.read(addr)
        return self.write(addr)

    def store_missed(self, line: int) -> int:
        """A store to a line that the L1 does not own: its ownership is asked for at once, the core goes on."""
        latency = self.memory.transact(self.core, line, 1, self.now)
        if self.costs.prefetch:
            latency = self.on_its_way(line, latency)
        if self.costs.store_buffer == 0:
            self.expose(latency, self.costs.hidden, self.costs.store_divisor)
        else:
            self.buffer_store(latency)
        return self.prefetch_after(line) if self.costs.prefetch else 0

    def buffer_store(self, latency: int) -> int:
        """Put a store whose line takes `latency` cycles into the store buffer; stall while it is full."""
        if self.drained > self.now:
            self.buffer_others()
        self.others_from = self.instructions
        slot = self.next_store
        if self.stores[slot] > self.now:
            self.charge(causes.STORE_BUFFER, self.stores[slot] - self.now)
        if latency > 0:
            self.fill(latency)
        self.stores[slot] = self.drained
        self.next_store = slot + 1 if slot + 1 < self.costs.store_buffer else 0
        return 0

    def buffer_others(self) -> int:
        """Let the stores of the instructions since the last one that was named take their entries behind it.

        Most stores of compiled code go to lines that are always there (the stack) and are not named one by one; but
        they retire in order and fill the buffer behind a store that misses.
        """
        count = (self.instructions - self.others_from) // self.costs.store_interval
        if count > self.costs.store_buffer:
            count = self.costs.store_buffer
        retires = self.drained
        while count > 0:
            count -= 1
            slot = self.next_store
            if self.stores[slot] > self.now:
                self.charge(causes.STORE_BUFFER, self.stores[slot] - self.now)
            self.stores[slot] = retires
            self.next_store = slot + 1 if slot + 1 < self.costs.store_buffer else 0
        return 0

    def fill(self, latency: int) -> int:
        """Bring a line in through a fill buffer, waiting for one in the background; returns when it arrives.

        Stores retire in order, so whatever is stored from now on retires after that.
        """
        start = self.fill_buffer_free()
        arrival = (start if start > self.now else self.now) + latency
        slot = self.next_fill
        self.fills[slot] = arrival
        self.next_fill = slot + 1 if slot + 1 < self.costs.fill_buffers else 0
        if arrival > self.drained:
            self.drained = arrival
        return arrival

    def fill_buffer_free(self) -> int:
        """When the next fill buffer of this thread's share is free: as many lines before have to have arrived."""
        slot = self.next_fill - self.fill_share
        return self.fills[slot if slot >= 0 else slot + self.costs.fill_buffers]

    def drain(self) -> int:
        """Wait until every store has retired, as locked operations and fences do."""
        return self.charge(causes.STORE_BUFFER, self.drained - self.now) if self.drained > self.now else 0

    def retired(self) -> int:
        """When a store made now becomes visible to others: after all before it."""
        return self.drained if self.drained > self.now else self.now

    def look(self, addr: int) -> int:
        """Fetch a line for reading without waiting for it; its full latency, 0 when the L1 has it."""
        line = addr >> states.LINE_SHIFT
        if self.l1.find(self.l1_base + (line & self.l1_mask) * self.l1_ways, line) >= 0:
            return 0
        return self.memory.transact(self.core, line, 0, self.now)

    def chain(self, links: int) -> int:
        """Charge `links` loads that each wait for the store before them to be forwarded."""
        return self.charge(causes.INSTRUCTIONS, links * self.costs.forward)

    def own_in_l1(self, line: int, base: int) -> int:
        """Whether the L1 has the line in E or M; E becomes M."""
        way = self.l1.find(base, line)
        if way < 0 or self.l1_tags[way] & states.STATE_MASK < states.EXCLUSIVE:
            return 0
        self.l1.set_state(self.l1.use(base, way), states.MODIFIED)
        self.l1_hits += 1
        return 1

    def prefetchw(self, addr: int) -> int:
        """Prefetch for writing: takes a fill buffer but no entry of the store buffer; of NULL it does nothing."""
        if addr == 0 or self.costs.store_buffer == 0:
            return self.write(addr) if addr else 0
        if addr >> self.page_shift != self.last_page:
            self.translate(addr)
        line = addr >> states.LINE_SHIFT
        base = self.l1_base + (line & self.l1_mask) * self.l1_ways
        if self.l1_tags[base] == (line << states.STATE_BITS) | states.MODIFIED:
            self.l1_hits += 1
        elif not self.own_in_l1(line, base):
            self.fill(self.memory.transact(self.core, line, 1, self.now))
        return 0

    def atomic(self, addr: int) -> int:
        """A locked read-modify-write: drains the store buffer, then takes the line's whole latency and its own cost."""
        if addr >> self.page_shift != self.last_page:
            self.translate(addr)
        if self.drained > self.now:
            self.drain()
        line = addr >> states.LINE_SHIFT
        base = self.l1_base + (line & self.l1_mask) * self.l1_ways
        if not self.own_in_l1(line, base):
            latency = self.memory.transact(self.core, line, 1, self.now)
            self.expose(latency, 0, 1)
        return self.charge(causes.LOCKED, self.costs.atomic)

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
        if self.costs.store_buffer == 0:
            self.write_span(addr, size)
            return self.charge(causes.CLEAR, (lines * self.costs.clear_q10) >> 10)
        done = 0
        for i in range(lines):
            self.clear_line(addr + (i << states.LINE_SHIFT))
            cycles = ((i + 1) * self.costs.clear_q10 >> 10) - done
            done += cycles
            self.charge(causes.CLEAR, cycles)
        return 0

    def clear_line(self, addr: int) -> int:
        """Take a line for clearing: wait for a fill buffer, not for the line."""
        if addr >> self.page_shift != self.last_page:
            self.translate(addr)
        line = addr >> states.LINE_SHIFT
        if self.own_in_l1(line, self.l1_base + (line & self.l1_mask) * self.l1_ways):
            return 0
        latency = self.memory.transact(self.core, line, 1, self.now)
        free = self.fill_buffer_free()
        if free > self.now:
            self.charge(self.memory.cause, free - self.now)
        self.fill(latency)
        return 0

    def expose(self, latency: int, hidden: int, divisor: int) -> int:
        """Charge what the core feels of a transaction's latency, split into its source and the queueing on the way."""
        link = self.memory.link_queue
        dram = self.memory.dram_queue
        cache = self.memory.cache_queue
        source = latency - link - dram - cache - hidden
        if source > 0:
            self.charge(self.memory.cause, source // divisor)
        if link + dram + cache > 0:
            self.charge(causes.LINK_QUEUE, link // divisor)
            self.charge(causes.DRAM_QUEUE, dram // divisor)
            self.charge(causes.CACHE_QUEUE, cache // divisor)
        return 0

    # -- interrupts ---------------------------------------------------------------------------------------------------

    def irq_save(self, site: int) -> int:
        """Save the interrupt flag and mask interrupts (pushf, cli); returns 1 if they were on.

        Interrupts that arrived before are taken first, as they would have been.
        """
        if self.next_irq <= self.now:
            self.deliver_interrupts()
        self.charge(causes.IRQ_MASK, self.costs.irq_save)
        return self.mask(site)

    def irq_restore(self, flags: int) -> int:
        """Restore the flag (popf); when that unmasks, due interrupts are delivered at this instant."""
        self.charge(causes.IRQ_MASK, self.costs.irq_restore)
        return self.unmask() if flags else 0

    def irq_disable(self, site: int) -> int:
        """Mask interrupts (cli); those that arrived before are taken first."""
        if self.next_irq <= self.now:
            self.deliver_interrupts()
        self.charge(causes.IRQ_MASK, self.costs.cli)
        self.mask(site)
        return 0

    def irq_enable(self) -> int:
        """Unmask interrupts (sti)."""
        self.charge(causes.IRQ_MASK, self.costs.sti)
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
        self.next_irq = self.pending[0][0] if self.pending else clock.NEVER

    def deliver_interrupts(self) -> int:
        """Handle every interrupt that has arrived, earliest first; interrupts must be on."""
        return self.deliver(SITE_ON, self.now)

    def deliver(self, site: int, since: int) -> int:
        """Handle what has arrived; `site` had masked what arrived from `since` on, a handler what arrived during it."""
        handler_since = clock.NEVER
        while not self.irqs_off and self.next_irq <= self.now:
            arrival, _, vector = self.pending.pop(0)
            self.next_irq = self.pending[0][0] if self.pending else clock.NEVER
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
        self.bill = causes.UNBILLED
        self.in_interrupt = 1
        self.mask(SITE_HANDLER)
        for cause in range(causes.NR_CAUSES):
            self.cause[cause] = 0
        self.charge(causes.IRQ_HANDLER, self.costs.irq_entry)
        self.handler.handle(self, vector)
        self.charge(causes.IRQ_HANDLER, self.costs.irq_exit)
        for cause in range(causes.NR_CAUSES):
            self.cause[cause] = row[cause]
        self.cause[causes.IRQ_HANDLER] += self.now - start
        self.path, self.bill, self.in_interrupt = path, bill, outer
        self.irq_stats.delivered(vector, delay, self.now - start, self.now, delayed_by)
        if self.irqs_off:
            self.irqs_off = 0
            self.irq_stats.masked(self.off_site, self.now - self.off_since, self.now)
        return 0
