"""Whether links, routes and matrices fit nodes that are sound: the second half of `validate`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from simslab.base.errors import BadValue
from simslab.machine.description.cpulist import format_cpulist
from simslab.machine.topology.network import Network, build_network, end_numbers, network_points
from simslab.machine.topology.node_plan import NodePlan, node_index
from simslab.machine.topology.routing import follow, shortest_routes

if TYPE_CHECKING:
    from simslab.machine.description.spec import MachineSpec

LOCAL_DISTANCE: Final = 10  # ACPI SLIT

Faults = list[BadValue]


def link_faults(spec: MachineSpec, plans: Sequence[NodePlan]) -> Faults:
    """Return what is wrong with links and routes."""
    faults: Faults = []
    for index, link in enumerate(spec.links):
        if not isinstance(link.between, str):
            numbers = [number for end in link.between for number in end_numbers(end)]
            faults += _ends(numbers, plans, ("links", index, "between"))
    for index, route in enumerate(spec.routes):
        faults += _ends([*route.between, *route.via], plans, ("routes", index, "between"))
    if faults:
        return faults
    network = build_network(spec, plans)
    return _connected(network, plans) or _routes(spec, network, plans)


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
    reached = shortest_routes(network, points[0])
    lost = [plans[point] for point in points if point not in reached]
    if not lost:
        return []
    numbers = format_cpulist(plan.number for plan in lost)
    message = f"no link leads from node {plans[points[0]].number} to node {numbers}"
    return [BadValue(message, expected="links that connect all nodes", at=("nodes", lost[0].entry))]


def _routes(spec: MachineSpec, network: Network, plans: Sequence[NodePlan]) -> Faults:
    known = node_index(plans)
    return [
        BadValue("the route uses a link that does not exist", expected="linked nodes in order", at=("routes", index))
        for index, route in enumerate(spec.routes)
        if follow(network, [known[stop] for stop in (route.between[0], *route.via, route.between[1])]) is None
    ]


def distance_faults(spec: MachineSpec, plans: Sequence[NodePlan]) -> Faults:
    """Return what is wrong with the SLIT."""
    rows = spec.distances
    if rows is None:
        return []
    at = ("distances",)
    if len(rows) != len(plans):
        return [BadValue(f"{len(rows)} rows for {len(plans)} nodes", expected="one row per node", at=at)]
    return [fault for row, values in enumerate(rows) for fault in _distance_row(plans[row], values, len(plans))]


def _distance_row(plan: NodePlan, values: Sequence[int], nodes: int) -> Faults:
    message = ""
    if len(values) != nodes:
        message = f"{len(values)} distances for {nodes} nodes"
    elif values[plan.id] != LOCAL_DISTANCE:
        message = f"node {plan.number} is {values[plan.id]} from itself"
    elif values.count(LOCAL_DISTANCE) > 1:
        message = f"another node is as near to node {plan.number} as itself"
    expected = "10 on the diagonal, 11 to 255 elsewhere"
    return [BadValue(message, expected=expected, at=("distances", plan.id))] if message else []


def idle_faults(spec: MachineSpec, plans: Sequence[NodePlan]) -> Faults:
    """Return what is wrong with a matrix of idle latencies: its shape, holes, and times that an L3 miss exceeds."""
    if spec.idle_latency is None:
        return []
    rows, at = spec.idle_latency.dram, ("idle_latency", "dram")
    if [len(row) for row in rows] != [len(plans)] * len(plans):
        expected = f"{len(plans)} rows of {len(plans)}"
        return [BadValue("the matrix does not have a cell for every pair of nodes", expected=expected, at=at)]
    hz = spec.core.frequency
    least = spec.l3.latency.cycles(hz) + spec.coherence.directory.cycles(hz)
    faults: Faults = []
    for reader, row in zip(plans, rows, strict=True):
        for home, cell in zip(plans, row, strict=True):
            place = (*at, reader.id, home.id)
            if cell is None and reader.cpus and home.memory:
                faults.append(BadValue("a latency is missing", expected="a time such as '89 ns'", at=place))
            elif cell is not None and cell.cycles(hz) <= least:
                expected = f"more than L3 and directory together, {least} cycles"
                faults.append(BadValue(f"{cell} is too short for memory", expected=expected, at=place))
    return faults
