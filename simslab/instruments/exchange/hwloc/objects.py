"""The objects of lstopo's XML in one spelling for all versions of hwloc, 0.9 to 3.x, and the levels of 1.x."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

SHOWN: Final = 3  # things left out that are told one by one

_OLD_NAMES: Final = {"Socket": "Package", "Node": "NUMANode", "Proc": "PU"}  # before 1.11, before 1.0
_DATA: Final = ("0", "1")  # hwloc's cache_type: unified, data
_DIE_GROUP: Final = "104"  # HWLOC_GROUP_KIND_INTEL_DIE: what 2.0 wrote for a Die
_ABOVE: Final = ("Package", "Die", "Core", "L1", "L2", "L3", "L4", "L5", "MemCache")
_IO: Final = frozenset(["Misc", "Bridge", "PCIDev", "OSDev"])
_PLACES: Final = frozenset(["System", "Machine", "Package", "Die", "Core", "PU", "NUMANode", "MemCache", "Group"])
_TAGS: Final = frozenset(
    ["object", "info", "page_type", "distances", "distances_matrix", "distances2", "distances2hetero", "support",
     "memattr", "memtier", "cpukind", "pci_locality", "userdata"]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """An object with its nearest ancestors by kind, itself included."""

    kind: str
    element: Element
    above: Mapping[str, Element]


def read_places(root: Element) -> Iterator[Place]:
    """Yield all objects from the top down, in the order of the file."""
    waiting: list[tuple[Element, Mapping[str, Element]]] = [(child, {}) for child in reversed(root.findall("object"))]
    while waiting:
        element, above = waiting.pop()
        kind = kind_of(element)
        if kind in _ABOVE:
            above = {**above, kind: element}
        yield Place(kind, element, above)
        waiting += [(child, above) for child in reversed(element.findall("object"))]


def kind_of(element: Element) -> str:
    """Return an object's type in one spelling for all versions: L1 to L5 are data or unified caches."""
    kind = element.get("type", "")
    kind = _OLD_NAMES.get(kind, kind)
    if kind == "Cache" or (kind.endswith("Cache") and kind[:1] == "L" and kind[1:2].isdigit() and len(kind) == 7):
        if subtype_of(element) == "MemorySideCache":  # 1.x and early 2.0: an L3 by its type
            return "MemCache"
        level = element.get("depth") or kind[1:2]
        return f"L{level}" if element.get("cache_type", "0") in _DATA else "instruction cache"
    if kind == "Group" and (element.get("kind") == _DIE_GROUP or subtype_of(element) == "Die"):
        return "Die"
    return kind


def subtype_of(element: Element) -> str:
    """Return what kind of its type an object is: an attribute since 2.0, an info before."""
    return element.get("subtype") or infos(element).get("Type", "")


def infos(element: Element) -> dict[str, str]:
    """Return the <info> of an object by name."""
    return {info.get("name", ""): info.get("value", "") for info in element.findall("info")}


def number_of(element: Element, name: str, default: int | None = None) -> int:
    """Return an attribute that is a whole number; ValueError if it is none."""
    text = element.get(name)
    if text is None and default is not None:
        return default
    try:
        return int(text or "")
    except ValueError as error:
        raise ValueError(f"{name}='{(text or '')[:40]}' of a {element.get('type', 'thing')[:40]}") from error


def bytes_of(element: Element, name: str) -> int | None:
    """Return the bytes in an attribute, None if not told: hwloc writes no 0, and 0.9 wrote kilobytes (`memory_kB`)."""
    for attribute, unit in ((name, 1), ("memory_kB", 1024)):
        if element.get(attribute) is not None:
            value = number_of(element, attribute)
            if value < 0:
                raise ValueError(f"{attribute}='{value}' of a {element.get('type', 'thing')[:40]}")
            return value * unit
    return None


def levels_below(top: Element) -> list[tuple[str, list[Element]]]:
    """Return the levels that hwloc 1.x counts from `top` down (hwloc_connect_levels): a kind and its objects each.

    `top` is level 0. The next level is the kind that no other of the waiting objects has below it.
    """
    levels = [(_level_kind(top), [top])]
    waiting = _normal_children(top)
    while waiting:
        kind = _level_kind(waiting[0])
        for element in waiting[1:]:
            if _level_kind(element) != kind and _holds(element, kind):
                kind = _level_kind(element)
        taken = [element for element in waiting if _level_kind(element) == kind]
        levels.append((kind, taken))
        # In the order of the waiting ones, so that a level keeps the order of the file.
        waiting = [
            below
            for element in waiting
            for below in (_normal_children(element) if _level_kind(element) == kind else [element])
        ]
    return levels


def _normal_children(element: Element) -> list[Element]:
    return [child for child in element.findall("object") if kind_of(child) not in _IO]


def _level_kind(element: Element) -> str:
    """Return what tells levels apart: groups have levels of their own by depth."""
    kind = kind_of(element)
    return f"{kind} {element.get('depth', '')}" if kind == "Group" else kind


def _holds(element: Element, kind: str) -> bool:
    return any(_level_kind(below) == kind for below in element.iter("object") if below is not element)


def unknown_parts(root: Element, places: Sequence[Place]) -> list[str]:
    """Return a note on what no version of hwloc that this reader knows writes, counted, the first three by name."""
    strange: Counter[str] = Counter()
    for place in places:
        cache = place.kind == "instruction cache" or (place.kind[:1] == "L" and place.kind[1:2].isdigit())
        if not cache and place.kind not in _PLACES and place.kind not in _IO:
            strange[f"object of type '{place.kind[:40]}'"] += 1
    for parent in (root, *(place.element for place in places)):
        strange.update(f"<{child.tag[:40]}>" for child in parent if child.tag not in _TAGS)
    if not strange:
        return []
    shown = ", ".join(f"{what} ({times})" for what, times in list(strange.items())[:SHOWN])
    return [f"{strange.total()} unknown parts left out: {shown}{', ...' if len(strange) > SHOWN else ''}"]
