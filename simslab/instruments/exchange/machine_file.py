"""A found machine made into a machine file: what was not told comes from a template and is marked as an estimate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simslab.base.errors import UserError
from simslab.instruments.exchange.core_grid import Layout, build_layout
from simslab.instruments.exchange.found import FoundMachine, FoundNode
from simslab.instruments.exchange.links import estimate_links, port_latency
from simslab.instruments.exchange.yaml_text import machine_text
from simslab.machine.description.cpulist import format_cpulist
from simslab.machine.validation.limits import MAX_CACHE, MAX_MEMORY, PAGE_BYTES

if TYPE_CHECKING:
    from simslab.machine.spec import MachineSpec

LINE_BYTES: Final = 64
MEMORY: Final = 8 << 30  # of a node whose memory is not told
NO_L3: Final = {"size": 1 << 16, "ways": 16}  # stand-in where there is none: too small to hold anything for long
NEAR_DISTANCE: Final = 13  # of memory beside CPUs, high-bandwidth memory for one, where no distance is told
FAR_DISTANCE: Final = 30  # of memory that is near to nothing
NOT_FIGURES: Final = frozenset(
    ["name", "description", "measured_as", "layout", "nodes", "mesh", "links", "routes", "distances", "idle_latency"]
)


def machine_file(found: FoundMachine, template: MachineSpec, path: Path) -> str:
    """Return the YAML text of the machine found in `path`, which `simslab check` accepts; UserError if it cannot be."""
    from simslab.base.documents.validation import validate
    from simslab.base.documents.yamlfile import parse_yaml
    from simslab.machine.spec import MachineSpec

    text = _Writer(found, template, path).text()
    try:
        validate(parse_yaml(text, str(path)), MachineSpec)
    except UserError as error:
        first = error.problems[0]
        message = f"the machine in it cannot be simulated: {first.path}: {first.message}"
        raise UserError(message, file=str(path), expected=first.expected) from error
    return text


class _Writer:
    def __init__(self, found: FoundMachine, template: MachineSpec, path: Path) -> None:
        self.found = _without_empty_nodes(found)
        self.template = template
        self.path = path
        self.notes = list(self.found.notes)
        self.comments: dict[str, str] = {}
        self.document: dict[str, Any] = {}
        fields = type(template).model_fields.items()
        needed = {key for key, field in fields if field.is_required() and key != "nodes"}
        self.whole = needed <= found.sections.keys()  # as in an export of ours: nothing comes from the template

    def text(self) -> str:
        figures = self.template.model_dump(mode="json", exclude_none=True)
        self._check_sections(figures)
        layout = self._layout()
        self.document |= {"name": self.found.name, "description": self._description(), "layout": layout.section}
        if layout.notes:
            self.notes += layout.notes
        for key in type(self.template).model_fields:
            known = self.found.sections if self.whole else figures.keys() | self.found.sections.keys()
            if key not in NOT_FIGURES and key in known:
                self._figures(key, figures.get(key))
        self._caches(layout)
        self._nodes(layout)
        self._links()
        self._distances()
        self._told("mesh", "routes", "idle_latency", "measured_as")
        ordered = [key for key in type(self.template).model_fields if key in self.document]
        return machine_text(self._head(), {key: self.document[key] for key in ordered}, self.comments)

    def _check_sections(self, figures: Mapping[str, Any]) -> None:
        """Refuse parts told of the machine file (by infos that look like our export's) that cannot stand in one."""
        for key, value in self.found.sections.items():
            known = key in type(self.template).model_fields and key != "extends"
            if not known or (isinstance(figures.get(key), dict) and not isinstance(value, dict)):
                what = f"a part '{key[:40]}' that " + ("cannot be what it says" if known else "no machine file has")
                raise UserError(f"tells {what}", file=str(self.path), expected="what 'simslab export' wrote")

    def _head(self) -> list[str]:
        source = self.found.source
        head = [f"Imported from {self.path.name} ({source}).", f"[{source}]    told by that file"]
        head.append(f"estimate   not told: taken from the machine '{self.template.name}', or inferred as said")
        return [*head, *dict.fromkeys(self.notes)]

    def _description(self) -> str:
        if self.whole:
            return str(self.found.sections.get("description", ""))
        return str(self.found.sections.get("description", self.found.description)) or "imported"

    def _layout(self) -> Layout:
        told = self.found.sections.get("layout")
        l3 = self.found.sections.get("l3")
        scope = str(l3.get("scope", "")) if isinstance(l3, dict) else ""
        layout = build_layout(self.found.cores, scope if scope == "node" else "")
        if told is not None and _same_layout(told, self.found):
            numbers = {cpu: cpu for cpu in layout.number}
            layout = Layout(told, scope or layout.scope, numbers, layout.packages, layout.notes)
        moved = sorted(cpu for cpu, number in layout.number.items() if cpu != number)
        if moved:
            self.notes.append(f"CPUs have new numbers without gaps; in the file: {format_cpulist(layout.number)}")
        self.comments["layout"] = self._source("layout")
        return layout

    def _source(self, what: str) -> str:
        return "estimate: inferred" if what in self.found.guessed else f"[{self.found.source}]"

    def _figures(self, key: str, value: Any) -> None:
        told = self.found.sections.get(key)
        if isinstance(value, dict) or isinstance(told, dict):
            rest = value if isinstance(value, dict) and not (self.whole and told) else {}
            self.document[key] = dict(rest) | (told if isinstance(told, dict) else {})
            for name in self.document[key]:
                is_told = isinstance(told, dict) and name in told
                self.comments[f"{key}.{name}"] = f"[{self.found.source}]" if is_told else "estimate"
        else:
            self.document[key] = value if told is None else told
            self.comments[key] = "estimate" if told is None else f"[{self.found.source}]"

    def _told(self, *keys: str) -> None:
        for key in keys:
            if key in self.found.sections:
                self.document[key] = self.found.sections[key]
                self.comments[key] = f"[{self.found.source}]"

    def _caches(self, layout: Layout) -> None:
        for level, cache in self.found.caches.items():
            section = self.document[level]
            if 0 < cache.size <= MAX_CACHE:
                section["size"] = cache.size
                self.comments[f"{level}.size"] = f"[{self.found.source}]"
            ways = _ways(section["size"], cache.ways or section["ways"], powers_only=level == "l1d")
            told = ways == cache.ways
            section["ways"] = ways
            self.comments[f"{level}.ways"] = f"[{self.found.source}]" if told else "estimate"
        l3 = self.document["l3"]
        l3["scope"] = layout.scope
        self.comments["l3.scope"] = self._source("layout")
        if "l3" not in self.found.caches and self.found.caches:
            l3.update(NO_L3, inclusion="non-inclusive")
            self.notes.append("there is no L3: a small one that hardly ever hits stands in for it")

    # -- nodes -------------------------------------------------------------------------------------------------------

    def _nodes(self, layout: Layout) -> None:
        self.document["nodes"] = [self._node(index, node, layout) for index, node in enumerate(self.found.nodes)]

    def _node(self, index: int, node: FoundNode, layout: Layout) -> dict[str, Any]:
        entry: dict[str, Any] = {}
        if node.number != (self.found.nodes[index - 1].number + 1 if index else 0):
            entry["id"] = node.number
        entry |= {key: value for key, value in node.extra.items() if key not in ("memory", "cpus", "id")}
        notes = [f"[{self.found.source}]"]
        if node.cpus or "root_port" in entry or node.extra:
            if "root_port" not in entry:
                entry["cpus"] = format_cpulist(layout.number[cpu] for cpu in node.cpus)
        else:
            entry |= self._memory_only(index, node)
            notes.append("where it is attached: estimate")
        entry["memory"] = self._memory(node, notes)
        if node.memory_side_cache:
            entry["memory_side_cache"] = node.memory_side_cache
        self.comments[f"nodes[{index}]"] = "; ".join(notes)
        return entry

    def _memory_only(self, index: int, node: FoundNode) -> dict[str, Any]:
        """Return how memory without CPUs is reached: a port at the nearest node, or links if none is nearest."""
        nodes = self.found.nodes
        hosts = [number for number, other in enumerate(nodes) if other.cpus]
        rows = self.found.distances
        local = [number for number in hosts if set(node.near) & set(nodes[number].cpus)]
        if rows is not None and len(hosts) > 1 and len({rows[host][index] for host in hosts}) == 1 and not local:
            return {"cpus": ""}
        if len(local) != 1 and rows is not None:
            local = [min(local or hosts, key=lambda host: rows[host][index])]
        host = local[0] if local else hosts[0]
        guess = NEAR_DISTANCE if node.near else FAR_DISTANCE
        latency = port_latency(self.template, rows[host][index] if rows is not None else guess)
        return {"root_port": {"node": nodes[host].number, "latency": latency}}

    def _memory(self, node: FoundNode, notes: list[str]) -> int:
        if node.memory is None:
            notes.append("memory: estimate")
            return MEMORY
        told = [other.memory or 0 for other in self.found.nodes]
        memory = node.memory
        if sum(told) > MAX_MEMORY:
            memory = memory * MAX_MEMORY // sum(told)
            notes.append("memory: scaled down to what can be simulated")
        if all(other.memory == 0 for other in self.found.nodes):
            notes.append("memory: estimate")
            memory = MEMORY
        return memory // PAGE_BYTES * PAGE_BYTES

    # -- interconnect ------------------------------------------------------------------------------------------------

    def _links(self) -> None:
        if "links" in self.found.sections:
            self._told("links")
            return
        entries = self.document["nodes"]
        points = [
            (node.number, index)
            for index, (node, entry) in enumerate(zip(self.found.nodes, entries, strict=True))
            if "root_port" not in entry
        ]
        without_cpus = [point for point in points if not self.found.nodes[point[1]].cpus]
        links = estimate_links(self.template, points, self.found.distances, without_cpus)
        if links:
            self.document["links"] = links
            told = "from the distances" if self.found.distances is not None else "from the template"
            self.comments["links"] = f"estimate, {told}"

    def _distances(self) -> None:
        if self.found.distances is not None:
            self.document["distances"] = [list(row) for row in self.found.distances]
            self.comments["distances"] = self._source("distances")


def _without_empty_nodes(found: FoundMachine) -> FoundMachine:
    """Return the machine without nodes that have neither CPUs nor memory."""
    kept = [index for index, node in enumerate(found.nodes) if node.cpus or node.memory or node.memory is None]
    if len(kept) == len(found.nodes):
        return found
    lost = format_cpulist(node.number for index, node in enumerate(found.nodes) if index not in kept)
    rows = found.distances
    return replace(
        found,
        nodes=[found.nodes[index] for index in kept],
        distances=None if rows is None else [[rows[a][b] for b in kept] for a in kept],
        notes=[*found.notes, f"node {lost} has neither CPUs nor memory: left out"],
    )


def _ways(size: int, wanted: int, powers_only: bool) -> int:
    """Return the ways nearest to `wanted` that divide a cache of `size` bytes, into 2, 4, 8 ... sets if asked for."""
    lines = max(1, size // LINE_BYTES)
    fitting = [ways for ways in range(1, 257) if lines % ways == 0]
    powers = [ways for ways in fitting if (lines // ways).bit_count() == 1]
    chosen = powers if powers_only and powers else fitting
    return min(chosen, key=lambda ways: (abs(ways - wanted), ways))


def _same_layout(told: Mapping[str, Any], found: FoundMachine) -> bool:
    """Tell whether a `layout` section describes the cores that were found."""
    from simslab.machine.description.layout import LayoutSpec
    from simslab.machine.topology.numbering import nr_cpus, seats

    try:
        layout = LayoutSpec.model_validate(told)
        if nr_cpus(layout) != sum(len(core.cpus) for core in found.cores):
            return False
        places = seats(layout)
    except (ValueError, IndexError):
        return False
    cores = {frozenset(core.cpus) for core in found.cores}
    packages: dict[int, set[int]] = {}
    for core in found.cores:
        packages.setdefault(core.package, set()).update(core.cpus)
    return cores == _groups([(seat.core, seat.cpu) for seat in places]) and {
        frozenset(cpus) for cpus in packages.values()
    } == _groups([(seat.package, seat.cpu) for seat in places])


def _groups(pairs: Sequence[tuple[int, int]]) -> set[frozenset[int]]:
    found: dict[int, set[int]] = {}
    for key, cpu in pairs:
        found.setdefault(key, set()).add(cpu)
    return {frozenset(cpus) for cpus in found.values()}
