"""lstopo's XML (hwloc 1.x to 3.x) read into a `FoundMachine`.

Where things are is taken from cpusets and from the nesting of packages, dies, caches and cores, never from Groups,
which follow no rule. Since hwloc 2 memory hangs beside the CPUs instead of above them; cpusets read the same in both.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simslab.base.errors import UserError
from simslab.instruments.exchange.found import FoundCore, FoundMachine
from simslab.instruments.exchange.hwloc.bitmap import parse_bitmap
from simslab.instruments.exchange.hwloc.caches import read_caches, with_l3
from simslab.instruments.exchange.hwloc.distances import read_distances
from simslab.instruments.exchange.hwloc.nodes import Memory, SideCache, assign_cpus, with_side_caches
from simslab.instruments.exchange.hwloc.objects import (
    Place,
    bytes_of,
    infos,
    number_of,
    read_places,
    subtype_of,
    unknown_parts,
)
from simslab.instruments.exchange.xml_input import read_xml
from simslab.machine.description.cpulist import format_cpulist

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from simslab.instruments.exchange.found import FoundNode

MOST_SHARING: Final = 63  # cores that one L3 of a package without any may stand in for
EXPECTED: Final = "a file that lstopo wrote (lstopo FILE.xml)"
OURS: Final = "simslab."  # prefix of the infos that our export adds


def read_hwloc(path: Path) -> FoundMachine:
    """Return the machine in an lstopo XML file; UserError if there is none in it."""
    root = read_xml(path, EXPECTED)
    if root.tag not in ("topology", "root"):
        raise UserError(f"holds <{root.tag[:40]}>, not <topology>", file=str(path), expected=EXPECTED)
    try:
        return _Reader(root, path).machine()
    except (ValueError, OverflowError) as error:
        raise UserError(f"holds a bad value: {error}", file=str(path), expected=EXPECTED) from error


class _Reader:
    def __init__(self, root: Element, path: Path) -> None:
        self.root = root
        self.path = path
        self.notes: list[str] = []
        self.places = list(read_places(root))
        self.top = self._top()
        self.numbers: dict[int, int] = {}  # of elements, by identity

    def _top(self) -> Element:
        """Return the machine, or the root where levels that add nothing were dropped (lstopo --merge)."""
        machines = [place.element for place in self.places if place.kind == "Machine"]
        if len(machines) > 1:
            message = f"holds {len(machines)} machines"
            raise UserError(message, file=str(self.path), expected="one machine: this is a cluster's file")
        if not machines and not self.places:
            raise UserError("holds no machine", file=str(self.path), expected=EXPECTED)
        return machines[0] if machines else self.places[0].element

    def machine(self) -> FoundMachine:
        units = self._units()
        cpus = frozenset(number for number, _ in units)
        memories = self._memories(cpus)
        bits = {number: self._set(place.element, "complete_nodeset") for number, place in units}
        nodes = assign_cpus(cpus, memories, bits, {number: self._package(place) for number, place in units})
        told = {memory.number for memory in memories}
        self.notes += [
            f"CPUs {format_cpulist(node.cpus)} are near to no memory in the file: node {node.number} without any here"
            for node in nodes
            if node.number not in told
        ]
        ours = {name[len(OURS) :]: value for name, value in infos(self.top).items() if name.startswith(OURS)}
        cores = self._cores(units)
        self.notes += unknown_parts(self.root, self.places)
        return FoundMachine(
            source="hwloc",
            name=str(_json(ours.pop("name", json.dumps(self.path.stem)))),
            description=self._description(),
            cores=with_l3(self._found_cores(cores), self.notes),
            nodes=nodes,
            distances=self._distances(nodes),
            caches=read_caches([[place for _, place in own] for own in cores], self.notes),
            sections={name: _json(value) for name, value in ours.items()},
            notes=[*self.notes, *self._not_modelled()],
        )

    def _description(self) -> str:
        named = infos(self.root) | infos(self.top)  # 3.x tells of the machine beside the root object
        product = " ".join((named.get("DMIProductName") or named.get("DMIBoardName") or "").split())
        models = (infos(place.element).get("CPUModel", "") for place in self.places)
        model = next((model for model in models if model), "")
        return ", ".join(" ".join(text.split()) for text in (product, model) if text.strip())

    def _not_modelled(self) -> list[str]:
        notes = []
        if len(self.root.findall("cpukind")) > 1:
            notes.append(f"{len(self.root.findall('cpukind'))} kinds of cores in the file, all alike here")
        told = [
            table.get("name", "")[:40]
            for table in self.root.findall("memattr")
            if table.find("memattr_value") is not None
        ]
        if told:
            notes.append(f"memory attributes are left out: {', '.join(sorted(told)[:8])}")
        return notes

    # -- CPUs --------------------------------------------------------------------------------------------------------

    def _units(self) -> list[tuple[int, Place]]:
        """Return the CPUs that the reader may use, by number."""
        found: dict[int, Place] = {}
        for place in (place for place in self.places if place.kind == "PU"):
            number = number_of(place.element, "os_index")
            if number in found:
                raise UserError(f"holds CPU {number} twice", file=str(self.path), expected="each CPU once")
            found[number] = place
        if not found:
            raise UserError("holds no CPU", file=str(self.path), expected=EXPECTED)
        usable = found
        for what, attribute in (("disallowed", "allowed_cpuset"), ("offline", "online_cpuset")):
            usable = self._kept(usable, what, attribute)
        return sorted(usable.items())

    def _kept(self, units: dict[int, Place], what: str, attribute: str) -> dict[int, Place]:
        kept = self._set(self.top, attribute) & units.keys()
        if not kept or len(kept) == len(units):
            return units
        self.notes.append(f"{len(units) - len(kept)} {what} CPUs are left out")
        return {number: units[number] for number in kept}

    def _cores(self, units: Sequence[tuple[int, Place]]) -> list[list[tuple[int, Place]]]:
        threads: dict[int, list[tuple[int, Place]]] = {}
        for number, place in units:
            key = self._id(place.above.get("Core", place.element))
            threads.setdefault(key, []).append((number, place))
        return list(threads.values())

    def _found_cores(self, cores: Sequence[Sequence[tuple[int, Place]]]) -> list[FoundCore]:
        """Return the cores; of a package without L3 that is too large for one, those that share an L2 are a domain."""
        found = [self._core(own, "L3") for own in cores]
        packages = Counter(core.package for core in found)
        if any(core.domain >= 0 for core in found) or max(packages.values()) <= MOST_SHARING:
            return found
        tiled = [self._core(own, "L2") for own in cores]
        if any(core.domain < 0 for core in tiled):
            return found
        self.notes.append("stand-ins for the L3 that is not there belong to the cores that share an L2")
        return tiled

    def _core(self, own: Sequence[tuple[int, Place]], shared: str) -> FoundCore:
        above = own[0][1].above
        return FoundCore(
            cpus=tuple(number for number, _ in own),
            package=self._package(own[0][1]),
            die=self._id(above["Die"]) if "Die" in above else -1,
            domain=self._id(above[shared]) if shared in above else -1,
        )

    def _package(self, place: Place) -> int:
        return self._id(place.above["Package"]) if "Package" in place.above else -1

    def _id(self, element: Element) -> int:
        return self.numbers.setdefault(id(element), len(self.numbers))

    # -- memory ------------------------------------------------------------------------------------------------------

    def _memories(self, cpus: frozenset[int]) -> list[Memory]:
        places = [place for place in self.places if place.kind == "NUMANode"]
        if not places:
            return [Memory(0, cpus, bytes_of(self.top, "local_memory"), True, True, 0, {})]
        told = any(bytes_of(place.element, "local_memory") for place in places)
        memories = [self._memory(place, cpus, told) for place in places]
        numbers = [memory.number for memory in memories]
        twice = next((number for number in numbers if numbers.count(number) > 1), None)
        if twice is not None:
            raise UserError(f"holds node {twice} twice", file=str(self.path), expected="each node once")
        without = [memory.number for memory in memories if memory.usable and memory.memory == 0]
        if without:
            self.notes.append(f"node {format_cpulist(without)} tells no memory, while others do: it has none here")
        return with_side_caches(memories, self._old_side_caches(), self.notes)

    def _memory(self, place: Place, cpus: frozenset[int], told: bool) -> Memory:
        """Return a node; hwloc writes no memory of 0, so none is told where others' is."""
        allowed = self._set(self.top, "allowed_nodeset")
        number = number_of(place.element, "os_index", 0)
        usable = not allowed or number in allowed
        if not usable:
            self.notes.append(f"node {number} is disallowed: its memory is left out")
        memory = bytes_of(place.element, "local_memory")
        side = place.above.get("MemCache")
        side_cache = 0 if side is None or side.get("type") != "MemCache" else bytes_of(side, "cache_size") or 0
        return Memory(
            number=number,
            near=self._set(place.element, "cpuset") & cpus,
            memory=(0 if told and memory is None else memory) if usable else 0,
            usable=usable,
            ordinary=subtype_of(place.element) in ("", "DRAM"),
            side_cache=side_cache,
            extra=_extra(place.element),
        )

    def _old_side_caches(self) -> list[SideCache]:
        """Return the memory-side caches of 1.x, which are among the CPUs' caches there."""
        return [
            SideCache(self._set(place.element, "cpuset"), bytes_of(place.element, "cache_size") or 0)
            for place in self.places
            if place.kind == "MemCache" and place.element.get("type") != "MemCache"
        ]

    def _distances(self, nodes: Sequence[FoundNode]) -> list[list[int]] | None:
        known = read_distances(self.root, [place.element for place in self.places], self.notes)
        if not known:
            return None
        remote = max((value for (a, b), value in known.items() if a != b and value < 255), default=20)
        numbers = [node.number for node in nodes]
        if any((a, b) not in known for a in numbers for b in numbers if a != b):
            self.notes.append(f"distances that are not told are {remote}, as the farthest that is")
        return [[10 if a == b else known.get((a, b), remote) for b in numbers] for a in numbers]

    def _set(self, element: Element, name: str) -> frozenset[int]:
        return parse_bitmap(element.get(name, ""))


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
