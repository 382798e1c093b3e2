"""MLC's matrix of idle latencies decomposed into memories and links by least squares, so that hops can be scaled.

A measured cell is its memory's latency and twice the links on the way. Two nodes have a link of their own unless a way
over nearer ones is about as short; then all cells are solved together for links and memories, none negative, and
again while a better way through the links shows. Memory without CPUs hangs at its links and forwards nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final

from simslab.machine.topology.network import Link, Network
from simslab.machine.topology.routing import shortest_routes

if TYPE_CHECKING:
    from simslab.instruments.exchange.mlc import MlcTables

ABOUT: Final = 1.1  # a detour that takes at most so many times the direct way is the way
LEAST: Final = 0.1  # ns of a link
ROUNDS: Final = 8

Pair = tuple[int, int]


@dataclass(frozen=True)
class Decomposition:
    """Latencies in ns: of each link, one way, and of each node's memory, L3 and directory included; relative errors."""

    links: Mapping[Pair, float]
    memories: Mapping[int, float]
    mean_error: float
    worst_error: float
    worst: Pair  # reader and memory
    ways: Mapping[Pair, Sequence[Pair]]  # links between two nodes

    def way(self, a: int, b: int) -> float:
        """Return ns one way between two nodes."""
        return sum(self.links[link] for link in self.ways[a, b])

    @property
    def told(self) -> str:
        """How well the links give the measured cells back, in words."""
        text = f"links and memories by least squares: mean error {self.mean_error:.1%}, worst {self.worst_error:.1%}"
        return f"{text} (node {self.worst[0]} to memory of node {self.worst[1]})"


def decompose(tables: MlcTables) -> Decomposition:
    """Return links and memories whose sums come nearest to the measured latencies."""
    cells = tables.latency
    extra = _extra(tables)
    links = {pair: max(LEAST, extra.get(pair, 0.0) / 2) for pair in _direct(extra, tables)}
    memories = {node: min(cells[reader, node] for reader, to in cells if to == node) for node in tables.memories}
    for _ in range(ROUNDS):
        ways = link_ways(_picoseconds(links), tables)
        links, memories = _solved(cells, links, tables.memories, ways)
        if link_ways(_picoseconds(links), tables) == ways:
            break
    ways = link_ways(_picoseconds(links), tables)
    used = {link for way in ways.values() for link in way}
    links = {pair: ns for pair, ns in links.items() if pair in used}
    _shift_to_memory(links, memories, tables)
    errors = {(a, b): abs(memories[b] + 2 * sum(links[link] for link in ways[a, b]) - ns) / ns
              for (a, b), ns in cells.items()}  # fmt: skip
    worst = max(errors, key=lambda pair: errors[pair])
    return Decomposition(links, memories, fmean(errors.values()), errors[worst], worst, ways)


def _extra(tables: MlcTables) -> dict[Pair, float]:
    """Return, of each pair of nodes that one direction was measured of, what its memory is slower than from nearby."""
    cells = tables.latency
    nearest = {node: min(cells[reader, node] for reader, to in cells if to == node) for node in tables.memories}
    found = {}
    for a, b in combinations(tables.nodes, 2):
        known = [cells[pair] - nearest[pair[1]] for pair in ((a, b), (b, a)) if pair in cells]
        if known:
            found[a, b] = max(0.0, fmean(known))
    return found


def _direct(extra: Mapping[Pair, float], tables: MlcTables) -> list[Pair]:
    """Return the pairs that have a link of their own: those that no way over nearer ones replaces.

    Links between CPUs come first, since memory that hangs at them is reached over them; two nodes with CPUs of whose
    distance nothing is told have one if nothing else joins them.
    """
    nodes, readers = tables.nodes, tables.readers
    way = {(a, b): 0.0 if a == b else math.inf for a in nodes for b in nodes}
    links = []
    unknown = {pair: math.inf for pair in combinations(readers, 2) if pair not in extra}
    told = [*extra.items(), *unknown.items()]

    def inner(pair: Pair) -> bool:
        return pair[0] in readers and pair[1] in readers

    for (a, b), far in sorted(told, key=lambda item: (item[1] == math.inf, not inner(item[0]), item[1], item[0])):
        if way[a, b] <= ABOUT * far and math.isfinite(way[a, b]):
            continue
        links.append((a, b))
        length = far if math.isfinite(far) else 0.0
        for x, y in way:
            for near, other in ((a, b), (b, a)):
                if all(end in readers or end == stop for end, stop in ((near, x), (other, y))):
                    way[x, y] = min(way[x, y], way[x, near] + length + way[other, y])
    return sorted(links)


def link_ways(lengths: Mapping[Pair, int], tables: MlcTables) -> dict[Pair, tuple[Pair, ...]]:
    """Return the links on the shortest way between any two nodes, as the machine will choose it."""
    pairs = list(lengths)
    both = [Link(2 * index + turned, *(pair[::-1] if turned else pair), lengths[pair], 1)
            for index, pair in enumerate(pairs) for turned in (0, 1)]  # fmt: skip
    network = Network(tuple(both), (), ends=frozenset(tables.nodes) - frozenset(tables.readers))
    found = {}
    for source in tables.nodes:
        for target, route in shortest_routes(network, source).items():
            found[source, target] = tuple(pairs[link // 2] for link in route)
    return found


def _picoseconds(links: Mapping[Pair, float]) -> dict[Pair, int]:
    return {pair: round(1000 * ns) for pair, ns in links.items()}


def _shift_to_memory(links: dict[Pair, float], memories: dict[int, float], tables: MlcTables) -> None:
    """Give memory without CPUs what all its links have in common, which its cells cannot tell from its own latency."""
    for node in set(memories) - set(tables.readers):
        own = [pair for pair in links if node in pair]
        common = min(links[pair] for pair in own) - LEAST
        for pair in own:
            links[pair] -= common
        memories[node] += 2 * common


def _solved(
    cells: Mapping[Pair, float],
    links: Mapping[Pair, float],
    memories: Sequence[int],
    ways: Mapping[Pair, Sequence[Pair]],
) -> tuple[dict[Pair, float], dict[int, float]]:
    """Return link and memory latencies, none negative, with the least squares of relative errors.

    A link that no way uses keeps its length.
    """
    import numpy as np
    from scipy.optimize import nnls

    column: dict[Any, int] = {thing: at for at, thing in enumerate([*links, *memories])}
    matrix = np.zeros((len(cells), len(column)))
    for row, ((reader, memory), ns) in enumerate(cells.items()):
        matrix[row, column[memory]] = 1 / ns
        for link in ways[reader, memory]:
            matrix[row, column[link]] += 2 / ns
    solved, _ = nnls(matrix, np.ones(len(cells)))
    used = {link for pair in cells for link in ways[pair]}
    return (
        {link: max(LEAST, float(solved[column[link]])) if link in used else ns for link, ns in links.items()},
        {node: float(solved[column[node]]) for node in memories},
    )
