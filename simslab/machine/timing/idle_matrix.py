"""Idle latencies given as a matrix (`idle_latency`): hops and memories made to add up to the cells.

A node's memory takes what its nearest reader measured, less L3 and directory; the rest of a cell is the way to the home
and back. That is the same way seen from both ends, so of two nodes that measure it differently both get the mean.
Transfers between caches use the same hops.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simslab.machine.timing.paths import Hops

if TYPE_CHECKING:
    from simslab.machine.description.interconnect import IdleLatencySpec
    from simslab.machine.topology.topology import Topology

Cells = Sequence[Sequence[int | None]]


@dataclass(frozen=True)
class MatrixTimes:
    """What a matrix of idle latencies says of memories and ways, in cycles."""

    latency: tuple[int, ...]  # [node] of its memory, 0 without
    hops: Hops


def matrix_times(matrix: IdleLatencySpec, topology: Topology, hz: int, fixed: int) -> MatrixTimes:
    """Return the latencies and hops of a matrix; `fixed` cycles of every cell are L3 and directory."""
    cells = [[None if cell is None else cell.cycles(hz) for cell in row] for row in matrix.dram]
    nodes = range(len(cells))
    nearest = [min((cell for row in cells if (cell := row[node]) is not None), default=fixed) for node in nodes]
    hops = [[_hop(cells, nearest, a, b) for b in nodes] for a in nodes]
    entry = [domain.node for domain in topology.domains]
    return MatrixTimes(
        tuple(near - fixed if node.memory else 0 for near, node in zip(nearest, topology.nodes, strict=True)),
        Hops(
            dn=tuple(tuple(hops[start][node] for node in nodes) for start in entry),
            nd=tuple(tuple(hops[node][end] for end in entry) for node in nodes),
            dd=tuple(tuple(hops[start][end] for end in entry) for start in entry),
            nn=tuple(map(tuple, hops)),
        ),
    )


def _hop(cells: Cells, nearest: Sequence[int], a: int, b: int) -> int:
    """Return one direction of the way between two nodes; both together make up the way there and back."""
    known = [cell - nearest[y] for x, y in ((a, b), (b, a)) if (cell := cells[x][y]) is not None]
    if a == b or not known:
        return 0
    both = max(0, sum(known)) // len(known)
    return both // 2 if a < b else both - both // 2
