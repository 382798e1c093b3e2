"""A machine as lstopo's XML (hwloc 2), readable by hwloc's tools and by our own import.

hwloc knows nothing of latencies: they go along as <info> of names that begin with 'simslab.', which hwloc keeps, so
that the import gives an equal machine. What the XML itself tells (CPUs, caches, nodes, distances) counts on the way
back, so an edited file is honoured.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import quoteattr

from simslab.instruments.exchange.hwloc.bitmap import format_bitmap
from simslab.machine.topology.node_plan import plan_nodes
from simslab.machine.topology.numbering import Seat, seats
from simslab.machine.topology.topology import build_topology

if TYPE_CHECKING:
    from simslab.machine.description.caches import CacheSpec
    from simslab.machine.spec import MachineSpec
    from simslab.machine.topology.topology import NumaNode, Topology

TOLD_BY_XML: Final = ("nodes", "distances")
PER_LINE: Final = 10  # distances
NUMALATENCY: Final = 5  # kind: from the OS, means latency
DATA_CACHE: Final = 1
UNIFIED: Final = 0


def export_hwloc(spec: MachineSpec) -> str:
    """Return the XML text of a validated machine."""
    return _Writer(spec).text()


class _Writer:
    def __init__(self, spec: MachineSpec) -> None:
        self.spec = spec
        self.topology: Topology = build_topology(spec)
        self.seats = seats(spec.layout)
        self.plans = plan_nodes(spec, self.seats)
        self.number = {node.id: node.number for node in self.topology.nodes}
        self.lines: list[str] = []
        self.objects = 0
        self.written: set[int] = set()  # nodes

    def text(self) -> str:
        everything = [cpu.id for cpu in self.topology.cpus]
        self.lines += ['<?xml version="1.0" encoding="UTF-8"?>', '<!DOCTYPE topology SYSTEM "hwloc2.dtd">']
        self.lines.append('<topology version="2.0">')
        self._open("Machine", everything, 1, os_index=0)
        self._infos()
        self._level(self.seats, 2, ("package", "die", "ccx"))
        for node in self.topology.nodes:
            self._node(node, 2)
        self.lines.append("  </object>")
        self._distances()
        self.lines.append("</topology>")
        return "\n".join(self.lines) + "\n"

    def _infos(self) -> None:
        parts = self.spec.model_dump(mode="json", exclude_none=True)
        for name, value in parts.items():
            if name not in TOLD_BY_XML:
                self._info(f"simslab.{name}", value, 2)

    def _info(self, name: str, value: Any, depth: int) -> None:
        text = quoteattr(json.dumps(value))
        self.lines.append(f'{"  " * depth}<info name="{name}" value={text}/>')

    # -- objects -----------------------------------------------------------------------------------------------------

    def _open(self, kind: str, cpus: Iterable[int], indent: int, end: str = ">", **attributes: object) -> None:
        own = frozenset(cpus)
        nodes = frozenset(self.number[self.topology.cpus[cpu].node] for cpu in own)
        if kind == "Machine":
            nodes = frozenset(self.number.values())
        self._write(kind, own, nodes, indent, end, attributes)

    def _write(
        self,
        kind: str,
        cpus: frozenset[int],
        nodes: frozenset[int],
        indent: int,
        end: str,
        attributes: dict[str, object],
    ) -> None:
        self.objects += 1
        cpuset, nodeset = format_bitmap(cpus), format_bitmap(nodes)
        told = {"type": kind, **attributes, "cpuset": cpuset, "complete_cpuset": cpuset}
        told |= {"nodeset": nodeset, "complete_nodeset": nodeset}
        if kind == "Machine":
            told |= {"allowed_cpuset": cpuset, "allowed_nodeset": nodeset}
        told["gp_index"] = self.objects
        text = " ".join(f"{name}={quoteattr(str(value))}" for name, value in told.items())
        self.lines.append(f"{'  ' * indent}<object {text}{end}")

    def _close(self, depth: int) -> None:
        self.lines.append(f"{'  ' * depth}</object>")

    def _level(self, own: Sequence[Seat], depth: int, levels: Sequence[str]) -> None:
        """Write what is below a part of the machine: its nodes, its L3 if it is that part, and the next level."""
        if not levels:
            self._cores(own, depth)
            return
        level, below = levels[0], levels[1:]
        for number in sorted({getattr(seat, level) for seat in own}):
            part = [seat for seat in own if getattr(seat, level) == number]
            cpus = [seat.cpu for seat in part]
            has_l3 = self.spec.l3.scope == level
            has_die = level == "die" and (self.spec.layout.dies > 1 or has_l3)
            kind = "Package" if level == "package" else "Die" if has_die else ""
            inner = depth
            if kind:
                self._open(kind, cpus, inner, os_index=number)
                inner += 1
            for node in self.topology.nodes:
                if frozenset(node.cpus) == frozenset(cpus):
                    self._node(node, inner)
            if has_l3:
                self._cache("L3Cache", self.spec.l3, cpus, inner, 3, UNIFIED)
            self._level(part, inner + has_l3, below)
            if has_l3:
                self._close(inner)
            if kind:
                self._close(depth)

    def _cores(self, own: Sequence[Seat], depth: int) -> None:
        """Write cores; an L3 that belongs to a node is opened around the node's."""
        if self.spec.l3.scope != "node":
            self._core_objects(own, depth)
            return
        node_of = {seat.cpu: self.topology.cpus[seat.cpu].node for seat in own}
        for node in sorted(set(node_of.values())):
            part = [seat for seat in own if node_of[seat.cpu] == node]
            self._cache("L3Cache", self.spec.l3, [seat.cpu for seat in part], depth, 3, UNIFIED)
            self._core_objects(part, depth + 1)
            self._close(depth)

    def _core_objects(self, own: Sequence[Seat], depth: int) -> None:
        for core in sorted({seat.core for seat in own}):
            cpus = [seat.cpu for seat in own if seat.core == core]
            self._cache("L2Cache", self.spec.l2, cpus, depth, 2, UNIFIED)
            self._cache("L1Cache", self.spec.l1d, cpus, depth + 1, 1, DATA_CACHE)
            self._open("Core", cpus, depth + 2, os_index=core)
            for cpu in cpus:
                self._open("PU", [cpu], depth + 3, "/>", os_index=cpu)
            for level in (2, 1, 0):
                self._close(depth + level)

    def _cache(self, kind: str, cache: CacheSpec, cpus: Iterable[int], depth: int, level: int, what: int) -> None:
        attributes: dict[str, Any] = {"cache_size": cache.size, "depth": level, "cache_linesize": 64}
        attributes |= {"cache_associativity": cache.ways, "cache_type": what}
        self._open(kind, cpus, depth, ">", **attributes)

    def _node(self, node: NumaNode, depth: int) -> None:
        """Write a node unless it is written already: beside what it is local to, or else directly below the machine."""
        if node.id in self.written:
            return
        self.written.add(node.id)
        own = frozenset(node.cpus)
        if node.memory_only and node.gate != node.id:
            own = frozenset(self.topology.nodes[node.gate].cpus)
        if node.memory_side_cache:
            self._write(
                "MemCache",
                own,
                frozenset([node.number]),
                depth,
                ">",
                {"cache_size": node.memory_side_cache, "depth": 1, "cache_linesize": 64},
            )
        inner = depth + bool(node.memory_side_cache)
        attributes: dict[str, object] = {"os_index": node.number, "local_memory": node.memory}
        if node.memory_only:
            attributes["subtype"] = "attached"
        self._write("NUMANode", own, frozenset([node.number]), inner, ">", attributes)
        self._info("simslab.node", self._extra(node), inner + 1)
        self._close(inner)
        if node.memory_side_cache:
            self._close(depth)

    def _extra(self, node: NumaNode) -> dict[str, Any]:
        """Return what only we know of a node, as an entry of its own in the machine file."""
        plan = self.plans[node.id]
        entry = self.spec.nodes[plan.entry].model_dump(mode="json", exclude_none=True)
        extra = {key: entry[key] for key in ("name", "dram", "root_port") if entry.get(key)}
        if plan.position is not None:
            extra["position"] = list(plan.position)
        return extra

    def _distances(self) -> None:
        numbers = [node.number for node in self.topology.nodes]
        size = len(numbers)
        self.lines.append(
            f'  <distances2 type="NUMANode" nbobjs="{size}" kind="{NUMALATENCY}" name="NUMALatency" indexing="os">'
        )
        self._numbers("indexes", numbers)
        self._numbers("u64values", [value for row in self.topology.distance for value in row])
        self.lines.append("  </distances2>")

    def _numbers(self, tag: str, values: Sequence[int]) -> None:
        for start in range(0, len(values), PER_LINE):
            text = "".join(f"{value} " for value in values[start : start + PER_LINE])
            self.lines.append(f'    <{tag} length="{len(text)}">{text}</{tag}>')
