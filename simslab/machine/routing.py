"""Ways through the interconnect: the shortest by latency, or the one the machine file prescribes.

The graph's points are the nodes that have CPUs. Each link of the file is two directed links, since traffic in one
direction does not slow the other.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simslab.machine.spec import LinkSpec


@dataclass(frozen=True, slots=True)
class Link:
    """One direction of a link between two nodes."""

    id: int
    source: int  # node
    target: int  # node
    latency: int  # cycles, one way
    bandwidth: int  # bytes/s


Route = tuple[int, ...]  # link ids in the order travelled


def link_pairs(link: LinkSpec, nodes: Sequence[int]) -> list[tuple[int, int]]:
    """Return the pairs of nodes that a link of the file connects; `nodes` are those that have CPUs."""
    if link.between == "all":
        return [(a, b) for index, a in enumerate(nodes) for b in nodes[index + 1 :]]
    if link.between == "ring":
        closing = [(nodes[-1], nodes[0])] if len(nodes) > 2 else []
        return [*pairwise(nodes), *closing]
    first, second = link.between
    return [(first, second)]


def directed_links(links: Iterable[LinkSpec], nodes: Sequence[int], hz: int) -> list[Link]:
    """Return both directions of every link; the links of a pair have adjacent ids, even and odd."""
    result: list[Link] = []
    for spec in links:
        latency = spec.latency.cycles(hz)
        for pair in link_pairs(spec, nodes):
            for source, target in (pair, pair[::-1]):
                result.append(Link(len(result), source, target, latency, spec.bandwidth))
    return result


def shortest_routes(links: Iterable[Link], source: int) -> dict[int, Route]:
    """Return the route from `source` to every node it reaches: least latency, then fewest hops, then lowest ids."""
    leaving: dict[int, list[Link]] = {}
    for link in links:
        leaving.setdefault(link.source, []).append(link)
    found: dict[int, Route] = {}
    waiting: list[tuple[int, int, Route, int]] = [(0, 0, (), source)]
    while waiting:
        latency, hops, route, node = heapq.heappop(waiting)
        if node in found:
            continue
        found[node] = route
        for link in leaving.get(node, ()):
            if link.target not in found:
                heapq.heappush(waiting, (latency + link.latency, hops + 1, (*route, link.id), link.target))
    return found


def follow(links: Iterable[Link], stops: Sequence[int]) -> Route | None:
    """Return the route through `stops` in order, None if two of them have no link; of several links the fastest."""
    best: dict[tuple[int, int], Link] = {}
    for link in links:
        known = best.get((link.source, link.target))
        if known is None or link.latency < known.latency:
            best[link.source, link.target] = link
    steps = [best.get(step) for step in pairwise(stops)]
    return None if None in steps else tuple(link.id for link in steps if link is not None)


def route_latency(links: Sequence[Link], route: Iterable[int]) -> int:
    """Return the cycles of a route, one way."""
    return sum(links[link].latency for link in route)


def all_routes(
    links: Sequence[Link], nodes: Iterable[int], prescribed: Mapping[tuple[int, int], Sequence[int]]
) -> dict[tuple[int, int], Route]:
    """Return the route of every ordered pair of `nodes`; a way back uses the same links in the other direction.

    `prescribed` maps pairs to all their stops, ends included; it holds for both directions.
    """
    routes: dict[tuple[int, int], Route] = {}
    points = sorted(nodes)
    for source in points:
        shortest = shortest_routes(links, source)
        for target in (target for target in points if target >= source and target in shortest):
            routes[source, target] = shortest[target]
            routes[target, source] = _back(shortest[target])
    for (source, target), stops in prescribed.items():
        route = follow(links, stops)
        if route is not None:
            routes[source, target] = route
            routes[target, source] = _back(route)
    return routes


def _back(route: Route) -> Route:
    """Return the same links in the other direction: the ids of a pair differ in the last bit."""
    return tuple(link ^ 1 for link in reversed(route))
