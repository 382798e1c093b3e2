"""Which nodes and CPUs there are (include/linux/nodemask.h, drivers/base/node.c)."""

from __future__ import annotations

from collections.abc import Sequence


class NodeMask:
    """A set of nodes in ascending order. Not modelled: node hotplug."""

    def __init__(self, nodes: Sequence[int]) -> None:
        self.nodes = sorted(nodes)

    def first_node(self) -> int:
        """Lowest node."""
        return self.nodes[0]

    def next_node_in(self, node: int) -> int:
        """The next node after `node`, or the first after the last (next_node_in)."""
        return next((n for n in self.nodes if n > node), self.nodes[0])


def local_memory_node(zonelist: Sequence[int]) -> int:
    """The nearest node with memory, given a node's zonelist (mm/page_alloc.c: local_memory_node)."""
    return zonelist[0]
