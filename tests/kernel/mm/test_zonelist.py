"""Orders measured on real kernels (golden/topology-*.json)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simslab.kernel.mm.zonelist import node_orders

FOUR = [[10, 16, 16, 22], [16, 10, 22, 16], [16, 22, 10, 16], [22, 16, 16, 10]]
MEMORY_ONLY = [[10, 21, 30], [21, 10, 25], [30, 25, 10]]


@pytest.mark.parametrize(
    ("distance", "cpus", "orders"),
    [
        ([[10]], [True], [[0]]),
        ([[10, 20], [20, 10]], [True] * 2, [[0, 1], [1, 0]]),
        (MEMORY_ONLY, [True, True, False], [[0, 1, 2], [1, 0, 2], [2, 1, 0]]),
        (FOUR, [True] * 4, [[0, 1, 2, 3], [1, 3, 0, 2], [2, 3, 0, 1], [3, 1, 2, 0]]),
    ],
)
def test_nodes_are_tried_in_the_real_kernels_order(
    distance: list[list[int]], cpus: list[bool], orders: list[list[int]]
) -> None:
    assert node_orders(distance, [True] * len(distance), cpus) == orders


def find_next_best_node(node, used, distance, memory, cpus, load):
    """mm/page_alloc.c: find_next_best_node, which looks at all nodes for each one that it finds."""
    nodes = len(distance)
    best, least = -1, 0
    for n in range(nodes):
        if memory[n] and n not in used:
            value = (distance[node][n] + (n < node) + cpus[n]) * nodes * max(16, nodes) + load[n]
            if best < 0 or value < least:
                best, least = n, value
    return best


def searched(distance, memory, cpus):
    """Orders by one search for each entry, as mm/page_alloc.c makes them (build_zonelists)."""
    node_load, orders = [0] * len(distance), []
    for node in range(len(distance)):
        load, order = len(distance) - 1, [node]
        while (best := find_next_best_node(node, order, distance, memory, cpus, node_load)) >= 0:
            if distance[node][best] != distance[node][order[-1]]:
                node_load[best] = load
            order.append(best)
            load -= 1
        orders.append([n for n in order if memory[n]])
    return orders


@given(st.data())
def test_orders_are_those_of_one_search_for_each_node(data):
    nodes = data.draw(st.integers(1, 20))
    distance = [[data.draw(st.integers(10, 14)) for _ in range(nodes)] for _ in range(nodes)]
    memory = [data.draw(st.booleans()) for _ in range(nodes)]
    cpus = [data.draw(st.booleans()) for _ in range(nodes)]
    assert node_orders(distance, memory, cpus) == searched(distance, memory, cpus)


def test_a_memoryless_node_is_in_no_list() -> None:
    orders = node_orders(FOUR, [True, False, True, True], [True] * 4)
    assert all(1 not in order for order in orders)
    assert orders[1][0] == 3
