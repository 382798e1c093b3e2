"""Whether links and routes lead to nodes that exist, and connect them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING

from simslab.base.errors import BadValue
from simslab.machine.description.cpulist import format_cpulist
from simslab.machine.topology.network import Network, build_network, end_numbers, network_points
from simslab.machine.topology.node_plan import NodePlan, node_index
from simslab.machine.topology.routing import all_routes, follow, prescribed_stops, shortest_routes
from simslab.machine.topology.shapes import neighbours

if TYPE_CHECKING:
    from simslab.machine.description.whole import MachineDescription

Faults = list[BadValue]


def link_faults(spec: MachineDescription, plans: Sequence[NodePlan]) -> Faults:
    """Return what is wrong with links and routes."""
    faults: Faults = []
    for index, link in enumerate(spec.links):
        at = ("links", index, "between")
        if isinstance(link.between, str):
            faults += _shape(link.between, len(network_points(plans)), at)
        else:
            numbers = [number for end in link.between for number in end_numbers(end)]
            faults += _ends(numbers, plans, at)
    for index, route in enumerate(spec.routes):
        faults += _ends([*route.between, *route.via], plans, ("routes", index, "between"))
    if faults:
        return faults
    network = build_network(spec, plans)
    return _connected(network, plans) or _routes(spec, network, plans) or _past_ends(spec, network, plans)


def _shape(shape: str, count: int, at: tuple[str | int, ...]) -> Faults:
    try:
        neighbours(shape, count)
    except BadValue as fault:
        return [BadValue(fault.message, expected=fault.expected, at=at)]
    return []


def _ends(numbers: Sequence[int], plans: Sequence[NodePlan], at: tuple[str | int, ...]) -> Faults:
    known = node_index(plans)
    for number in numbers:
        if number not in known:
            dense = list(known) == list(range(len(plans)))
            expected = f"0 to {len(plans) - 1}" if dense else format_cpulist(known)
            return [BadValue(f"there is no node {number}", expected=expected, at=at)]
        if plans[known[number]].behind_port:
            return [BadValue(f"node {number} is memory-only, its root port is its link", at=at)]
    if len(set(numbers)) < len(numbers):
        return [BadValue("a node is linked to itself", expected="different nodes", at=at)]
    return []


def _connected(network: Network, plans: Sequence[NodePlan]) -> Faults:
    points = network_points(plans)
    reached = shortest_routes(replace(network, ends=frozenset()), points[0])
    lost = [plans[point] for point in points if point not in reached]
    if not lost:
        return []
    numbers = f"node{'s' * (len(lost) > 1)} {format_cpulist(plan.number for plan in lost)}"
    message = f"no link leads from node {plans[points[0]].number} to {numbers}"
    expected = "links that connect all nodes, such as links=all"
    return [BadValue(message, expected=expected, at=("nodes", lost[0].entry))]


def _routes(spec: MachineDescription, network: Network, plans: Sequence[NodePlan]) -> Faults:
    known = node_index(plans)
    return [
        BadValue("the route uses a link that does not exist", expected="linked nodes in order", at=("routes", index))
        for index, route in enumerate(spec.routes)
        if follow(network, [known[stop] for stop in (route.between[0], *route.via, route.between[1])]) is None
    ]


def _past_ends(spec: MachineDescription, network: Network, plans: Sequence[NodePlan]) -> Faults:
    """Check that no two nodes need one without CPUs to reach each other."""
    if not network.ends:
        return []
    points = network_points(plans)
    routes = all_routes(network, points, prescribed_stops(spec, plans))
    for source, target in permutations(points, 2):
        if (source, target) not in routes:
            numbers = format_cpulist(plans[end].number for end in network.ends)
            message = f"node {plans[source].number} reaches node {plans[target].number} over memory without CPUs alone"
            expected = f"links past node {numbers}, which forwards nothing by itself, or 'routes' over it"
            return [BadValue(message, expected=expected, at=("nodes", plans[target].entry))]
    return []
