"""Which nodes and CPUs there are (include/linux/nodemask.h, drivers/base/node.c)."""

from __future__ import annotations

from collections.abc import Sequence


class NodeMask:
    """A set of nodes in ascending order. Not modelled: node hotplug."""

    def __init__(self, nodes: Sequence[int]) -> None:
        self.nodes = sorted(nodes)

    def next_node_in(self, node: int) -> int:
        """The next node after `node`, the first after the last."""
        return next_node_in(node, self.nodes)


def next_node_in(node: int, nodes: Sequence[int]) -> int:
    """The next of `nodes` after `node`, the first after the last (include/linux/nodemask.h: next_node_in)."""
    return min((nid for nid in nodes if nid > node), default=min(nodes))


def local_memory_node(zonelist: Sequence[int]) -> int:
    """The nearest node with memory, given a node's zonelist (mm/page_alloc.c: local_memory_node)."""
    return zonelist[0]
