"""Idle latencies given as a matrix (`idle_latency`): hops and memories made to add up to the cells.

A node's memory takes what its nearest reader measured, less L3 and directory; the rest of a cell is the way to the home
and back. That is the same way seen from both ends, so of two nodes that measure it differently both get the mean.
Transfers between caches use the same hops.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simslab.machine.description.spec import MachineSpec
    from simslab.machine.timing.cycles import Timing
    from simslab.machine.topology.topology import Topology

Cells = Sequence[Sequence[int | None]]


def apply_matrix(spec: MachineSpec, topology: Topology, timing: Timing) -> Timing:
    """Return `timing` with the latencies of the spec's matrix, or as it is if there is none."""
    if spec.idle_latency is None:
        return timing
    hz = spec.core.frequency
    cells = [[None if cell is None else cell.cycles(hz) for cell in row] for row in spec.idle_latency.dram]
    nodes = range(len(cells))
    fixed = timing.l3 + timing.directory
    nearest = [min((cell for row in cells if (cell := row[node]) is not None), default=fixed) for node in nodes]
    hops = [[_hop(cells, nearest, a, b) for b in nodes] for a in nodes]
    entry = [domain.node for domain in topology.domains]
    return replace(
        timing,
        dram=tuple(near - fixed if node.memory else 0 for near, node in zip(nearest, topology.nodes, strict=True)),
        dram_row_miss=(0,) * len(cells),  # the cells have it in them
        port=(0,) * len(cells),
        ahead=0,
        hop_dn=tuple(tuple(hops[start][node] for node in nodes) for start in entry),
        hop_nd=tuple(tuple(hops[node][end] for end in entry) for node in nodes),
        hop_dd=tuple(tuple(hops[start][end] for end in entry) for start in entry),
        hop_nn=tuple(map(tuple, hops)),
    )


def _hop(cells: Cells, nearest: Sequence[int], a: int, b: int) -> int:
    """Return one direction of the way between two nodes; both together make up the way there and back."""
    known = [cell - nearest[y] for x, y in ((a, b), (b, a)) if (cell := cells[x][y]) is not None]
    if a == b or not known:
        return 0
    both = max(0, sum(known)) // len(known)
    return both // 2 if a < b else both - both // 2
