"""The distances between NUMA nodes in lstopo's XML: <distances2> of hwloc 2 and later, <distances> of 1.x.

Files hold tables of other objects, too (packages, PUs, GPUs), and of bandwidths. In 1.x a table tells by its level
below the object that holds it what it is about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isqrt
from typing import TYPE_CHECKING, Final

from simslab.instruments.exchange.hwloc.objects import levels_below

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

FROM_SYSTEM: Final = 1  # hwloc_distances_kind_e: FROM_OS
LATENCY: Final = 4  # MEANS_LATENCY
LOCAL: Final = 10
FAR: Final = 255

Known = dict[tuple[int, int], int]


def read_distances(root: Element, objects: Sequence[Element], notes: list[str]) -> Known:
    """Return distances by pair of node numbers, none if they are not told.

    As the kernel does (slit_valid), a table is refused whole if a node is not 10 from itself or not more from others.
    Of several tables the first that can be used counts, one of the system's before a user's.
    """
    refused = False
    for known in (*_new_tables(root, objects), *_old_tables(objects, notes)):
        if _is_slit(known):
            return {pair: min(FAR, value) for pair, value in known.items()}
        refused = True
    if refused:
        notes.append(
            "the distances told are not 10 for a node itself and more for others: left out, as the kernel does"
        )
    return {}


def _is_slit(known: Known) -> bool:
    return all((a == b) == (value == LOCAL) and value >= LOCAL for (a, b), value in known.items())


# -- hwloc 2 and later -------------------------------------------------------------------------------------------------


def _new_tables(root: Element, objects: Sequence[Element]) -> Iterator[Known]:
    tables = [
        (not kind & FROM_SYSTEM, table)
        for table in root.findall("distances2")
        if table.get("type") == "NUMANode" and (kind := int(table.get("kind", "0"))) & LATENCY
    ]
    by_index = {element.get("id", "").removeprefix("obj") or element.get("gp_index"): element for element in objects}
    numbers = {index: int(element.get("os_index", "0")) for index, element in by_index.items()}
    for _, table in sorted(tables, key=lambda pair: pair[0]):
        yield _new(table, numbers)


def _new(table: Element, by_index: dict[str | None, int]) -> Known:
    indexes = _words(table, "indexes")
    values = [round(float(word)) for word in (*_words(table, "u64values"), *_words(table, "floats"))]
    size = len(indexes)
    if len(values) != size * size or int(table.get("nbobjs", size)) != size:
        raise ValueError(f"{len(values)} distances of {size} nodes")
    by_os = table.get("indexing", "os") == "os"
    numbers = [int(word) if by_os else by_index[word] for word in indexes if by_os or word in by_index]
    if len(numbers) != size:
        raise ValueError("distances of a node that is not there")
    return _pairs(numbers, values)


def _words(table: Element, tag: str) -> list[str]:
    return [word for part in table.findall(tag) for word in (part.text or "").split()]


# -- hwloc 1.x ---------------------------------------------------------------------------------------------------------


def _old_tables(objects: Sequence[Element], notes: list[str]) -> Iterator[Known]:
    """Yield the tables about nodes; of those that hwloc 2 wrote for 1.x also the ones that may be."""
    doubtful: list[tuple[bool, list[int], Element]] = []
    for holder in objects:
        tables = [*holder.findall("distances"), *holder.findall("distances_matrix")]
        levels = levels_below(holder) if tables else []
        nodes = [int(member.get("os_index", "0")) for kind, of in levels if kind == "NUMANode" for member in of]
        for table in tables:
            depth = int(table.get("relative_depth", "-1"))
            of_nodes = len(_cells(table)) == len(nodes) ** 2
            if of_nodes and _written_by_2(table):
                doubtful.append((depth != _depth_by_2(levels), nodes, table))
            elif of_nodes and 0 <= depth < len(levels) and levels[depth][0] == "NUMANode":
                yield _old(table, nodes)
            elif not _of_others(table, depth, levels):
                notes.append(_left_out(table, depth, levels, len(nodes)))
    for unsure, nodes, table in sorted(doubtful, key=lambda entry: entry[0]):
        known = _old(table, nodes)
        if known and _is_slit(known):
            if unsure:
                notes.append("which objects the distances are of is not sure: the first table that can be the nodes'")
            yield known


def _written_by_2(table: Element) -> bool:
    """Tell whether hwloc 2 wrote the table for 1.x, which divided by the smallest value; it counts levels otherwise."""
    values = [float(cell.get("value", "0")) for cell in _cells(table)]
    return float(table.get("latency_base", "1")) == 1.0 and min(values, default=1.0) >= LOCAL


def _of_others(table: Element, depth: int, levels: Sequence[tuple[str, Sequence[Element]]]) -> bool:
    """Whether a table is of the objects of a level that are no nodes; hwloc 2 counts levels otherwise."""
    if _written_by_2(table) or not 0 <= depth < len(levels):
        return False
    kind, members = levels[depth]
    return kind != "NUMANode" and len(members) ** 2 == len(_cells(table))


def _left_out(table: Element, depth: int, levels: Sequence[tuple[str, Sequence[Element]]], nodes: int) -> str:
    """Return why a table is left out: its cells, the number of its objects, or its level."""
    cells = len(_cells(table))
    objects = int(table.get("nbobjs", isqrt(cells)))
    if cells != objects**2:
        return f"a table of distances is left out: it has {cells} cells for {objects} objects"
    if objects != nodes:
        return f"a table of distances of {objects} objects is left out: the file has {nodes} nodes for it"
    if 0 <= depth < len(levels):
        told = f"level {depth}, which it is of, has {len(levels[depth][1])}"
    else:
        told = f"it is of level {depth}, the last that the file has is {len(levels) - 1}"
    return f"a table of distances of {objects} objects is left out: {told}"


def _depth_by_2(levels: Sequence[tuple[str, Sequence[Element]]]) -> int:
    """Return the level that hwloc 2 tells for nodes: that of the lowest object which has memory, as 1.x has it."""
    below = {
        id(child)
        for kind, members in levels
        if kind == "NUMANode"
        for member in members
        for child in member.findall("object")[:1]
    }
    return max((depth for depth, (_, members) in enumerate(levels) if {id(m) for m in members} & below), default=-1)


def _cells(table: Element) -> list[Element]:
    return [*table.findall("latency"), *table.findall("distance")]


def _old(table: Element, nodes: Sequence[int]) -> Known:
    """Values are relative to `latency_base` there."""
    base = float(table.get("latency_base", "1"))
    values = [round(float(cell.get("value", "0")) * base) for cell in _cells(table)]
    if len(values) != len(nodes) ** 2:
        raise ValueError(f"{len(values)} distances of {len(nodes)} nodes")
    return _pairs(nodes, values)


def _pairs(numbers: Sequence[int], values: Sequence[int]) -> Known:
    return {(a, b): values[i * len(numbers) + j] for i, a in enumerate(numbers) for j, b in enumerate(numbers)}
