"""The ways through the interconnect in cycles, and whose snoop filter sees whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simslab.machine.timing.integers import line_q10
from simslab.machine.topology.routing import Route, route_latency

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simslab.machine.description.whole import MachineDescription
    from simslab.machine.topology.topology import Topology

Matrix = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Hops:
    """Cycles of each way, one way. A domain's misses enter the interconnect at its first node."""

    dn: Matrix  # [domain][node]
    nd: Matrix  # [node][domain], the way back
    dd: Matrix  # [domain][domain]
    nn: Matrix  # [node][node]


@dataclass(frozen=True)
class Paths:
    """Hops, the links that they cross, and the snoop filters at their ends."""

    hops: Hops
    link_line_q10: tuple[int, ...]  # [link] time of one line at full bandwidth
    link_latency: tuple[int, ...]  # [link]
    reach: tuple[int, ...]  # [node] number of its snoop filter
    domain_node: tuple[int, ...]  # [domain] node where its misses enter

    def reach_of(self, domain: int) -> int:
        """Return the number of the snoop filter above an L3."""
        return self.reach[self.domain_node[domain]]


def build_paths(spec: MachineDescription, topology: Topology) -> Paths:
    """Return the ways of a machine, with the latencies of its links."""
    return Paths(
        hops=_hops(topology),
        link_line_q10=tuple(line_q10(spec.core.frequency, link.bandwidth) for link in topology.links),
        link_latency=tuple(link.latency for link in topology.links),
        reach=_reach(spec, topology),
        domain_node=tuple(domain.node for domain in topology.domains),
    )


def _hops(topology: Topology) -> Hops:
    def latencies(routes: Sequence[Sequence[Route]]) -> Matrix:
        return tuple(tuple(route_latency(topology.links, route) for route in row) for row in routes)

    t = topology
    return Hops(latencies(t.route_dn), latencies(t.route_nd), latencies(t.route_dd), latencies(t.route_nn))


def _reach(spec: MachineDescription, topology: Topology) -> tuple[int, ...]:
    """Return the number of each node's snoop filter: its package's, or its own."""
    if spec.coherence.filter == "l3":
        return tuple(node.gate for node in topology.nodes)
    packages = len(topology.packages)
    gates = (topology.nodes[node.gate] for node in topology.nodes)
    return tuple(topology.cpus[gate.cpus[0]].package if gate.cpus else packages + gate.id for gate in gates)
