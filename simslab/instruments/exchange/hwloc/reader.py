"""lstopo's XML (hwloc 1.x to 3.x) read into a `FoundMachine`.

Where things are is taken from cpusets and from the nesting of packages, dies, caches and cores, never from Groups,
which follow no rule. Since hwloc 2 memory hangs beside the CPUs instead of above them; cpusets read the same in both.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simslab.base.errors import UserError
from simslab.instruments.exchange.found import FoundCache, FoundCore, FoundMachine, FoundNode
from simslab.instruments.exchange.hwloc.bitmap import parse_bitmap
from simslab.instruments.exchange.hwloc.distances import read_distances
from simslab.instruments.exchange.hwloc.nodes import Memory, assign_cpus
from simslab.instruments.exchange.xml_input import read_xml

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

EXPECTED: Final = "a file that lstopo wrote (lstopo FILE.xml)"
OURS: Final = "simslab."  # prefix of the infos that our export adds

_OLD_NAMES: Final = {"Socket": "Package", "Node": "NUMANode"}
_DATA: Final = ("0", "1")  # hwloc's cache_type: unified, data
_ABOVE: Final = ("Package", "Die", "Core", "L1", "L2", "L3", "MemCache")


@dataclass(frozen=True, slots=True)
class Place:
    """An object with its nearest ancestors by kind, itself included."""

    kind: str
    element: Element
    above: Mapping[str, Element]


def read_hwloc(path: Path) -> FoundMachine:
    """Return the machine in an lstopo XML file; UserError if there is none in it."""
    root = read_xml(path, EXPECTED)
    if root.tag not in ("topology", "root"):
        raise UserError(f"holds <{root.tag[:40]}>, not <topology>", file=str(path), expected=EXPECTED)
    try:
        return _Reader(root, path).machine()
    except ValueError as error:
        raise UserError(f"holds a bad value: {error}", file=str(path), expected=EXPECTED) from error


def infos(element: Element) -> dict[str, str]:
    """Return the <info> of an object by name."""
    return {info.get("name", ""): info.get("value", "") for info in element.findall("info")}


class _Reader:
    def __init__(self, root: Element, path: Path) -> None:
        self.root = root
        self.path = path
        self.notes: list[str] = []
        self.places = list(_places(root))
        machines = [place.element for place in self.places if place.kind == "Machine"]
        if len(machines) > 1:
            raise UserError(f"holds {len(machines)} machines", file=str(path), expected="one machine")
        if not machines:
            raise UserError("holds no machine", file=str(path), expected=EXPECTED)
        self.top = machines[0]
        self.numbers: dict[int, int] = {}  # of elements, by identity

    def machine(self) -> FoundMachine:
        units = self._units()
        cpus = frozenset(number for number, _ in units)
        memories = self._memories(cpus)
        bits = {number: self._set(place.element, "complete_nodeset") for number, place in units}
        nodes = assign_cpus(cpus, memories, bits, {number: self._package(place) for number, place in units})
        ours = {name[len(OURS) :]: value for name, value in infos(self.top).items() if name.startswith(OURS)}
        named = infos(self.top)
        product = " ".join((named.get("DMIProductName") or named.get("DMIBoardName") or "").split())
        model = next((infos(p.element)["CPUModel"] for p in self.places if "CPUModel" in infos(p.element)), "")
        return FoundMachine(
            source="hwloc",
            name=_json(ours.pop("name", json.dumps(self.path.stem))),
            description=", ".join(" ".join(text.split()) for text in (product, model) if text.strip()),
            cores=self._cores(units),
            nodes=nodes,
            distances=self._distances(nodes),
            caches=self._caches(units),
            sections={name: _json(value) for name, value in ours.items()},
            whole=bool(ours),
            notes=self.notes,
        )

    def _units(self) -> list[tuple[int, Place]]:
        """Return the CPUs that the reader may use, by number."""
        found = {_number(place.element, "os_index"): place for place in self.places if place.kind == "PU"}
        if not found:
            raise UserError("holds no CPU", file=str(self.path), expected=EXPECTED)
        allowed = self._set(self.top, "allowed_cpuset") or found.keys()
        usable = {number: place for number, place in found.items() if number in allowed} or found
        if len(usable) < len(found):
            self.notes.append(f"{len(found) - len(usable)} disallowed CPUs are left out")
        return sorted(usable.items())

    def _memories(self, cpus: frozenset[int]) -> list[Memory]:
        allowed = self._set(self.top, "allowed_nodeset")
        places = [place for place in self.places if place.kind == "NUMANode"]
        memories = []
        for place in places:
            number = _number(place.element, "os_index", 0)
            usable = not allowed or number in allowed
            if not usable:
                self.notes.append(f"node {number} is disallowed: its memory is left out")
            near = self._set(place.element, "cpuset") & cpus
            side = place.above.get("MemCache")
            memories.append(
                Memory(
                    number=number,
                    near=near,
                    memory=_memory(place.element) if usable else 0,
                    usable=usable,
                    ordinary=place.element.get("subtype", "DRAM") == "DRAM",
                    side_cache=0 if side is None else _number(side, "cache_size", 0),
                    extra=_extra(place.element),
                )
            )
        if not memories:
            memories = [Memory(0, cpus, _memory(self.top), True, True, 0, {})]
        return memories

    def _cores(self, units: Sequence[tuple[int, Place]]) -> list[FoundCore]:
        threads: dict[int, list[tuple[int, Place]]] = {}
        for number, place in units:
            key = self._id(place.above.get("Core", place.element))
            threads.setdefault(key, []).append((number, place))
        return [
            FoundCore(
                cpus=tuple(number for number, _ in own),
                package=self._package(own[0][1]),
                die=self._id(own[0][1].above["Die"]) if "Die" in own[0][1].above else -1,
                domain=self._id(own[0][1].above["L3"]) if "L3" in own[0][1].above else -1,
            )
            for own in threads.values()
        ]

    def _package(self, place: Place) -> int:
        return self._id(place.above["Package"]) if "Package" in place.above else -1

    def _id(self, element: Element) -> int:
        return self.numbers.setdefault(id(element), len(self.numbers))

    def _caches(self, units: Sequence[tuple[int, Place]]) -> dict[str, FoundCache]:
        found: dict[str, FoundCache] = {}
        for level, kind in (("l1d", "L1"), ("l2", "L2"), ("l3", "L3")):
            cache = next((place.above[kind] for _, place in units if kind in place.above), None)
            if cache is None:
                continue
            sharers = 1 if kind == "L3" else self._sharers(cache, units, kind)
            size = _number(cache, "cache_size", 0)
            if sharers > 1:
                self.notes.append(f"{kind} of {size} bytes is shared by {sharers} cores: each has its part for itself")
            sizes = {_number(place.above[kind], "cache_size", 0) for _, place in units if kind in place.above}
            if len(sizes) > 1:
                self.notes.append(f"{kind} caches differ in size: {sorted(sizes)} bytes; the first is taken")
            found[level] = FoundCache(size // sharers, max(0, _number(cache, "cache_associativity", 0)))
        return found

    def _sharers(self, cache: Element, units: Sequence[tuple[int, Place]], kind: str) -> int:
        """Return how many cores share a cache."""
        own = [place for _, place in units if place.above.get(kind) is cache]
        return len({id(place.above.get("Core", place.element)) for place in own})

    def _distances(self, nodes: Sequence[FoundNode]) -> list[list[int]] | None:
        order = [_number(p.element, "os_index", 0) for p in self.places if p.kind == "NUMANode"]
        known, note = read_distances(self.root, [place.element for place in self.places], order)
        if note:
            self.notes.append(note)
        if not known:
            return None
        remote = max((value for (a, b), value in known.items() if a != b and value < 255), default=20)
        numbers = [node.number for node in nodes]
        if any((a, b) not in known for a in numbers for b in numbers if a != b):
            self.notes.append(f"distances that are not told are {remote}, as the farthest that is")
        return [[10 if a == b else known.get((a, b), remote) for b in numbers] for a in numbers]

    def _set(self, element: Element, name: str) -> frozenset[int]:
        return parse_bitmap(element.get(name, ""))


def _places(root: Element) -> Iterator[Place]:
    """Yield all objects from the top down, in the order of the file."""
    waiting: list[tuple[Element, Mapping[str, Element]]] = [(child, {}) for child in reversed(root.findall("object"))]
    while waiting:
        element, above = waiting.pop()
        kind = _kind(element)
        if kind in _ABOVE:
            above = {**above, kind: element}
        yield Place(kind, element, above)
        waiting += [(child, above) for child in reversed(element.findall("object"))]


def _kind(element: Element) -> str:
    """Return an object's type in one spelling for all versions: L1 to L5 are data or unified caches."""
    kind = element.get("type", "")
    if kind == "Cache" or (kind.endswith("Cache") and kind[:1] == "L" and kind[1:2].isdigit() and len(kind) == 7):
        level = element.get("depth") or kind[1:2]
        return f"L{level}" if element.get("cache_type", "0") in _DATA else "instruction cache"
    return _OLD_NAMES.get(kind, kind)


def _number(element: Element, name: str, default: int | None = None) -> int:
    text = element.get(name)
    if text is None and default is not None:
        return default
    try:
        return int(text or "")
    except ValueError as error:
        raise ValueError(f"{name}='{(text or '')[:40]}' of a {element.get('type', 'thing')[:40]}") from error


def _memory(element: Element) -> int | None:
    """Return the bytes of a node's memory, None if not told."""
    text = element.get("local_memory")
    return None if text is None else int(text)


def _extra(element: Element) -> dict[str, Any]:
    value = infos(element).get(f"{OURS}node")
    found = {} if value is None else _json(value)
    return found if isinstance(found, dict) else {}


def _json(text: str) -> Any:
    """Return what one of our infos holds; ValueError if that is not JSON."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("JSON nested too deeply") from error
