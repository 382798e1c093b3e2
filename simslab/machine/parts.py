"""The parts of a machine, built from where everything is (`topology`) and what it costs (`timing`).

The only module that reads a `Timing` for the objects that charge it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simslab.machine.core.core_spec import TableMap, TlbCosts
from simslab.machine.core.tlb import Tlb, table_sections
from simslab.machine.memory.cache_array import CacheArray
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
from simslab.machine.memory.queueing.cache_ports import CachePorts
from simslab.machine.timing.caches import sets

if TYPE_CHECKING:
    from simslab.machine.timing.cycles import Timing
    from simslab.machine.timing.integers import Integers
    from simslab.machine.timing.tlb import TlbTiming
    from simslab.machine.topology.topology import Topology

SMALLEST_PAGE: Final = 12  # bits
TABLE_LEVELS: Final = 4


def build_interconnect(topology: Topology, timing: Timing, exact: int) -> Interconnect:
    """Return links, ports and memory channels; `exact`: requests come in order of time (`server.py`)."""
    network = NetworkSpec(
        hop=timing.paths.hops.nn,
        route=topology.route_nn,
        link_q10=timing.paths.link_line_q10,
        domains=len(topology.domains),
        port_read_q10=timing.caches.l3.port_read_line_q10,
        port_write_q10=timing.caches.l3.port_write_line_q10,
    )
    dram = DramSpec(
        latency=[node.latency + node.port for node in timing.memory.nodes],
        read_q10=timing.memory.each("line_q10"),
        write_q10=timing.memory.each("write_line_q10"),
        stream_q10=timing.memory.each("stream_write_line_q10"),
        channels=timing.memory.each("channels"),
        conflict=timing.memory.each("conflict"),
        row_miss=timing.memory.each("row_miss"),
        curve=timing.memory.curves,
    )
    return Interconnect(network, dram, exact)


def build_memory(topology: Topology, timing: Timing, interconnect: Interconnect, exact: int) -> CoherentMemory:
    """Return caches and coherence over an interconnect."""
    places = MemoryMap(
        core_domain=[core.domain for core in topology.cores],
        core_node=[core.node for core in topology.cores],
        section_node=[*topology.section_node, *_table_nodes(topology)],
        reach=timing.paths.reach,
    )
    policy = CoherencePolicy(
        inclusion=timing.caches.l3.inclusion,
        protocol=timing.coherence.protocol,
        home=timing.coherence.home,
        memory_bits=timing.coherence.memory_bits,
        one_filter=timing.coherence.one_filter,
        ahead=timing.coherence.memory_ahead,
    )
    paths = Paths(_latencies(timing), policy, places, len(topology.domains), interconnect)
    caches = CacheHierarchy(
        _array(len(topology.cores), timing.caches.l1),
        _array(len(topology.cores), timing.caches.l2),
        _array(len(topology.domains), timing.caches.l3),
        places,
        policy,
        paths,
    )
    return CoherentMemory(caches, paths, places, _ports(topology, timing, exact))


def _latencies(timing: Timing) -> CacheLatencies:
    return CacheLatencies(
        l2=timing.caches.l2.latency,
        l3=timing.caches.l3.latency,
        c2c_modified=timing.caches.l3.other_core,
        c2c_exclusive=timing.caches.l3.other_core_exclusive,
        c2c_shared=timing.caches.l3.other_core_shared,
        c2c_upgrade=timing.caches.l3.other_core_upgrade,
        c2c_queued=timing.caches.l3.other_core_queued,
        directory=timing.coherence.directory,
        snoop=timing.coherence.snoop,
    )


def _array(instances: int, cache: Integers) -> CacheArray:
    return CacheArray(instances, sets(cache), cache.ways)


def _ports(topology: Topology, timing: Timing, exact: int) -> CachePorts | None:
    times = CachePortSpec(
        l2_q10=timing.caches.l2.line_q10, l3_q10=timing.caches.l3.line_q10, core_q10=timing.caches.l3.core_line_q10
    )
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
        TlbCosts(pages.page_shift, pages.l2_hit, pages.walk, pages.references, timing.caches.l1.latency),
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
