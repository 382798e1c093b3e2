"""Every latency and bandwidth of the machine as whole cycles.

Units of single parameters are rounded here, those of links and mesh steps when the network is built (`network.py`), of
a measured matrix in `idle_matrix.py`, of derived distances in `distance.py`; every sum is of whole cycles.

Idle latencies are sums along the path that a miss takes; `Timing`'s methods give them for display and tests, in the
same order in which the coherence model charges them:

    L1, L2, L3 hit                  l1, l2, l3
    held below the same L3          l3 + c2c_local, c2c_exclusive or c2c_shared by its state
    DRAM                            l3 + hop to home + directory + dram + port + hop back, less `ahead` if near
    cache below another L3          l3 + hop to home + directory + hop to owner + snoop + hop from owner
      beyond the home's filter      the home's dram and another directory as well, if bits in memory tell of it
      all below one filter          l3 + hop to home + hop to owner + c2c_local + hop from owner
      where the requester snoops    l3 + hop to owner + snoop + hop from owner
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from simslab.machine.memory import states
from simslab.machine.timing.curve import apply_curves
from simslab.machine.timing.idle_matrix import apply_matrix
from simslab.machine.topology.node_plan import plan_nodes
from simslab.machine.topology.numbering import seats
from simslab.machine.topology.routing import Route, route_latency

if TYPE_CHECKING:
    from simslab.machine.description.spec import CacheSpec, MachineSpec, NodeSpec
    from simslab.machine.topology.topology import Topology

LINE_BYTES: Final = states.LINE_BYTES
Q10: Final = 1024
Q16: Final = 65536

DIRECTORY: Final = states.HOME_DIRECTORY
SNOOP: Final = states.HOME_SNOOP
SOURCE_SNOOP: Final = states.SOURCE_SNOOP

_PROTOCOLS: Final = {"MESIF": states.MESIF, "MOESI": states.MOESI}
_HOMES: Final = {"directory": DIRECTORY, "snoop": SNOOP, "source-snoop": SOURCE_SNOOP}
_INCLUSIONS: Final = {
    "inclusive": states.INCLUSIVE,
    "exclusive": states.EXCLUSIVE_L3,
    "non-inclusive": states.NON_INCLUSIVE,
}

PAGE_SHIFTS: Final = {"4K": 12, "2M": 21, "1G": 30}

Matrix = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class CacheGeometry:
    """Size and shape of one instance of a cache; the number of sets need not be a power of two."""

    size: int  # bytes
    ways: int

    @property
    def sets(self) -> int:
        """Number of sets."""
        return self.size // (self.ways * LINE_BYTES)


@dataclass(frozen=True, slots=True)
class TlbTiming:
    """Translation for the kernel's direct map; `l1` and `l2` are (entries, ways), `l2` None for a size it lacks."""

    page_shift: int
    l1: tuple[int, int]
    l2: tuple[int, int] | None
    l2_hit: int  # cycles
    walk: int  # cycles
    references: int


