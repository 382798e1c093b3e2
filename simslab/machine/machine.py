"""A machine built from its description: CPUs over coherent memory, on one engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simslab.base.engine import Engine
from simslab.machine.accounting.irq_stats import IrqStats
from simslab.machine.core.cpu import CoreCosts, Cpu
from simslab.machine.core.tlb import Tlb, table_sections
from simslab.machine.memory.cache_array import CacheArray
from simslab.machine.memory.cache_ports import CachePorts
from simslab.machine.memory.coherence import CoherentMemory
from simslab.machine.memory.interconnect import Interconnect
from simslab.machine.timing import cycles as timings
from simslab.machine.topology.topology import Topology, build_topology

if TYPE_CHECKING:
    from simslab.machine.spec import MachineSpec
    from simslab.machine.timing.caches import CacheGeometry
    from simslab.machine.timing.cycles import Timing
    from simslab.machine.timing.tlb import TlbTiming

DEFAULT_QUANTUM: Final = 10_000  # cycles; benchmarks/README.md gives its error against quantum 0
SMALLEST_PAGE: Final = 12  # bits
TABLE_LEVELS: Final = 4


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
        self.interconnect = _interconnect(topology, timing, exact)
        self.memory = _memory(topology, timing, self.interconnect, exact)
        self.tlb = build_tlb(topology, timing, timing.tlb, self.memory)
        costs = _costs(timing)
        self.cpus = [
            Cpu(c.id, c.core, c.package, c.domain, c.node, costs, self.memory, self.engine, self.irq_stats, self.tlb)
            for c in topology.cpus
        ]
        _join_threads(self.cpus)


def build_machine(spec: MachineSpec, quantum: int = DEFAULT_QUANTUM, exact: int = 0) -> Machine:
    """Return the machine that a validated `spec` describes; `quantum` in cycles, 0 settles before every operation.

    `exact` gives links and channels one busy-until time, right only where every access is made in order of time.
    """
    topology = build_topology(spec)
    return Machine(spec.name, topology, timings.build_timing(spec, topology), quantum, exact)


def _interconnect(topology: Topology, timing: Timing, exact: int) -> Interconnect:
    return Interconnect(
        hop=timing.hop_nn,
        route=topology.route_nn,
        domains=len(topology.domains),
        dram=[device + port for device, port in zip(timing.dram, timing.port, strict=True)],
        link_q10=timing.link_line_q10,
        dram_q10=timing.dram_line_q10,
        dram_write_q10=timing.dram_write_q10,
        dram_stream_q10=timing.dram_stream_q10,
        dram_channels=timing.dram_channels,
        dram_conflict=timing.dram_conflict,
        dram_row_miss=timing.dram_row_miss,
        port_read_q10=timing.port_read_q10,
        port_write_q10=timing.port_write_q10,
        exact=exact,
        dram_curve=timing.dram_curve,
    )


def build_tlb(topology: Topology, timing: Timing, pages: TlbTiming | None, memory: CoherentMemory) -> Tlb | None:
    """Return TLBs of all cores for pages of one size, None where `pages` is; tables lie as `_table_nodes` says."""
    if pages is None:
        return None
    first, tables = len(topology.section_node), []
    for node in topology.nodes:
        tables.append(first)
        first += _table_sections(node.memory)
    return Tlb(
        memory,
        pages.page_shift,
        _entries(len(topology.cores), pages.l1),
        None if pages.l2 is None else _entries(len(topology.cores), pages.l2),
        pages.l2_hit,
        pages.walk,
        pages.references,
        timing.l1,
        [node.base for node in topology.nodes],
        [node.memory for node in topology.nodes],
        tables,
    )


def _table_sections(memory: int) -> int:
    """Return the sections above all memory for the page tables of a node: enough for any page size."""
    return table_sections(SMALLEST_PAGE, TABLE_LEVELS, memory)


def _table_nodes(topology: Topology) -> list[int]:
    return [node.id for node in topology.nodes for _ in range(_table_sections(node.memory))]


def _entries(cores: int, array: tuple[int, int]) -> CacheArray:
    entries, ways = array
    return CacheArray(cores, entries // ways, ways)


def _join_threads(cpus: list[Cpu]) -> None:
    """Make a ring of the threads of each core."""
    last: dict[int, Cpu] = {}
    for cpu in cpus:
        before = last.setdefault(cpu.core, cpu)
        cpu.sibling, before.sibling = before.sibling, cpu
        last[cpu.core] = cpu


def _memory(topology: Topology, timing: Timing, interconnect: Interconnect, exact: int) -> CoherentMemory:
    return CoherentMemory(
        _array(len(topology.cores), timing.l1_geometry),
        _array(len(topology.cores), timing.l2_geometry),
        _array(len(topology.domains), timing.l3_geometry),
        interconnect,
        [core.domain for core in topology.cores],
        [*topology.section_node, *_table_nodes(topology)],
        timing.inclusion,
        timing.protocol,
        [core.node for core in topology.cores],
        timing.l2,
        timing.l3,
        timing.c2c_local,
        timing.directory,
        timing.snoop,
        timing.home,
        timing.c2c_exclusive,
        timing.c2c_shared,
        timing.memory_bits,
        timing.one_filter,
        timing.ahead,
        list(timing.reach),
        _ports(topology, timing, exact),
    )


def _ports(topology: Topology, timing: Timing, exact: int) -> CachePorts | None:
    limits = (timing.l2_line_q10, timing.l3_line_q10, timing.core_line_q10)
    return CachePorts(len(topology.cores), len(topology.domains), *limits, exact) if any(limits) else None


def _array(instances: int, geometry: CacheGeometry) -> CacheArray:
    return CacheArray(instances, geometry.sets, geometry.ways)


def _costs(timing: Timing) -> CoreCosts:
    return CoreCosts(
        timing.cpi_q16,
        timing.cpi_cold_q16,
        timing.hidden,
        timing.store_divisor,
        timing.atomic,
        timing.irq_save,
        timing.irq_restore,
        timing.cli,
        timing.sti,
        timing.irq_entry,
        timing.irq_exit,
        timing.ipi,
        timing.clear_q10,
        timing.store_buffer,
        timing.outstanding,
        timing.smt_q10,
        timing.prefetch,
        timing.pause,
        timing.store_interval,
        timing.forward,
    )
