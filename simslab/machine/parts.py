"""The parts of a machine, built from where everything is (`topology`) and what it costs (`timing`).

The only module that reads a `Timing` for the objects that charge it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simslab.machine.core.core_spec import CoreCosts, ExecutionCosts, InterruptCosts, StoreCosts, TableMap, TlbCosts
from simslab.machine.core.tlb import Tlb, table_sections
from simslab.machine.memory.cache_array import CacheArray
from simslab.machine.memory.cache_ports import CachePorts
from simslab.machine.memory.coherence import CoherentMemory
from simslab.machine.memory.hierarchy import CacheHierarchy
from simslab.machine.memory.interconnect import Interconnect
from simslab.machine.memory.memory_spec import (
    CacheLatencies,
    CachePortSpec,
    CoherencePolicy,
    DramSpec,
    MemoryMap,
    NetworkSpec,
)
from simslab.machine.memory.paths import Paths

if TYPE_CHECKING:
    from simslab.machine.timing.cycles import CacheGeometry, Timing, TlbTiming
    from simslab.machine.topology.topology import Topology

SMALLEST_PAGE: Final = 12  # bits
TABLE_LEVELS: Final = 4


def build_interconnect(topology: Topology, timing: Timing, exact: int) -> Interconnect:
    """Return links, ports and memory channels; `exact`: requests come in order of time (`server.py`)."""
    network = NetworkSpec(
        hop=timing.hop_nn,
        route=topology.route_nn,
        link_q10=timing.link_line_q10,
        domains=len(topology.domains),
        port_read_q10=timing.port_read_q10,
        port_write_q10=timing.port_write_q10,
    )
    dram = DramSpec(
        latency=[device + port for device, port in zip(timing.dram, timing.port, strict=True)],
        read_q10=timing.dram_line_q10,
        write_q10=timing.dram_write_q10,
        stream_q10=timing.dram_stream_q10,
        channels=timing.dram_channels,
        conflict=timing.dram_conflict,
        row_miss=timing.dram_row_miss,
        curve=timing.dram_curve,
    )
    return Interconnect(network, dram, exact)


def build_memory(topology: Topology, timing: Timing, interconnect: Interconnect, exact: int) -> CoherentMemory:
    """Return caches and coherence over an interconnect."""
    places = MemoryMap(
        core_domain=[core.domain for core in topology.cores],
        core_node=[core.node for core in topology.cores],
        section_node=[*topology.section_node, *_table_nodes(topology)],
        reach=timing.reach,
    )
    policy = CoherencePolicy(
        inclusion=timing.inclusion,
        protocol=timing.protocol,
        home=timing.home,
        memory_bits=timing.memory_bits,
        one_filter=timing.one_filter,
        ahead=timing.ahead,
    )
    paths = Paths(_latencies(timing), policy, places, len(topology.domains), interconnect)
    caches = CacheHierarchy(
        _array(len(topology.cores), timing.l1_geometry),
        _array(len(topology.cores), timing.l2_geometry),
        _array(len(topology.domains), timing.l3_geometry),
        places,
        policy,
        paths,
    )
    return CoherentMemory(caches, paths, places, _ports(topology, timing, exact))


def _latencies(timing: Timing) -> CacheLatencies:
    return CacheLatencies(
        l2=timing.l2,
        l3=timing.l3,
        c2c_modified=timing.c2c_local,
        c2c_exclusive=timing.c2c_exclusive,
        c2c_shared=timing.c2c_shared,
        directory=timing.directory,
        snoop=timing.snoop,
    )


def _array(instances: int, geometry: CacheGeometry) -> CacheArray:
    return CacheArray(instances, geometry.sets, geometry.ways)


def _ports(topology: Topology, timing: Timing, exact: int) -> CachePorts | None:
    times = CachePortSpec(l2_q10=timing.l2_line_q10, l3_q10=timing.l3_line_q10, core_q10=timing.core_line_q10)
    limited = times.l2_q10 or times.l3_q10 or times.core_q10
    return CachePorts(len(topology.cores), len(topology.domains), times, exact) if limited else None


def build_tlb(topology: Topology, timing: Timing, pages: TlbTiming | None, memory: CoherentMemory) -> Tlb | None:
    """Return TLBs of all cores for pages of one size, None where `pages` is; tables lie as `_table_nodes` says."""
    if pages is None:
        return None
    first, tables = len(topology.section_node), []
    for node in topology.nodes:
        tables.append(first)
        first += _table_sections(node.memory)
    cores = len(topology.cores)
    return Tlb(
        memory,
        _entries(cores, pages.l1),
        None if pages.l2 is None else _entries(cores, pages.l2),
        TlbCosts(pages.page_shift, pages.l2_hit, pages.walk, pages.references, timing.l1),
        TableMap([node.base for node in topology.nodes], [node.memory for node in topology.nodes], tables),
    )


def _table_sections(memory: int) -> int:
    """Return the sections above all memory for the page tables of a node: enough for any page size."""
    return table_sections(SMALLEST_PAGE, TABLE_LEVELS, memory)


def _table_nodes(topology: Topology) -> list[int]:
    return [node.id for node in topology.nodes for _ in range(_table_sections(node.memory))]


def _entries(cores: int, array: tuple[int, int]) -> CacheArray:
    entries, ways = array
    return CacheArray(cores, entries // ways, ways)


def core_costs(timing: Timing) -> CoreCosts:
    """Return what a core costs."""
    return CoreCosts(
        ExecutionCosts(
            cpi_q16=timing.cpi_q16,
            cpi_cold_q16=timing.cpi_cold_q16,
            hidden=timing.hidden,
            forward=timing.forward,
            prefetch=timing.prefetch,
            smt_q10=timing.smt_q10,
        ),
        StoreCosts(
            divisor=timing.store_divisor,
            atomic=timing.atomic,
            clear_q10=timing.clear_q10,
            buffer=timing.store_buffer,
            fill_buffers=timing.outstanding,
            interval=timing.store_interval,
        ),
        InterruptCosts(
            irq_save=timing.irq_save,
            irq_restore=timing.irq_restore,
            cli=timing.cli,
            sti=timing.sti,
            entry=timing.irq_entry,
            exit=timing.irq_exit,
            ipi=timing.ipi,
        ),
        timing.pause,
    )
