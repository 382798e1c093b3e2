"""Where each node's memory lies in the physical address space: one after another, in whole sections.

Not modelled: the holes that firmware leaves (below 1 MiB, PCI below 4 GiB), nodes whose memory is not contiguous.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

SECTION_SHIFT: Final = 27  # 128 MiB, x86-64 (arch/x86/include/asm/sparsemem.h: SECTION_SIZE_BITS)
SECTION_BYTES: Final = 1 << SECTION_SHIFT


def sections(memory: int) -> int:
    """Return how many sections `memory` bytes need."""
    return (memory + SECTION_BYTES - 1) >> SECTION_SHIFT


def node_bases(memory: Sequence[int]) -> list[int]:
    """Return the physical address of each node's memory; a node without has the base of the next one."""
    bases: list[int] = []
    section = 0
    for node_bytes in memory:
        bases.append(section << SECTION_SHIFT)
        section += sections(node_bytes)
    return bases


def section_nodes(memory: Sequence[int]) -> list[int]:
    """Return the node of every section, by section number (physical address >> SECTION_SHIFT)."""
    return [node for node, node_bytes in enumerate(memory) for _ in range(sections(node_bytes))]
