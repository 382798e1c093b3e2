"""A machine built from its description: CPUs over coherent memory, on one engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simslab.base.engine import Engine
from simslab.machine import parts
from simslab.machine.accounting.irq_stats import IrqStats
from simslab.machine.core.core_spec import CoreCosts, CpuPlace
from simslab.machine.core.cpu import Cpu
from simslab.machine.timing import cycles as timings
from simslab.machine.topology.topology import Topology, build_topology

if TYPE_CHECKING:
    from simslab.machine.spec import MachineSpec
    from simslab.machine.timing.cycles import Timing

DEFAULT_QUANTUM: Final = 10_000  # cycles; benchmarks/README.md gives its error against quantum 0


class Machine:
    """Everything below the kernel. `cpus[i].id == i`; times are cycles of `frequency_hz`."""

    def __init__(
        self, name: str, topology: Topology, timing: Timing, quantum: int = DEFAULT_QUANTUM, exact: int = 0
    ) -> None:
        self.name = name
        self.topology = topology
        self.timing = timing
        self.frequency_hz = timing.frequency_hz
        self.engine = Engine(quantum)
        self.irq_stats = IrqStats()
        self.interconnect = parts.build_interconnect(topology, timing, exact)
        self.memory = parts.build_memory(topology, timing, self.interconnect, exact)
        self.tlb = parts.build_tlb(topology, timing, timing.tlb, self.memory)
        costs = CoreCosts(timing.core, timing.kernel)
        places = [CpuPlace(cpu.id, cpu.core, cpu.package, cpu.domain, cpu.node) for cpu in topology.cpus]
        self.cpus = [Cpu(place, costs, self.memory, self.engine, self.irq_stats, self.tlb) for place in places]
        _join_threads(self.cpus)


def build_machine(spec: MachineSpec, quantum: int = DEFAULT_QUANTUM, exact: int = 0) -> Machine:
    """Return the machine that a validated `spec` describes; `quantum` in cycles, 0 settles before every operation.

    `exact` gives links and channels one busy-until time, right only where every access is made in order of time.
    """
    topology = build_topology(spec)
    return Machine(spec.name, topology, timings.build_timing(spec, topology), quantum, exact)


def _join_threads(cpus: list[Cpu]) -> None:
    """Make a ring of the threads of each core."""
    last: dict[int, Cpu] = {}
    for cpu in cpus:
        before = last.setdefault(cpu.core, cpu)
        cpu.sibling, before.sibling = before.sibling, cpu
        last[cpu.core] = cpu
