"""What is where in the machine: CPUs, cores, packages, L3 domains, NUMA nodes, links and the routes between them.

Plain data, built once from a description that has been validated; nothing here knows a latency except links, which need
theirs to find the shortest route.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simslab.machine.description.cpulist import format_cpulist
from simslab.machine.topology import address_map
from simslab.machine.topology.distance import slit
from simslab.machine.topology.network import Link, build_network, group_of, network_points
from simslab.machine.topology.node_plan import NodePlan, node_index, plan_nodes
from simslab.machine.topology.numbering import Seat, seats
from simslab.machine.topology.routing import Route, all_routes, prescribed_stops, route_latency

if TYPE_CHECKING:
    from simslab.machine.description.whole import MachineDescription


@dataclass(frozen=True, slots=True)
class CpuPlace:
    """A CPU (hardware thread, as smp_processor_id counts) and everything it belongs to."""

    id: int
    core: int
    thread: int  # within the core
    package: int
    die: int  # counts through the machine
    ccx: int  # counts through the machine
    domain: int  # L3
    node: int


@dataclass(frozen=True, slots=True)
class Core:
    """A core: the CPUs that share an L1 and an L2."""

    id: int
    package: int
    domain: int
    node: int
    cpus: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Package:
    """A package (socket)."""

    id: int
    cpus: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Domain:
    """The cores below one L3."""

    id: int
    package: int
    node: int  # where its misses enter the interconnect: the first of its cores' nodes
    cores: tuple[int, ...]
    cpus: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NumaNode:
    """A NUMA node: CPUs, memory, or both."""

    id: int
    cpus: tuple[int, ...]
    memory: int  # bytes, 0 for a memoryless node
    base: int  # physical address
    memory_only: bool
    gate: int  # node where its memory is reached: itself, or that of its root port
    number: int  # what the machine file and people call it
    memory_side_cache: int = 0  # bytes, not modelled


@dataclass(frozen=True)
class Topology:
    """The whole machine.

    Routes are tuples of link ids in the order travelled; empty where nothing is crossed. A link's two directions are
    separate links. `route_nd` (data) is `route_dn` (requests, write-backs) the other way round, unless the machine
    file prescribes a route in one direction only. `route_nn` is for a core below an L3 that spans several nodes: its
    misses enter at its own node.
    """

    cpus: tuple[CpuPlace, ...]
    cores: tuple[Core, ...]
    packages: tuple[Package, ...]
    domains: tuple[Domain, ...]
    nodes: tuple[NumaNode, ...]
    links: tuple[Link, ...]
    distance: tuple[tuple[int, ...], ...]
    node_base: tuple[int, ...]
    section_node: tuple[int, ...]
    route_dn: tuple[tuple[Route, ...], ...]  # [domain][node]
    route_nd: tuple[tuple[Route, ...], ...]  # [node][domain]
    route_dd: tuple[tuple[Route, ...], ...]  # [domain][domain]
    route_nn: tuple[tuple[Route, ...], ...]  # [node][node]
    groups: tuple[tuple[int, ...], ...] = ()  # nodes that share links

    def node_distance(self, a: int, b: int) -> int:
        """Return the SLIT distance of two nodes, 10 is local."""
        return self.distance[a][b]

    def cpus_of_node(self, node: int) -> tuple[int, ...]:
        """Return the CPUs of `node` in order, none for a memory-only node."""
        return self.nodes[node].cpus

    def node_of_address(self, address: int) -> int:
        """Return the node whose memory holds physical `address`; IndexError beyond the last section."""
        return self.section_node[address >> address_map.SECTION_SHIFT]

    def end_name(self, end: int) -> str:
        """Return what people call the end of a link: 'node 3', or 'nodes 0-3' that share it."""
        group = group_of(end)
        if group < 0:
            return f"node {self.nodes[end].number}"
        return "nodes " + format_cpulist(self.nodes[node].number for node in self.groups[group])


def build_topology(spec: MachineDescription) -> Topology:
    """Return the topology that a validated `spec` describes."""
    places = seats(spec.layout)
    plans = plan_nodes(spec, places)
    cpus = _cpus(spec, places, plans)
    domains = _domains(cpus)
    nodes = _nodes(spec, plans, cpus)
    network = build_network(spec, plans)
    links = network.links
    routes = all_routes(network, network_points(plans), prescribed_stops(spec, plans))
    memory = [plan.memory for plan in plans]
    gates = [_gates(plan, cpus) or [nodes[plan.id].gate] for plan in plans]

    def way(starts: Sequence[int], ends: Sequence[int]) -> Route:
        return min((routes[a, b] for a in starts for b in ends), key=lambda route: route_latency(links, route))

    return Topology(
        cpus=tuple(cpus),
        cores=_cores(cpus),
        packages=_packages(cpus),
        domains=domains,
        nodes=nodes,
        links=links,
        distance=slit(spec, plans, [node.gate for node in nodes], links, routes),
        node_base=tuple(address_map.node_bases(memory)),
        section_node=tuple(address_map.section_nodes(memory)),
        route_dn=tuple(tuple(way([d.node], gates[n.id]) for n in nodes) for d in domains),
        route_nd=tuple(tuple(way(gates[n.id], [d.node]) for d in domains) for n in nodes),
        route_dd=tuple(tuple(routes[a.node, b.node] for b in domains) for a in domains),
        route_nn=tuple(tuple(way(gates[a.id], gates[b.id]) for b in nodes) for a in nodes),
        groups=network.groups,
    )


def _gates(plan: NodePlan, cpus: Sequence[CpuPlace]) -> list[int]:
    """Return the nodes of the package whose root port the node is behind: all equally near to it."""
    return sorted({cpu.node for cpu in cpus if plan.port is not None and cpu.package == plan.port.package})


def _cpus(spec: MachineDescription, places: Sequence[Seat], plans: Sequence[NodePlan]) -> list[CpuPlace]:
    node_of = {cpu: plan.id for plan in plans for cpu in plan.cpus}
    scope = spec.l3.scope
    keys = [node_of[seat.cpu] if scope == "node" else int(getattr(seat, scope)) for seat in places]
    number = {key: domain for domain, key in enumerate(sorted(set(keys)))}
    return [
        CpuPlace(
            id=s.cpu,
            core=s.core,
            thread=s.thread,
            package=s.package,
            die=s.die,
            ccx=s.ccx,
            domain=number[key],
            node=node_of[s.cpu],
        )
        for s, key in zip(places, keys, strict=True)
    ]


def _cores(cpus: Sequence[CpuPlace]) -> tuple[Core, ...]:
    threads: dict[int, list[CpuPlace]] = {}
    for cpu in cpus:
        threads.setdefault(cpu.core, []).append(cpu)
    return tuple(
        Core(core, first[0].package, first[0].domain, first[0].node, tuple(cpu.id for cpu in first))
        for core, first in sorted(threads.items())
    )


def _packages(cpus: Sequence[CpuPlace]) -> tuple[Package, ...]:
    count = 1 + max(cpu.package for cpu in cpus)
    return tuple(Package(p, tuple(cpu.id for cpu in cpus if cpu.package == p)) for p in range(count))


def _domains(cpus: Sequence[CpuPlace]) -> tuple[Domain, ...]:
    members: dict[int, list[CpuPlace]] = {}
    for cpu in cpus:
        members.setdefault(cpu.domain, []).append(cpu)
    return tuple(
        Domain(
            id=domain,
            package=own[0].package,
            node=min(cpu.node for cpu in own),
            cores=tuple(sorted({cpu.core for cpu in own})),
            cpus=tuple(cpu.id for cpu in own),
        )
        for domain, own in sorted(members.items())
    )


def _nodes(spec: MachineDescription, plans: Sequence[NodePlan], cpus: Sequence[CpuPlace]) -> tuple[NumaNode, ...]:
    gates: dict[int, int] = {}
    for cpu in cpus:
        gates[cpu.package] = min(cpu.node, gates.get(cpu.package, cpu.node))
    index = node_index(plans)
    bases = address_map.node_bases([plan.memory for plan in plans])

    def gate(plan: NodePlan) -> int:
        if plan.port is None:
            return plan.id
        return gates[plan.port.package] if plan.port.package is not None else index[plan.port.node or 0]

    return tuple(
        NumaNode(
            id=plan.id,
            cpus=tuple(sorted(plan.cpus)),
            memory=plan.memory,
            base=bases[plan.id],
            memory_only=not plan.cpus,
            gate=gate(plan),
            number=plan.number,
            memory_side_cache=spec.nodes[plan.entry].memory_side_cache,
        )
        for plan in plans
    )
