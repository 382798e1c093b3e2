"""The distances between NUMA nodes in lstopo's XML: <distances2> of hwloc 2 and later, <distances> of 1.x."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LATENCY_OF_SYSTEM: Final = 1 | 4  # hwloc_distances_kind_e: FROM_OS, MEANS_LATENCY
LATENCY: Final = 4
LOCAL: Final = 10
FAR: Final = 255

Known = dict[tuple[int, int], int]


def read_distances(root: Element, objects: Sequence[Element], nodes: Sequence[int]) -> tuple[Known, str]:
    """Return distances by pair of node numbers, none if they are not told, and a note if they cannot be used.

    As the kernel does (slit_valid), a table is refused whole if a node is not 10 from itself or not more from others.
    """
    by_index = {element.get("gp_index"): int(element.get("os_index", "0")) for element in objects}
    known: Known = {}
    for table in root.iter("distances2"):
        if table.get("type") == "NUMANode" and int(table.get("kind", "0")) & LATENCY and not known:
            known = _new(table, by_index)
    for table in root.iter("distances"):
        if not known and int(table.get("nbobjs", "0")) == len(nodes):
            known = _old(table, nodes)
    if any((a == b) != (value == LOCAL) or value < LOCAL for (a, b), value in known.items()):
        return {}, "the distances told are not 10 for a node itself and more for others: left out, as the kernel does"
    return {pair: min(FAR, value) for pair, value in known.items()}, ""


def _new(table: Element, by_index: dict[str | None, int]) -> Known:
    indexes = [word for part in table.findall("indexes") for word in (part.text or "").split()]
    values = [int(word) for part in table.findall("u64values") for word in (part.text or "").split()]
    size = len(indexes)
    if len(values) != size * size or int(table.get("nbobjs", size)) != size:
        raise ValueError(f"{len(values)} distances of {size} nodes")
    by_os = table.get("indexing", "os") == "os"
    numbers = [int(word) if by_os else by_index[word] for word in indexes if by_os or word in by_index]
    if len(numbers) != size:
        raise ValueError("distances of a node that is not there")
    return _pairs(numbers, values)


def _old(table: Element, nodes: Sequence[int]) -> Known:
    """Values are relative to `latency_base` there."""
    base = float(table.get("latency_base", "1"))
    values = [round(float(cell.get("value", "0")) * base) for cell in table.findall("latency")]
    if len(values) != len(nodes) ** 2:
        raise ValueError(f"{len(values)} distances of {len(nodes)} nodes")
    return _pairs(nodes, values)


def _pairs(numbers: Sequence[int], values: Sequence[int]) -> Known:
    return {(a, b): values[i * len(numbers) + j] for i, a in enumerate(numbers) for j, b in enumerate(numbers)}
