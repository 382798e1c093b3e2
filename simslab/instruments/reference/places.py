"""Where a published figure was measured: words like 'node3', 'other socket' or 'same CCX' as nodes and CPUs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from simslab.instruments.measure.transfer import partner, relation

if TYPE_CHECKING:
    from simslab.machine.topology.topology import Topology

NEAR_CORES = (
    "other core same socket",
    "other core same ccx",
    "same ccx",
    "other core same package",
    "same package",
    "other core",
    "other core same node",
    "same tile",
    "same module",
)

FAR_CACHES = ("ccx", "ccd", "die", "tile", "module")
FAR_NODES = ("quadrant", "node", "cluster")


def nodes_of(topology: Topology, source: str, target: str) -> tuple[int, int] | None:
    """Return (node of the cores, node of the memory), None if this machine has no such places."""
    start = _node(topology, source) if _names_a_node(source) else topology.cpus[0].node
    if start is None or not topology.nodes[start].cpus:
        return None
    end = _target(topology, start, target)
    return None if end is None or not topology.nodes[end].memory else (start, end)


def _names_a_node(text: str) -> bool:
    return re.search(r"node\d", text, re.ASCII) is not None


def _node(topology: Topology, text: str) -> int | None:
    """Return the node that a text names by its number, None if it names none or one that is not there."""
    match = re.search(r"node(\d{1,4})(?!\d)", text, re.ASCII)
    if match is None:
        return None
    return next((node.id for node in topology.nodes if node.number == int(match[1])), None)


def _target(topology: Topology, start: int, text: str) -> int | None:
    """Return the node of the memory; memory by its kind: DDR beside cores, MCDRAM and CXL without."""
    if _names_a_node(text):
        return _node(topology, text)
    words = text.lower()
    if "snc" in words or "behind" in words or "cache" in words:
        return None  # another memory mode than the file's
    if "mcdram" in words or "hbm" in words or "cxl" in words:
        return next((node.id for node in topology.nodes if node.memory_only), None)
    if "other socket" in words or "remote" in words:
        package = topology.cpus[topology.nodes[start].cpus[0]].package
        return next((cpu.node for cpu in topology.cpus if cpu.package != package), None)
    return start if "local" in words or "ddr" in words or not words else None


def cpus_of(topology: Topology, source: str, target: str) -> tuple[int, int] | None:
    """Return (owner or first CPU, reader or second CPU), None if this machine has no such pair."""
    writer, reader = _node(topology, source), _node(topology, target)
    if writer is not None and reader is not None:
        return _between(topology, writer, reader)
    other = _related(topology, target.lower().strip())
    return None if other is None else (other, 0)


def _between(topology: Topology, writer: int, reader: int) -> tuple[int, int] | None:
    if not topology.nodes[writer].cpus or not topology.nodes[reader].cpus:
        return None
    a, b = topology.nodes[writer].cpus[0], topology.nodes[reader].cpus[0]
    return (a, b) if a != b else None


def _related(topology: Topology, words: str) -> int | None:
    """Return a CPU in the relation to CPU 0 that `words` name."""
    if "smt" in words or "same core" in words or "sibling" in words:
        return partner(topology, 0, "same core")
    if "other ccx" in words and "ccd" in words:
        return _other_domain(topology)
    if _far(words, FAR_NODES):
        return partner(topology, 0, "same package")
    if _far(words, FAR_CACHES):
        found = partner(topology, 0, "same node")
        return found if found is not None else partner(topology, 0, "same package")
    if "other socket" in words or "other package" in words or "remote" in words:
        return partner(topology, 0, "other package")
    if words in NEAR_CORES:
        found = partner(topology, 0, "same L3")
        return found if found is not None or "socket" not in words else partner(topology, 0, "same package")
    return None


def _far(words: str, places: tuple[str, ...]) -> bool:
    return any(f"{far} {place}" in words for far in ("other", "remote", "another") for place in places)


def _other_domain(topology: Topology) -> int | None:
    """Return a CPU of the same die below another L3."""
    first = topology.cpus[0]
    return next(
        (c.id for c in topology.cpus if c.die == first.die and c.domain != first.domain),
        next((c.id for c in topology.cpus if relation(topology, 0, c.id) == "same node"), None),
    )
