"""Where the kernel puts its own data before any allocator runs (mm/memblock.c, arch/x86/kernel/setup_percpu.c).

Each node's memory, from its top down: the memory map (struct page of its own pages), the per-CPU areas of the CPUs it
is nearest to, its pglist_data, and on the first node with memory the static data of the kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from simslab.base.errors import UserError
from simslab.kernel import layout
from simslab.kernel.layout import SECTION_SHIFT
from simslab.kernel.mm.page import MemMap

if TYPE_CHECKING:
    from simslab.machine.topology.topology import Topology

BOOT_DATA_BYTES: Final = 256 << 10


class BootMemory:
    """Takes memory from the top of nodes, page by page (memblock_alloc_node)."""

    def __init__(self, topology: Topology) -> None:
        self.base = [node.base for node in topology.nodes]
        self.end = [node.base + node.memory for node in topology.nodes]
        self.top = list(self.end)
        self.number = [node.number for node in topology.nodes]

    def take(self, nid: int, size: int) -> int:
        """Return the simulated address of `size` bytes, page aligned, at the present top of node `nid`."""
        self.top[nid] -= -(-size // layout.PAGE_SIZE) * layout.PAGE_SIZE
        if self.top[nid] < self.base[nid]:
            raise UserError(
                f"node {self.number[nid]} has too little memory for the kernel's own data",
                path="nodes",
                expected="more memory, or none (memory: 0)",
            )
        return self.top[nid]

    def pages(self, nid: int) -> tuple[int, int, int]:
        """(first pfn, pfn behind the last, first reserved pfn) of a node."""
        shift = layout.PAGE_SHIFT
        return self.base[nid] >> shift, self.end[nid] >> shift, self.top[nid] >> shift


def make_mem_map(topology: Topology, memory: BootMemory, stride: int = layout.PAGE_STRIDE) -> MemMap:
    """Reserve every node's memory map, `stride` bytes a page, and return the map of the whole machine."""
    section_map = [0] * len(topology.section_node)
    for nid in nodes_with_memory(topology):
        first, last, _ = memory.pages(nid)
        address = memory.take(nid, (last - first) * stride)
        for section in range(first >> SECTION_SHIFT, ((last - 1) >> SECTION_SHIFT) + 1):
            section_map[section] = address - first * stride
    return MemMap(len(section_map) << SECTION_SHIFT, list(topology.section_node), section_map, stride)


def nodes_with_memory(topology: Topology) -> list[int]:
    """Nodes with memory, ascending (N_MEMORY)."""
    return [node.id for node in topology.nodes if node.memory > 0]


def percpu_areas(memory: BootMemory, nearest: Sequence[int], unit: int) -> list[int]:
    """Reserve `unit` bytes for each CPU on its nearest node with memory; returns their addresses.

    Not modelled: memblock gives CPUs of a node without memory the highest address of all, whichever node has that.
    """
    return [memory.take(nid, unit) for nid in nearest]
