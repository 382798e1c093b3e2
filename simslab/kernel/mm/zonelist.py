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
    """One node's order (build_zonelists); adds to `node_load`, so that the next node breaks ties otherwise."""
    load = len(distance)
    order = [local_node]
    load -= 1
    while len(order) < len(distance):
        node = find_next_best_node(local_node, order, distance, has_memory, has_cpus, node_load)
        if node < 0:
            break
        if distance[local_node][node] != distance[local_node][order[-1]]:
            node_load[node] = load
        order.append(node)
        load -= 1
    return order


def find_next_best_node(
    node: int,
    used: Sequence[int],
    distance: Sequence[Sequence[int]],
    has_memory: Sequence[bool],
    has_cpus: Sequence[bool],
    node_load: Sequence[int],
) -> int:
    """The nearest unused node with memory, by distance, then number, CPUs and load; -1 when none is left."""
    nodes = len(distance)
    best, least = -1, 0
    for n in range(nodes):
        if not has_memory[n] or n in used:
            continue
        value = distance[node][n] + (n < node) + PENALTY_FOR_NODE_WITH_CPUS * has_cpus[n]
        value = value * nodes * max(MIN_MAX_NUMNODES, nodes) + node_load[n]
        if best < 0 or value < least:
            best, least = n, value
    return best
