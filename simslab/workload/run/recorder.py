"""What every operation cost, and why: exact latencies by operation, path and cache, and cycles by cause.

`begin` is called right before an allocator call and `end` right after it. In between the CPU's cause counters gather
only that operation's cycles, so their sum must be its latency; `violations` counts operations for which it is not.
Interrupts that arrive inside an operation are one of its causes; operations of their handlers are recorded too, as
operations of their own, but not added to the CPU's totals a second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from simslab.base import bits, buffers
from simslab.base.histogram import Histogram
from simslab.machine.accounting import causes
from simslab.machine.core.cpu import Cpu
from simslab.workload.streams import operations

ATTRIBUTION_ROW: Final = causes.NR_CAUSES + 2  # operations, total cycles, then causes
CPU_ROW: Final = causes.NR_CAUSES + 2  # the same, causes outside operations included
NEVER_BOOKED: Final = -1
NO_PATH: Final = 0  # the allocator has not said any
SECTION_BYTES_SHIFT: Final = 27  # 128 MiB sections: the granule of nodes' memory


@dataclass(frozen=True)
class Shape:
    """How many of each the statistics are kept for; `paths` are the allocator's codes."""

    cpus: int
    nodes: int
    caches: int
    paths: int


class Recorder:
    """Statistics of a run. `clear` makes them begin anew, except the conservation counters."""

    def __init__(self, shape: Shape, section_node: tuple[int, ...]) -> None:
        nr_cpus, nr_nodes, nr_paths = shape.cpus, shape.nodes, shape.paths
        self.nr_nodes = nr_nodes
        self.nr_caches = shape.caches
        self.nr_paths = nr_paths
        self.histograms: list[Histogram | None] = [None] * (operations.NR_OPERATIONS * nr_paths * shape.caches)
        self.attribution_owner = buffers.int64_zeros(operations.NR_OPERATIONS * nr_paths * ATTRIBUTION_ROW)
        self.attribution = buffers.int64_pointer(self.attribution_owner)
        self.cpus_owner = buffers.int64_zeros(nr_cpus * CPU_ROW)
        self.cpus = buffers.int64_pointer(self.cpus_owner)
        self.allocated_owner = buffers.int64_zeros(nr_nodes * nr_nodes)
        self.allocated = buffers.int64_pointer(self.allocated_owner)
        self.freed_owner = buffers.int64_zeros(nr_nodes * nr_nodes)
        self.freed = buffers.int64_pointer(self.freed_owner)
        self.sections_owner = buffers.int64_of(np.array(section_node, dtype=np.int64))
        self.sections = buffers.int64_pointer(self.sections_owner)
        self.inside_owner = buffers.int64_zeros(nr_cpus)  # 1 while the CPU is in an operation of its thread
        self.inside = buffers.int64_pointer(self.inside_owner)
        self.booked_owner = buffers.int64_of(np.full(nr_cpus, NEVER_BOOKED, dtype=np.int64))
        self.booked = buffers.int64_pointer(self.booked_owner)  # when a CPU's counters were cleared outside handlers
        self.in_handlers = 0  # operations of interrupt handlers
        self.counted_twice = 0  # cycles of those within an operation, whose irq_handler cause holds them too
        self.violations = 0
        self.objects_allocated = 0
        self.objects_freed = 0
        self.failed = 0
        self.witness: Any = None  # an EventLog, where single operations are asked for
        self.by_phase: Any = None  # a PhaseLog, where phases are told apart

    # -- around an operation ------------------------------------------------------------------------------------------

    def begin(self, cpu: Cpu) -> int:
        """Book what the CPU did since its last operation; returns the time at which the operation begins."""
        self.book_outside(cpu)
        cpu.path = NO_PATH
        if not cpu.in_interrupt:
            self.inside[cpu.id] = 1
        return cpu.now

    def end(self, cpu: Cpu, start: int, operation: int, cache: int) -> int:
        """Book an operation that began at `start` and has just ended; `cache` is the Cache's index."""
        latency = cpu.now - start
        path = cpu.path
        if self.witness is not None:
            self.tell(cpu, start, operation, cache)
        row = (operation * self.nr_paths + path) * ATTRIBUTION_ROW
        cpu_row = cpu.id * CPU_ROW
        counters, attribution, cpus = cpu.cause, self.attribution, self.cpus
        counts_here = not cpu.in_interrupt  # else it is part of what was interrupted
        total = 0
        charged = cpu.charged
        cpu.charged = 0
        while charged:
            cause = bits.lowest(charged)
            charged &= charged - 1
            cycles = counters[cause]
            counters[cause] = 0
            total += cycles
            attribution[row + 2 + cause] += cycles
            if counts_here:
                cpus[cpu_row + 2 + cause] += cycles
        if total != latency:
            self.violations += 1
        attribution[row] += 1
        attribution[row + 1] += latency
        cpus[cpu_row] += 1
        if counts_here:
            cpus[cpu_row + 1] += latency
            self.booked[cpu.id] = cpu.now
            self.inside[cpu.id] = 0
        else:
            self.in_handlers += 1
            self.counted_twice += latency * self.inside[cpu.id]
        return self.count(operation, path, cache, latency)

    def tell(self, cpu: Cpu, start: int, operation: int, cache: int) -> int:
        """Tell the witness of an operation that has just ended, its causes not yet booked."""
        self.witness.ended(cpu, start, operation, cache)
        return 0

    def count(self, operation: int, path: int, cache: int, latency: int) -> int:
        """Add a latency to the histogram of its operation, path and cache."""
        index = (operation * self.nr_paths + path) * self.nr_caches + cache
        if self.histograms[index] is None:
            self.histograms[index] = Histogram()
        histogram: Histogram = self.histograms[index]  # type: ignore[assignment]
        return histogram.add(latency)

    def book_outside(self, cpu: Cpu) -> int:
        """Clear the CPU's cause counters, booking them as cycles outside operations (a handler's belong to whatever
        it interrupted)."""
        counts_here = not cpu.in_interrupt
        if counts_here:
            # Speed: no charge leaves the clock where it is (benchmarks/allocator.py: 1 CPU, warm pairs).
            if self.booked[cpu.id] == cpu.now:
                return 0
            self.booked[cpu.id] = cpu.now
        row = cpu.id * CPU_ROW + 2
        counters = cpu.cause
        charged = cpu.charged
        cpu.charged = 0
        while charged:
            cause = bits.lowest(charged)
            charged &= charged - 1
            if counts_here:
                self.cpus[row + cause] += counters[cause]
            counters[cause] = 0
        return 0

    # -- objects ------------------------------------------------------------------------------------------------------

    def object_allocated(self, cpu: Cpu, addr: int) -> int:
        """Count an object by the nodes of the CPU and of its memory."""
        self.objects_allocated += 1
        self.allocated[cpu.node * self.nr_nodes + self.sections[addr >> SECTION_BYTES_SHIFT]] += 1
        return 0

    def object_freed(self, cpu: Cpu, addr: int) -> int:
        """Count an object by the nodes of the CPU that freed it and of its memory."""
        self.objects_freed += 1
        self.freed[cpu.node * self.nr_nodes + self.sections[addr >> SECTION_BYTES_SHIFT]] += 1
        return 0

    # -- region of interest -------------------------------------------------------------------------------------------

    def clear(self) -> None:
        """Forget everything but the conservation counters: warm-up is over."""
        self.in_handlers = self.counted_twice = 0
        self.histograms = [None] * len(self.histograms)
        for owner in (self.attribution_owner, self.cpus_owner, self.allocated_owner, self.freed_owner):
            np.asarray(owner)[:] = 0

    def clear_cpu(self, cpu: Cpu) -> int:
        """Forget one CPU's cycles: it waited while warm-up ended."""
        for i in range(causes.NR_CAUSES):
            cpu.cause[i] = 0
        for i in range(CPU_ROW):
            self.cpus[cpu.id * CPU_ROW + i] = 0
        return 0
