"""SLIT distances: as given, or derived from what lies between two nodes.

A derived distance is 10 plus ten times the extra round trip over a local DRAM access, so that a node at twice the
local latency is at 20, as the ACPI specification means it. Firmware often rounds or invents its table: give the real
one where it is known, since the kernel orders zonelists by it.

Left out is the wait for all L3s where the home snoops: a local access waits for the farthest as well, so that nearly
all nodes would be alike, and another protocol would change which node's pages come next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from simslab.machine.topology.network import Link
from simslab.machine.topology.routing import Route, route_latency

if TYPE_CHECKING:
    from simslab.machine.description.whole import MachineDescription
    from simslab.machine.topology.node_plan import NodePlan

LOCAL: Final = 10
FARTHEST: Final = 254  # 255 means unreachable


def slit(
    spec: MachineDescription,
    plans: Sequence[NodePlan],
    gates: Sequence[int],
    links: Sequence[Link],
    routes: Mapping[tuple[int, int], Route],
) -> tuple[tuple[int, ...], ...]:
    """Return the matrix of distances; `gates` are the nodes at which each node joins the interconnect."""
    if spec.distances is not None:
        return tuple(tuple(row) for row in spec.distances)
    hz = spec.core.frequency
    parts = (spec.l3.latency, spec.coherence.directory, spec.dram.latency)
    local = max(1, sum(part.cycles(hz) for part in parts))
    ports = [_port(spec, plan) for plan in plans]
    everywhere = range(len(plans))

    def between(a: int, b: int) -> int:
        if a == b:
            return LOCAL
        there, back = routes[gates[a], gates[b]], routes[gates[b], gates[a]]
        extra = route_latency(links, there) + route_latency(links, back) + ports[a] + ports[b]
        return min(FARTHEST, max(LOCAL + 1, LOCAL + (20 * extra + local) // (2 * local)))

    return tuple(tuple(between(a, b) for b in everywhere) for a in everywhere)


def _port(spec: MachineDescription, plan: NodePlan) -> int:
    port = spec.nodes[plan.entry].root_port
    return 0 if port is None else port.latency.cycles(spec.core.frequency)
