"""The interconnect of a machine file made explicit: every link in both directions.

The graph's points are the nodes, except those behind a root port, and two for each group of nodes (a package) that has
a link in common: one where traffic leaves the group and one where it comes in. Traffic cannot turn round there, so a
common link is no short cut between the nodes of its group.

Memory without CPUs ends a way: a device (CXL, high-bandwidth memory) answers requests and forwards none. Only a route
of the file may lead over such a node, one whose CPUs are offline for one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from simslab.base.units import Duration
from simslab.machine.description.catalogue import value_of
from simslab.machine.topology.node_plan import NodePlan, node_index
from simslab.machine.topology.shapes import neighbours

if TYPE_CHECKING:
    from simslab.machine.description.interconnect import LinkSpec
    from simslab.machine.description.whole import MachineDescription

PORTS: Final = 1024  # points from here on are groups' ports: even ones lead out, odd ones in
Pair = tuple[int, int]
Group = tuple[int, ...]  # nodes


@dataclass(frozen=True, slots=True)
class Link:
    """One direction of a link. Its ends are nodes, or ports of groups."""

    id: int
    source: int
    target: int
    latency: int  # cycles, one way
    bandwidth: int  # bytes/s


@dataclass(frozen=True)
class Network:
    """Links, each followed by its other direction (even and odd ids), and steps that cost nothing."""

    links: tuple[Link, ...]
    free: tuple[Pair, ...]  # to and from ports that are equally near to all nodes of their group, and between ports
    groups: tuple[Group, ...] = ()
    ends: frozenset[int] = frozenset()  # nodes without CPUs, which forward nothing


def leaving(group: int) -> int:
    """Return the point at which traffic leaves a group."""
    return PORTS + 2 * group


def entering(group: int) -> int:
    """Return the point at which traffic enters a group."""
    return PORTS + 2 * group + 1


def group_of(point: int) -> int:
    """Return the group whose port `point` is, -1 for a node."""
    return (point - PORTS) // 2 if point >= PORTS else -1


def network_points(plans: Sequence[NodePlan]) -> list[int]:
    """Return the nodes that links may lead to."""
    return [plan.id for plan in plans if not plan.behind_port]


def end_numbers(end: int | Sequence[int]) -> list[int]:
    """Return the numbers of the nodes at an end of a link of the file: one, or a group."""
    return [end] if isinstance(end, int) else list(end)


def build_network(spec: MachineDescription, plans: Sequence[NodePlan]) -> Network:
    """Return the interconnect that `spec` describes; its links must lead to nodes that exist."""
    hz = spec.core.frequency
    links: list[Link] = []
    groups: list[Group] = []
    for link in spec.links:
        back_latency, back_bandwidth = value_of(link, "back_latency"), value_of(link, "back_bandwidth")
        for first, second in _ends(link, plans):
            ends = [_points(end, groups) for end in (first, second)]
            _add(links, (ends[0][0], ends[1][1]), link.latency.cycles(hz), link.bandwidth)
            _add(links, (ends[1][0], ends[0][1]), back_latency.cycles(hz), back_bandwidth)
    for pair, returning, hops in _mesh_steps(spec, plans, groups):
        latency = _hops(spec, hops).cycles(hz)
        bandwidth = spec.mesh.bandwidth if spec.mesh is not None else 0
        _add(links, pair, latency, bandwidth)
        _add(links, returning, latency, bandwidth)
    without_cpus = frozenset(plan.id for plan in plans if not plan.cpus)
    return Network(tuple(links), tuple(_free_steps(spec, plans, groups)), tuple(groups), without_cpus)


def _add(links: list[Link], ends: Pair, latency: int, bandwidth: int) -> None:
    links.append(Link(len(links), ends[0], ends[1], latency, bandwidth))


def _ends(link: LinkSpec, plans: Sequence[NodePlan]) -> Iterator[tuple[Group, Group]]:
    """Yield the nodes at both ends of each link that `link` stands for."""
    points = network_points(plans)
    if isinstance(link.between, str):
        yield from (((points[a],), (points[b],)) for a, b in neighbours(link.between, len(points)))
    else:
        index = node_index(plans)
        first, second = (tuple(index[number] for number in end_numbers(end)) for end in link.between)
        yield first, second


def _points(end: Group, groups: list[Group]) -> Pair:
    """Return where traffic leaves and enters an end of a link: the node, or the ports of its group."""
    if len(end) == 1:
        return end[0], end[0]
    if end not in groups:
        groups.append(end)
    group = groups.index(end)
    return leaving(group), entering(group)


def _mesh_steps(
    spec: MachineDescription, plans: Sequence[NodePlan], groups: Sequence[Group]
) -> Iterator[tuple[Pair, Pair, int]]:
    """Yield both directions of the way between two nodes of a package, or a node and a port, and its hops."""
    if spec.mesh is None:
        return
    placed = [(plan, plan.position, plan.packages[0]) for plan in plans if plan.position and plan.packages]
    for number, (plan, position, package) in enumerate(placed):
        for other, where, beside in placed[number + 1 :]:
            if package == beside:
                yield (plan.id, other.id), (other.id, plan.id), _distance(position, where)
        for group, members in enumerate(groups):
            if spec.mesh.port is not None and plan.id in members:
                yield (plan.id, leaving(group)), (entering(group), plan.id), _distance(position, spec.mesh.port)


def _distance(a: Sequence[int], b: Sequence[int]) -> int:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _hops(spec: MachineDescription, hops: int) -> Duration:
    hop = Duration(Fraction(0), "cycles") if spec.mesh is None else spec.mesh.hop
    return Duration(hop.value * hops, hop.unit)


def _free_steps(spec: MachineDescription, plans: Sequence[NodePlan], groups: Sequence[Group]) -> Iterator[Pair]:
    by_mesh = spec.mesh is not None and spec.mesh.port is not None
    for group, members in enumerate(groups):
        yield entering(group), leaving(group)
        for node in members:
            if not (by_mesh and plans[node].position and plans[node].packages):
                yield node, leaving(group)
                yield entering(group), node
