#!/usr/bin/env python3
"""Import every lstopo file below some folders and compare the machines with what the files say, read once more.

    python tools/lstopo_files.py hwloc flux-sched

Counted from the XML without simslab's reader: which CPUs may be used, which core, L3 and nodes are theirs, the memory
of each node, the distances. What the machine has otherwise and its notes do not tell is printed, as is a file that is
refused, or no XML; then the numbers. Status 1 if there was either.
"""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element

from simslab.base.errors import UserError
from simslab.instruments.exchange.importer import import_hwloc
from simslab.instruments.exchange.xml_input import read_xml
from simslab.machine.library import load_machine
from simslab.machine.topology.topology import Topology, build_topology

PAGES: Final = 8192  # bytes by which rounding to pages may differ
TOLD: Final = {  # differences, and the words of the notes or comments that tell them
    "memory": ("memory: estimate", "scaled down", "is disallowed"),
    "L3": ("have no L3", "stands in for it", "share an L3"),
    "nodes of CPUs": ("near to no memory",),
    "distances": ("left out, as the kernel does",),
}
Groups = set[frozenset[int]]


def cpus_in(text: str | None) -> set[int]:
    """Return the members of one of hwloc's bitmaps."""
    bits = 0
    for word in (text or "0").split(","):
        bits = bits << 32 | int(word or "0", 16)
    return {number for number in range(bits.bit_length()) if bits >> number & 1}


class File:
    """What a file says."""

    def __init__(self, root: Element) -> None:
        self.root = root
        self.parents = {child: parent for parent in root.iter() for child in parent}
        objects = list(root.iter("object"))
        self.units = {int(each.get("os_index", "")): each for each in objects if each.get("type") in ("PU", "Proc")}
        self.nodes = {
            int(each.get("os_index", "0")): each for each in objects if each.get("type") in ("NUMANode", "Node")
        }
        top = next((each for each in objects if each.get("type") == "Machine"), objects[0])
        usable = set(self.units)
        for name in ("allowed_cpuset", "online_cpuset"):
            usable = usable & cpus_in(top.get(name)) or usable
        self.cpus = sorted(usable)

    def above(self, cpu: int, *kinds: str) -> Element | None:
        """Return the nearest object of these kinds above a CPU; a Cache of old files with its depth: Cache3."""
        element: Element | None = self.units[cpu]
        while element is not None:
            kind = element.get("type", "")
            old = f"Cache{element.get('depth', '')}" if kind == "Cache" else kind
            if old in kinds and element.get("subtype") != "MemorySideCache":
                return element
            element = self.parents.get(element)
        return None

    def groups(self, *kinds: str) -> Groups | None:
        """Return the CPUs by object of these kinds, those without as one group; None if all are."""
        found = {cpu: self.above(cpu, *kinds) for cpu in self.cpus}
        return (
            grouped(self.cpus, lambda cpu: id(found[cpu])) if any(each is not None for each in found.values()) else None
        )

    def memory(self, node: int) -> int:
        """Return the bytes of a node."""
        element = self.nodes[node]
        return int(element.get("local_memory", 0)) or int(element.get("memory_kB", 0)) << 10

    def distances(self) -> dict[tuple[int, int], int]:
        """Return the first table of latencies between nodes by their numbers (hwloc 2)."""
        for table in self.root.findall("distances2"):
            if table.get("type") == "NUMANode" and int(table.get("kind", "0")) & 4 and table.get("indexing") == "os":
                indexes, values = ([int(word) for part in table.findall(tag) for word in (part.text or "").split()]
                                   for tag in ("indexes", "u64values"))  # fmt: skip
                pairs = [(a, b) for a in indexes for b in indexes]
                return dict(zip(pairs, values, strict=True))
        return {}


def grouped(cpus: list[int], key: Callable[[int], int]) -> Groups:
    """Return the CPUs that have the same key."""
    groups: dict[int, set[int]] = defaultdict(set)
    for cpu in cpus:
        groups[key(cpu)].add(cpu)
    return set(map(frozenset, groups.values()))


def differences(file: File, topology: Topology, distances: Mapping[tuple[int, int], int]) -> Iterator[str]:
    """Yield what the machine has otherwise than the file."""
    number = {cpu: index for index, cpu in enumerate(file.cpus)}
    if len(topology.cpus) != len(file.cpus):
        yield "CPUs"
        return
    cores, l3s = file.groups("Core"), file.groups("L3Cache", "Cache3")
    if cores is not None and cores != grouped(file.cpus, lambda cpu: topology.cpus[number[cpu]].core):
        yield "cores"
    if l3s is not None and l3s != grouped(file.cpus, lambda cpu: topology.cpus[number[cpu]].domain):
        yield "L3"
    made = {node.number: node for node in topology.nodes}
    near = {node: cpus_in(element.get("cpuset")) for node, element in file.nodes.items()}
    if file.nodes and any(file.cpus[cpu] not in near.get(n, ()) for n, node in made.items() for cpu in node.cpus):
        yield "nodes of CPUs"
    if any(abs((made[n].memory if n in made else 0) - file.memory(n)) > PAGES for n in file.nodes):
        yield "memory"
    told = file.distances()
    if any(distances.get(pair) != min(255, value) for pair, value in told.items() if set(pair) <= made.keys()):
        yield "distances"


def compared(path: Path, root: Element, folder: Path) -> list[str]:
    """Return what is otherwise in the machine of a file and told nowhere; UserError if it is refused."""
    text = import_hwloc(path)
    target = folder / "machine.yaml"
    target.write_text(text, encoding="utf-8")
    spec = load_machine(str(target))
    topology = build_topology(spec)
    numbers = [node.number for node in topology.nodes]
    rows = zip(numbers, spec.distances or [], strict=False)
    distances = {(a, b): value for a, row in rows for b, value in zip(numbers, row, strict=True)}
    found = differences(File(root), topology, distances)
    return [what for what in found if not any(words in text for words in TOLD.get(what, ()))]


def root_of(path: Path) -> Element | None:
    """Return the topology in an XML file, None if it holds something else; UserError if it is no XML."""
    root = read_xml(path, "lstopo's XML")
    return root if root.tag in ("topology", "root") else None


def main(folders: list[str]) -> int:
    """Compare all files; return the exit status."""
    counts = {"read": 0, "refused": 0, "otherwise": 0}
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(path for each in folders for path in Path(each).rglob("*.xml") if path.is_file()):
            try:
                root = root_of(path)
                lines = [] if root is None else [f"{path}: {what}" for what in compared(path, root, Path(folder))]
                counts["read"] += root is not None
                counts["otherwise"] += bool(lines)
            except UserError as error:
                lines = [str(error)]
                counts["refused"] += 1
            print(*lines, sep="\n", end="\n" if lines else "")
    print(", ".join(f"{number} {what}" for what, number in counts.items()))
    return int(counts["refused"] + counts["otherwise"] > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
