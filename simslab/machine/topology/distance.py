"""SLIT distances: as given, or derived from what lies between two nodes.

A derived distance is 10 plus ten times the extra round trip over a local DRAM access, so that a node at twice the
local latency is at 20, as the ACPI specification means it; where the home snoops, both accesses wait for all other L3s
to answer. Firmware often rounds or invents its table: give the real
one where it is known, since the kernel orders zonelists by it.

Not modelled: what bits in memory and shared snoop filters change of the answers that such an access waits for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from simslab.machine.topology.network import Link
from simslab.machine.topology.routing import Route, route_latency

if TYPE_CHECKING:
    from simslab.machine.description.whole import MachineDescription
    from simslab.machine.topology.node_plan import NodePlan

LOCAL: Final = 10
FARTHEST: Final = 254  # 255 means unreachable

Between = Callable[[int, int], int]


def slit(
    spec: MachineDescription,
    plans: Sequence[NodePlan],
    gates: Sequence[int],
    links: Sequence[Link],
    routes: Mapping[tuple[int, int], Route],
    cpus: Sequence[tuple[int, int]],
) -> tuple[tuple[int, ...], ...]:
    """Return the matrix of distances; `gates` are the nodes at which each node joins the interconnect.

    `cpus` are the (L3 domain, node) of each CPU.
    """
    if spec.distances is not None:
        return tuple(tuple(row) for row in spec.distances)
    ports = [_port(spec, plan) for plan in plans]

    def one_way(a: int, b: int) -> int:
        return route_latency(links, routes[gates[a], gates[b]])

    def extra(a: int, b: int) -> int:
        return one_way(a, b) + one_way(b, a) + (ports[a] + ports[b] if a != b else 0)

    latency = _latencies(spec, cpus, one_way, extra)
    everywhere = range(len(plans))
    own = [latency(a, a) for a in everywhere]

    def between(a: int, b: int) -> int:
        if a == b:
            return LOCAL
        more = latency(a, b) - own[a]
        return min(FARTHEST, max(LOCAL + 1, LOCAL + (20 * more + own[a]) // (2 * own[a])))

    return tuple(tuple(between(a, b) for b in everywhere) for a in everywhere)


def _latencies(spec: MachineDescription, cpus: Sequence[tuple[int, int]], one_way: Between, extra: Between) -> Between:
    """Return the latency in cycles of a read by a node from another's memory."""
    hz = spec.core.frequency
    asked = spec.l3.latency.cycles(hz) + spec.coherence.directory.cycles(hz)
    local = max(1, asked + spec.dram.latency.cycles(hz))
    entries: dict[int, int] = {}  # [domain] where its misses enter
    own: dict[int, int] = {}  # [node] domain of its first CPU
    for domain, node in cpus:
        entries.setdefault(domain, node)
        own.setdefault(node, domain)
    snooped = entries if spec.coherence.home == "snoop" else {}
    answered = asked + spec.coherence.snoop.cycles(hz)

    def latency(a: int, b: int) -> int:
        others = [entry for domain, entry in snooped.items() if domain != own.get(a)]
        return max([local + extra(a, b), *(answered + one_way(a, b) + one_way(b, c) + one_way(c, a) for c in others)])

    return latency


def _port(spec: MachineDescription, plan: NodePlan) -> int:
    port = spec.nodes[plan.entry].root_port
    return 0 if port is None else port.latency.cycles(spec.core.frequency)
