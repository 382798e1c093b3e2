"""Machines made larger in one word: `nodes: 8` and `links: torus 4x2` written out over what stood there.

`nodes: 8` over a machine with one package, die or CCX a node gives it so many nodes like its first; SLIT, routes and
CPU numbers of the smaller machine go, and its one link becomes one between all. `links: ring` keeps the latency and
bandwidth of the first link. What a file or override says itself stays: a SLIT that is set is kept, whichever comes
first.
"""

from __future__ import annotations

from typing import Final

from simslab.base.documents.document import Document, Plain
from simslab.base.errors import UserErrors
from simslab.machine.description.interconnect import SHAPES_TOLD, is_shape

MOST: Final = 64
OF_THE_PLACE: Final = ("id", "name", "package", "die", "cpus", "position", "positions")  # not taken over


def scale_out(document: Document) -> None:
    """Write out `nodes: N` and `links: SHAPE` of a machine's document; UserErrors where the machine says too little."""
    value = document.value
    if not isinstance(value, dict):
        return
    nodes, links = value.get("nodes"), value.get("links")
    if isinstance(nodes, int) and not isinstance(nodes, bool):
        _nodes(document, value, nodes)
    elif isinstance(nodes, str):
        raise _refused(document, f"'{nodes}' is no number of nodes", f"1 to {MOST}, or a list of nodes")
    if isinstance(links, str):
        _links(document, value, links)


def _nodes(document: Document, value: dict[str | int, Plain], count: int) -> None:
    base = document.replaced.get(("nodes",))
    if not 1 <= count <= MOST:
        raise _refused(document, f"{count} nodes", f"1 to {MOST}, or a list of nodes")
    if not isinstance(base, list) or not base:
        told = "a number of nodes says nothing of what they are"
        raise _refused(document, told, "a list, or a machine that this one extends with nodes of its own")
    if value.get("idle_latency") is not None:
        told = "the latencies are a table of the nodes that there are (idle_latency)"
        raise _refused(document, told, "a machine with links: `simslab import mlc --links`")
    entry = _pattern(document, base)
    per_package = _per_package(value, str(entry["each"]))
    if count % per_package:
        told = f"a package has {per_package} nodes"
        raise _refused(document, told, f"a multiple of {per_package}")
    layout = value.setdefault("layout", {})
    if isinstance(layout, dict):
        layout["packages"] = count // per_package
        layout.pop("cpu_numbers", None)
    value["nodes"] = [entry]
    value.pop("measured_as", None)
    _drop_figures(document, value, "nodes")
    _follow(value, count)


def _pattern(document: Document, base: list[Plain]) -> dict[str | int, Plain]:
    """Return the entry that stands for all nodes: what all entries of `base` say alike."""
    entries = [{key: part for key, part in entry.items() if key not in OF_THE_PLACE} for entry in base
               if isinstance(entry, dict)]  # fmt: skip
    first = entries[0] if entries else {}
    if len(entries) < len(base) or any(entry != first for entry in entries) or "root_port" in first:
        told = "the machine's nodes are not alike: which of them would there be more of"
        raise _refused(document, told, "a list of nodes, and layout.packages")
    return {"each": "package", **first}


def _per_package(value: dict[str | int, Plain], each: str) -> int:
    """Return how many nodes a package has; 1 where the layout says what no layout may, which is told of later."""
    layout = value.get("layout")
    dies, ccxs = (_count(layout.get(key, 1)) if isinstance(layout, dict) else 1 for key in ("dies", "ccxs"))
    return {"package": 1, "die": dies, "ccx": dies * ccxs}.get(each, 1)


def _count(value: Plain) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 1


def _follow(value: dict[str | int, Plain], count: int) -> None:
    """Let the links lead to so many nodes: a shape does, one link becomes one between all; more the user has to say."""
    links = value.get("links")
    entries = [link for link in links if isinstance(link, dict)] if isinstance(links, list) else []
    if count == 1:
        value["links"] = []
    elif len(entries) == 1 and not is_shape(entries[0].get("between")):
        value["links"] = [{**entries[0], "between": "all"}]


def _links(document: Document, value: dict[str | int, Plain], shape: str) -> None:
    base = document.replaced.get(("links",))
    first = base[0] if isinstance(base, list) and base and isinstance(base[0], dict) else None
    if not is_shape(shape):
        raise _refused(document, f"'{shape}' is no shape of links", f"a list, or {SHAPES_TOLD}", at="links")
    if first is None:
        expected = f"a list such as [{{between: {shape}, latency: 30 ns, bandwidth: 30 GB/s}}]"
        raise _refused(document, f"'{shape}' says nothing of latency and bandwidth", expected, at="links")
    value["links"] = [{**first, "between": shape}]
    _drop_figures(document, value, "links")


def _drop_figures(document: Document, value: dict[str | int, Plain], because_of: str) -> None:
    """Leave out distances and routes that stood there before `because_of` was said."""
    said = _order(document, because_of)
    for key in ("distances", "routes"):
        if key in value and _order(document, key) > said:
            del value[key]


def _order(document: Document, key: str) -> int:
    """Return how far from the last word a part was said: overrides, this file, the one it extends, ..."""
    file = document.position((key,)).file
    files = [document.file, *document.bases]
    return -1 if file.startswith("--set ") else files.index(file) if file in files else len(files)


def _refused(document: Document, message: str, expected: str, at: str = "nodes") -> UserErrors:
    return UserErrors([document.problem(message, (at,), expected=expected)])
