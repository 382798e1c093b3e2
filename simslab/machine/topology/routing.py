"""Ways through the interconnect: the shortest by latency, or the one the machine file prescribes."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from simslab.machine.topology.network import PORTS, Link, Network
from simslab.machine.topology.node_plan import NodePlan, node_index

if TYPE_CHECKING:
    from simslab.machine.description.whole import MachineDescription

Route = tuple[int, ...]  # link ids in the order travelled


def shortest_routes(network: Network, source: int) -> dict[int, Route]:
    """Return the route from `source` to every point it reaches: least latency, then fewest hops, then lowest ids.

    None leads over a node without CPUs.
    """
    leaving: dict[int, list[tuple[int, Route, int]]] = {}
    for link in network.links:
        leaving.setdefault(link.source, []).append((link.latency, (link.id,), link.target))
    for start, end in network.free:
        leaving.setdefault(start, []).append((0, (), end))
    found: dict[int, Route] = {}
    waiting: list[tuple[int, int, Route, int]] = [(0, 0, (), source)]
    while waiting:
        latency, hops, route, point = heapq.heappop(waiting)
        if point in found:
            continue
        found[point] = route
        if point in network.ends and point != source:
            continue
        for cost, step, target in leaving.get(point, ()):
            if target not in found:
                heapq.heappush(waiting, (latency + cost, hops + len(step), route + step, target))
    return found


def follow(network: Network, stops: Sequence[int]) -> Route | None:
    """Return the route through `stops` in order, None if two of them are not linked; of several links the fastest."""
    best: dict[tuple[int, int], Link] = {}
    for link in network.links:
        known = best.get((link.source, link.target))
        if known is None or link.latency < known.latency:
            best[link.source, link.target] = link
    route: Route = ()
    for step in pairwise(stops):
        part = (best[step].id,) if step in best else _over_ports(network, step)
        if part is None:
            return None
        route += part
    return route


def _over_ports(network: Network, step: tuple[int, int]) -> Route | None:
    """Return the way between two nodes that meets no other node."""
    links = tuple(
        link for link in network.links if all(end in step or end >= PORTS for end in (link.source, link.target))
    )
    free = tuple(pair for pair in network.free if all(end in step or end >= PORTS for end in pair))
    return shortest_routes(Network(links, free), step[0]).get(step[1])


def route_latency(links: Sequence[Link], route: Iterable[int]) -> int:
    """Return the cycles of a route, one way."""
    return sum(links[link].latency for link in route)


def all_routes(
    network: Network, nodes: Iterable[int], prescribed: Mapping[tuple[int, int], Sequence[int]]
) -> dict[tuple[int, int], Route]:
    """Return the route of every ordered pair of `nodes`; a way back uses the same links in the other direction.

    `prescribed` maps ordered pairs to all their stops, ends included.
    """
    routes: dict[tuple[int, int], Route] = {}
    points = sorted(nodes)
    for source in points:
        shortest = shortest_routes(network, source)
        for target in (target for target in points if target >= source and target in shortest):
            routes[source, target] = shortest[target]
            routes[target, source] = _back(shortest[target])
    for pair, stops in prescribed.items():
        route = follow(network, stops)
        if route is not None:
            routes[pair] = route
    return routes


def prescribed_stops(spec: MachineDescription, plans: Sequence[NodePlan]) -> dict[tuple[int, int], list[int]]:
    """Return all stops of the routes that the file gives; those for one direction come last."""
    index = node_index(plans)
    found: dict[tuple[int, int], list[int]] = {}
    for route in sorted(spec.routes, key=lambda route: route.one_way):
        stops = [index[stop] for stop in (route.between[0], *route.via, route.between[1])]
        found[stops[0], stops[-1]] = stops
        if not route.one_way:
            found[stops[-1], stops[0]] = stops[::-1]
    return found


def _back(route: Route) -> Route:
    """Return the same links in the other direction: the ids of a pair differ in the last bit."""
    return tuple(link ^ 1 for link in reversed(route))
