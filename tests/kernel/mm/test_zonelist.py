"""Orders measured on real kernels (golden/topology-*.json)."""

import pytest

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


def test_a_memoryless_node_is_in_no_list() -> None:
    orders = node_orders(FOUR, [True, False, True, True], [True] * 4)
    assert all(1 not in order for order in orders)
    assert orders[1][0] == 3