@dataclass(frozen=True)
class Timing:
    """Times in cycles of `frequency_hz`; `_q10` are in 1/1024, `_q16` in 1/65536 cycle."""

    frequency_hz: int
    cpi_q16: int  # cycles per instruction
    cpi_cold_q16: int  # the same off the fast paths
    l1: int
    l2: int
    l3: int
    hidden: int  # of each load's latency
    store_divisor: int
    c2c_local: int  # beyond an L3 hit, from a core that holds the line modified
    c2c_exclusive: int
    c2c_shared: int
    snoop: int
    directory: int
    dram: tuple[int, ...]  # [node]
    port: tuple[int, ...]  # [node], round trip of a root port, 0 for other nodes
    hop_dn: Matrix  # [domain][node], one way
    hop_nd: Matrix  # [node][domain], the way back
    hop_dd: Matrix  # [domain][domain], one way
    hop_nn: Matrix  # [node][node], one way
    route_dn: tuple[tuple[Route, ...], ...]  # links in the order travelled, domain to node
    route_nd: tuple[tuple[Route, ...], ...]  # [node][domain], the way the data comes
    route_dd: tuple[tuple[Route, ...], ...]
    link_line_q10: tuple[int, ...]  # [link] time of one line at full bandwidth
    link_latency: tuple[int, ...]  # [link]
    dram_line_q10: tuple[int, ...]  # [node] time of one line with all channels busy, 0 for a node without memory
    dram_write_q10: tuple[int, ...]  # [node] the same for a line written
    dram_stream_q10: tuple[int, ...]  # [node] the same for a line written past the caches
    dram_channels: tuple[int, ...]  # [node]
    dram_conflict: tuple[int, ...]  # [node] delay by busy banks at full use
    dram_row_miss: tuple[int, ...]  # [node]
    port_read_q10: int  # time of one line into an L3, 0 for unlimited
    port_write_q10: int  # out of it
    outstanding: int  # misses in flight of one core
    store_buffer: int  # entries of one thread, 0 where `store_divisor` stands for them
    store_interval: int  # instructions for each store that is not named
    forward: int  # a load of what was just stored
    smt_q10: int  # throughput of all busy threads of a core over one alone, 0 where they do not share
    prefetch: int  # 1: next line
    tlb: TlbTiming | None
    l1_line_q10: int  # time of one line from one L1, 0 for unlimited
    l2_line_q10: int  # from one L2
    l3_line_q10: int  # from one L3
    core_line_q10: int  # from an L3 into one core
    pause: int
    atomic: int
    irq_save: int
    irq_restore: int
    cli: int
    sti: int
    irq_entry: int
    irq_exit: int
    ipi: int
    clear_q10: int  # rep stosb, per line
    protocol: int
    home: int
    memory_bits: int  # 1: holders beyond the home's filter are known from bits in memory only
    one_filter: int  # 1: a package's nodes share a snoop filter
    ahead: int  # a read of near memory starts so long before L3 and directory have answered
    reach: tuple[int, ...]  # [node] number of its snoop filter
    domain_node: tuple[int, ...]  # [domain] node where its misses enter
    inclusion: int
    l1_geometry: CacheGeometry
    l2_geometry: CacheGeometry
    l3_geometry: CacheGeometry
    hz: int  # timer ticks per second
    dram_curve: tuple[tuple[int, ...], ...] = ()  # [node][use of 1024] delay that replaces the queue model, or empty

    def dram_latency(self, domain: int, node: int) -> int:
        """Return the idle latency of a read from `node`'s DRAM, its row not open, by a CPU of `domain`."""
        hops = self.hop_dn[domain][node] + self.hop_nd[node][domain]
        device = self.dram[node] + self.dram_row_miss[node] + self.port[node] - self.begun(domain, node)
        return self.l3 + hops + self.directory + device

    def begun(self, domain: int, node: int) -> int:
        """Return how long `node`'s memory has been reading for `domain` when L3 and directory have answered."""
        return self.ahead if self.reach[node] == self.reach_of(domain) else 0

    def cache_latency(self, domain: int, node: int, owner: int) -> int:
        """Return the idle latency of a line of home `node` that a core of domain `owner` holds modified."""
        if owner == domain:
            return self.l3 + self.c2c_local
        if self.home == SOURCE_SNOOP:
            return self.l3 + self.hop_dd[domain][owner] + self.snoop + self.hop_dd[owner][domain]
        hops = self.hop_dn[domain][node] + self.hop_nd[node][owner] + self.hop_dd[owner][domain]
        if self.one_filter and self.reach_of(domain) == self.reach[node] == self.reach_of(owner):
            return self.l3 + hops + self.c2c_local
        if self.memory_bits and self.reach[node] != self.reach_of(owner):
            hops += self.dram[node] + self.port[node] - self.begun(domain, node) + self.directory
        return self.l3 + hops + self.directory + self.snoop

    def reach_of(self, domain: int) -> int:
        """Return the number of the snoop filter above an L3."""
        return self.reach[self.domain_node[domain]]


