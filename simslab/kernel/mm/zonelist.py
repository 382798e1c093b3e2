"""The order in which nodes are tried when memory is short (mm/page_alloc.c: build_zonelists and below)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

MIN_MAX_NUMNODES: Final = 16
PENALTY_FOR_NODE_WITH_CPUS: Final = 1


def node_orders(
    distance: Sequence[Sequence[int]], has_memory: Sequence[bool], has_cpus: Sequence[bool]
) -> list[list[int]]:
    """For each node all nodes with memory, nearest first; equal distances are shared out among the nodes.

    A memoryless node's own list does not contain itself.
    """
    nodes = len(distance)
    node_load = [0] * nodes
    orders = []
    for node in range(nodes):
        order = _build_zonelists(node, distance, has_memory, has_cpus, node_load)
        orders.append([n for n in order if has_memory[n]])
    return orders


def _build_zonelists(
    local_node: int,
    distance: Sequence[Sequence[int]],
    has_memory: Sequence[bool],
    has_cpus: Sequence[bool],
    node_load: list[int],
) -> list[int]:
    """One node's order (build_zonelists); adds to `node_load`, so that the next node breaks ties otherwise.

    Speed: the loads of nodes that are not in the order yet stay as they are while it is made; sorting once finds what
    find_next_best_node does in as many searches as there are nodes (benchmarks/boot.py).
    """
    load = len(distance)
    order = [local_node]
    others = [n for n in range(len(distance)) if has_memory[n] and n != local_node]
    for node in sorted(others, key=_values(local_node, distance[local_node], has_cpus, node_load).__getitem__):
        load -= 1
        if distance[local_node][node] != distance[local_node][order[-1]]:
            node_load[node] = load
        order.append(node)
    return order


def _values(node: int, distance: Sequence[int], has_cpus: Sequence[bool], node_load: Sequence[int]) -> list[int]:
    """How far each node is from `node`: by distance, then number, CPUs and load (find_next_best_node)."""
    nodes = len(distance)
    scale = nodes * max(MIN_MAX_NUMNODES, nodes)
    return [
        (distance[n] + (n < node) + PENALTY_FOR_NODE_WITH_CPUS * has_cpus[n]) * scale + node_load[n]
        for n in range(nodes)
    ]
