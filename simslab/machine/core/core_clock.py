"""The clock of a hardware thread: what it charges to which cause, when it waits for others, what siblings share.

Charging adds cycles to the thread's own clock and to one cause; it never waits. `settle` waits until nothing else in
the simulation is earlier. Code that is about to take a lock or touch what other CPUs use atomically settles first.

A block of n instructions takes n / IPC cycles (the fraction is carried exactly); code off the fast paths (page
allocator, slab growth) has an IPC of its own. Busy SMT siblings share the IPC and the fill buffers.
"""

from __future__ import annotations

from typing import Final

from simslab.base import bits, buffers
from simslab.base.engine import Clocked, Engine
from simslab.machine.accounting import causes
from simslab.machine.core.core_spec import CoreCosts, CpuPlace

Q10: Final = 1024


class CoreClock(Clocked):
    """`cause[i]` accumulates the cycles charged to cause i since whoever reads it last cleared it; `charged` has the
    bits of those causes, and may have others'.

    While `bill` is a cause (not UNBILLED) every charge goes there: the page allocator's and an interrupt handler's
    cycles are one part each.
    """

    def __init__(self, place: CpuPlace, costs: CoreCosts, scheduler: Engine | None) -> None:
        super().__init__(place.id)
        self.id: int = place.id
        self.engine = scheduler
        self.costs = costs
        self.cause_owner = buffers.int64_zeros(causes.NR_CAUSES)
        self.cause = buffers.int64_pointer(self.cause_owner)
        # Speed: who reads the causes looks at the three or four of 23 that were charged (benchmarks/allocator.py: warm
        # pairs; 109 instructions an operation).
        self.charged = 0
        self.bill = causes.UNBILLED
        self.cpi_q16: int = costs.core.cpi_q16
        self.cpi_cold_q16: int = costs.core.cpi_cold_q16
        self.alone_q16 = self.cpi_q16  # with the core to itself
        self.alone_cold_q16 = self.cpi_cold_q16
        self.smt_q10: int = costs.core.smt_q10
        self.instruction_fraction = 0
        self.instructions = 0
        self.sibling = self  # the core's next thread, in a ring
        self.busy = 0  # 1 while it has code to run
        self.busy_threads = 1
        self.idle_from = self.idle_to = 0  # the last stretch without code to run
        self.fill_buffers: int = costs.core.outstanding
        self.fill_share = self.fill_buffers  # of the core's fill buffers

    def pay(self, cause: int, cycles: int) -> int:
        """Advance the clock by `cycles`, attributed to `cause` (or to `bill`)."""
        billed = cause if self.bill < 0 else self.bill
        self.now += cycles
        self.cause[billed] += cycles
        self.charged |= bits.bit(billed)
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
            self.cpi_q16 = self.shared(self.alone_q16)
            self.cpi_cold_q16 = self.shared(self.alone_cold_q16)
            self.fill_share = self.fill_buffers // busy if busy < self.fill_buffers else 1
        return 0

    def shared(self, cpi_q16: int) -> int:
        """Cycles per instruction with as many threads busy as are now."""
        if self.busy_threads == 1 or self.smt_q10 == 0:
            return cpi_q16
        return cpi_q16 * self.busy_threads * Q10 // self.smt_q10