def build_timing(spec: MachineSpec, topology: Topology) -> Timing:
    """Return the parameters of a validated `spec` in cycles."""
    hz = spec.core.frequency
    costs = spec.kernel
    entries = _node_entries(spec)
    drams = [entry.dram or spec.dram for entry in entries]
    ports = [entry.root_port for entry in entries]
    links = topology.links
    has_memory = [node.memory > 0 for node in topology.nodes]
    exclusive = spec.l3.other_core_exclusive or spec.l3.other_core
    timing = Timing(
        frequency_hz=hz,
        cpi_q16=round(Q16 / spec.core.ipc),
        cpi_cold_q16=round(Q16 / (spec.core.ipc_cold or spec.core.ipc)),
        l1=spec.l1d.latency.cycles(hz),
        l2=spec.l2.latency.cycles(hz),
        l3=spec.l3.latency.cycles(hz),
        hidden=spec.core.hidden.cycles(hz),
        store_divisor=spec.core.store_divisor,
        c2c_local=spec.l3.other_core.cycles(hz),
        c2c_exclusive=exclusive.cycles(hz),
        c2c_shared=(spec.l3.other_core_shared or exclusive).cycles(hz),
        snoop=spec.coherence.snoop.cycles(hz),
        directory=spec.coherence.directory.cycles(hz),
        dram=tuple(dram.latency.cycles(hz) if own else 0 for dram, own in zip(drams, has_memory, strict=True)),
        port=tuple(0 if port is None else port.latency.cycles(hz) for port in ports),
        hop_dn=tuple(tuple(route_latency(links, route) for route in row) for row in topology.route_dn),
        hop_nd=tuple(tuple(route_latency(links, route) for route in row) for row in topology.route_nd),
        hop_dd=tuple(tuple(route_latency(links, route) for route in row) for row in topology.route_dd),
        hop_nn=tuple(tuple(route_latency(links, route) for route in row) for row in topology.route_nn),
        route_dn=topology.route_dn,
        route_nd=topology.route_nd,
        route_dd=topology.route_dd,
        link_line_q10=tuple(line_q10(hz, link.bandwidth) for link in links),
        link_latency=tuple(link.latency for link in links),
        dram_line_q10=tuple(
            line_q10(hz, dram.bandwidth * dram.channels) if own else 0
            for dram, own in zip(drams, has_memory, strict=True)
        ),
        dram_write_q10=tuple(
            line_q10(hz, (dram.write_bandwidth or dram.bandwidth) * dram.channels) if own else 0
            for dram, own in zip(drams, has_memory, strict=True)
        ),
        dram_stream_q10=tuple(
            line_q10(hz, (dram.stream_write_bandwidth or dram.write_bandwidth or dram.bandwidth) * dram.channels)
            if own
            else 0
            for dram, own in zip(drams, has_memory, strict=True)
        ),
        dram_channels=tuple(dram.channels for dram in drams),
        dram_conflict=tuple(dram.conflict.cycles(hz) for dram in drams),
        dram_row_miss=tuple(dram.row_miss.cycles(hz) for dram in drams),
        port_read_q10=_line_q10(hz, spec.l3.port_read),
        port_write_q10=_line_q10(hz, spec.l3.port_write),
        outstanding=spec.core.outstanding,
        store_buffer=max(1, spec.core.store_buffer // spec.layout.threads) if spec.core.store_buffer else 0,
        store_interval=spec.core.store_interval,
        forward=spec.core.forward.cycles(hz),
        smt_q10=round(spec.core.smt_throughput * Q10) if spec.core.smt_throughput else 0,
        prefetch=1 if spec.core.prefetch == "next-line" else 0,
        tlb=tlb_timing(spec, spec.tlb.direct_map) if spec.tlb is not None else None,
        l1_line_q10=_line_q10(hz, spec.l1d.bandwidth),
        l2_line_q10=_line_q10(hz, spec.l2.bandwidth),
        l3_line_q10=_line_q10(hz, spec.l3.bandwidth),
        core_line_q10=_line_q10(hz, spec.l3.core_bandwidth),
        pause=costs.pause.cycles(hz),
        atomic=costs.atomic.cycles(hz),
        irq_save=costs.irq_save.cycles(hz),
        irq_restore=costs.irq_restore.cycles(hz),
        cli=costs.cli.cycles(hz),
        sti=costs.sti.cycles(hz),
        irq_entry=costs.irq_entry.cycles(hz),
        irq_exit=costs.irq_exit.cycles(hz),
        ipi=costs.ipi.cycles(hz),
        clear_q10=round(LINE_BYTES * Q10 / costs.clear_bytes_per_cycle),
        protocol=_PROTOCOLS[spec.coherence.protocol],
        home=_HOMES[spec.coherence.home],
        memory_bits=int(spec.coherence.memory_bits),
        one_filter=int(spec.coherence.filter == "package"),
        ahead=spec.coherence.memory_ahead.cycles(hz),
        reach=_reach(spec, topology),
        domain_node=tuple(domain.node for domain in topology.domains),
        inclusion=_INCLUSIONS[spec.l3.inclusion],
        l1_geometry=_geometry(spec.l1d),
        l2_geometry=_geometry(spec.l2),
        l3_geometry=_geometry(spec.l3),
        hz=costs.hz,
    )
    return apply_curves(apply_matrix(spec, topology, timing), drams)


def _reach(spec: MachineSpec, topology: Topology) -> tuple[int, ...]:
    """Return the number of each node's snoop filter: its package's, or its own."""
    if spec.coherence.filter == "l3":
        return tuple(node.gate for node in topology.nodes)
    packages = len(topology.packages)
    gates = (topology.nodes[node.gate] for node in topology.nodes)
    return tuple(topology.cpus[gate.cpus[0]].package if gate.cpus else packages + gate.id for gate in gates)


def line_q10(hz: int, bandwidth: int) -> int:
    """Return the time of one 64-byte line at `bandwidth` bytes/s in 1/1024 cycle, at least 1."""
    return max(1, (LINE_BYTES * Q10 * hz + bandwidth // 2) // bandwidth)


def _line_q10(hz: int, bandwidth: int | None) -> int:
    """Return the same, 0 where the bandwidth has no limit."""
    return line_q10(hz, bandwidth) if bandwidth else 0


def tlb_timing(spec: MachineSpec, page: str) -> TlbTiming | None:
    """Return what pages of size `page` ('4K', '2M', '1G') cost; None if the machine has no such entries."""
    if spec.tlb is None:
        return None
    hz, field = spec.core.frequency, f"page_{page.lower()}"
    l1, l2 = getattr(spec.tlb.l1, field), getattr(spec.tlb.l2, field)
    if l1 is None:
        return None
    return TlbTiming(
        page_shift=PAGE_SHIFTS[page],
        l1=(l1.entries, l1.ways or l1.entries),
        l2=None if l2 is None else (l2.entries, l2.ways or l2.entries),
        l2_hit=spec.tlb.l2_hit.cycles(hz),
        walk=spec.tlb.walk.cycles(hz),
        references=getattr(spec.tlb.references, field),
    )


def _geometry(cache: CacheSpec) -> CacheGeometry:
    return CacheGeometry(cache.size, cache.ways)


def _node_entries(spec: MachineSpec) -> list[NodeSpec]:
    """Return for each node the entry of the file that describes it."""
    return [spec.nodes[plan.entry] for plan in plan_nodes(spec, seats(spec.layout))]
