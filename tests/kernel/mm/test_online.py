from simslab.kernel.mm.online import NodeMask, local_memory_node, next_node_in


def test_nodes_are_walked_in_a_circle_whatever_their_order() -> None:
    mask = NodeMask([4, 0, 2])
    assert [mask.next_node_in(node) for node in (0, 1, 2, 4, 9)] == [2, 2, 4, 0, 0]


def test_the_next_of_some_nodes_need_not_be_given_in_order() -> None:
    assert [next_node_in(node, (4, 0, 2)) for node in (-1, 0, 3, 4)] == [0, 2, 4, 0]


def test_a_node_without_memory_uses_the_nearest_that_has_some() -> None:
    assert local_memory_node([3, 1]) == 3
