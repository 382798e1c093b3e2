"""One CPU at a time making dependent accesses: the clock of all idle measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simslab.base.errors import UserError
from simslab.machine.machine import build_machine
from simslab.machine.memory import states

if TYPE_CHECKING:
    from simslab.machine.machine import Machine
    from simslab.machine.spec import MachineSpec
    from simslab.machine.topology.topology import CpuPlace, Topology

LINE_SHIFT: Final = states.LINE_SHIFT
PAGE: Final = 4096  # bytes
FIRST_BYTE: Final = 1 << 20  # of a node's memory: line 0 is never used
PAUSE: Final = (
    1 << 18
)  # cycles after which servers have forgotten a request: a dependent load never meets its forerunner
SPREAD: Final = 0x9E3779B1  # odd, so that multiples modulo a power of two visit everything once


class Prober:
    """A machine at quantum 0 with a clock of its own and fresh memory on every node."""

    def __init__(self, spec: MachineSpec) -> None:
        self.machine: Machine = build_machine(spec, quantum=0, exact=1)
        self.topology: Topology = self.machine.topology
        self.now = 0
        self.cached = 3 * (spec.l2.size + spec.l3.size) // 2  # bytes, more than one core's caches and L3 hold
        self.taken = [FIRST_BYTE] * len(self.topology.nodes)
        self.used_up: set[int] = set()  # nodes whose memory is taken again from its beginning

    def ns(self, cycles: float) -> float:
        """Return cycles of the core clock in nanoseconds."""
        return cycles * 1e9 / self.machine.frequency_hz

    def cycles(self, ns: int) -> int:
        """Return nanoseconds in whole cycles of the core clock."""
        return ns * self.machine.frequency_hz // 10**9

    def place(self, cpu: int) -> CpuPlace:
        """Return where a CPU is."""
        return self.topology.cpus[cpu]

    def fresh_lines(self, node: int, count: int) -> int:
        """Return the first of `count` consecutive lines on `node` that no cache holds, at the start of a page.

        Nobody has touched them before all of the node's memory has been taken once; UserError where it is too little.
        """
        start = self.taken[node]
        size = whole_pages(count)
        self.require(node, size)
        if start + size > self.topology.nodes[node].memory:
            start = FIRST_BYTE
            self.used_up.add(node)
        self.taken[node] = start + size
        first = self.topology.nodes[node].base + start >> LINE_SHIFT
        if node in self.used_up:
            for line in range(first, first + count):
                self.machine.memory.caches.flush(line)
        return first

    def require(self, node: int, size: int) -> None:
        """UserError unless `size` bytes of a node's memory can be measured in."""
        if size > self.room(node):
            place = self.topology.nodes[node]
            raise UserError(
                f"node {place.number} has {place.memory} bytes of memory, too little for what is measured in it",
                expected=f"at least {FIRST_BYTE + size} bytes",
            )

    def room(self, node: int) -> int:
        """Return how many bytes of a node's memory can be measured in, whole pages."""
        return max(0, self.topology.nodes[node].memory - FIRST_BYTE) & -PAGE

    def read(self, cpu: int, line: int) -> int:
        """Load that the next access depends on; returns its whole latency in cycles."""
        return self._access(cpu, line, 0)

    def write(self, cpu: int, line: int) -> int:
        """Store, waited for; returns its whole latency in cycles."""
        return self._access(cpu, line, 1)

    def atomic(self, cpu: int, line: int) -> int:
        """Locked read-modify-write; returns its whole latency in cycles."""
        latency = self.machine.memory.access(self.place(cpu).core, line, 1, self.now)
        latency += self.machine.timing.kernel.atomic
        self.now += latency + PAUSE
        return latency

    def _access(self, cpu: int, line: int, write: int) -> int:
        latency = self.machine.memory.access(self.place(cpu).core, line, write, self.now)
        if latency == 0:
            latency = self.machine.timing.caches.l1.latency
        self.now += latency + PAUSE
        return latency


def whole_pages(lines: int) -> int:
    """Return the bytes of the pages that lines from a page's start lie in."""
    return (lines << LINE_SHIFT) + PAGE - 1 & -PAGE


def scattered(count: int) -> list[int]:
    """Return 0 to count - 1 in an order without pattern."""
    most = 1 << (count - 1).bit_length()
    return [place for index in range(most) if (place := index * SPREAD & (most - 1)) < count]
