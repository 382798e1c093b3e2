"""Structure layouts and topologies of the golden data against the model's constants and booted systems."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from simslab.conform.records import Record, read_document, read_rows
from simslab.conform.topologies import new_system, options_of
from simslab.conform.verdict import Verdict
from simslab.kernel import layout
from simslab.slab.allocator import SlabAllocator

# How kernel/layout.py abbreviates the structures' names.
PREFIXES: Final = {
    "kmem_cache": "KMEM_CACHE",
    "kmem_cache_node": "NODE",
    "array_cache": "ARRAY_CACHE",
    "alien_cache": "ALIEN_CACHE",
    "page": "PAGE",
}
ZONE: Final = re.compile(r"\d{1,4}:\w{1,16}")
TOTAL: Final = "(total)"
TOTALS: Final = {"page": "PAGE_STRIDE"}


def check_layout(path: Path) -> Verdict:
    """Compare the offset of every member, and every structure's size, in a `struct_layout*.csv` table."""
    verdict = Verdict(path.name, "layout")
    for row in read_rows(path):
        struct, member = row["struct"], row["member"]
        column = "size" if member == TOTAL else "offset"
        got = getattr(layout, constant_of(struct, member), "absent")
        verdict.compare_row(f"struct {struct}: {member}", row, {column: got})
    return verdict


def constant_of(struct: str, member: str) -> str:
    """Return the name in kernel/layout.py of a structure's size or of a member's offset."""
    prefix = PREFIXES.get(struct, struct.upper())
    if member == TOTAL:
        return TOTALS.get(struct, f"{prefix}_BYTES")
    return f"{prefix}_{member.split('[')[0].lstrip('_').upper()}"


def check_topology(path: Path) -> Verdict:
    """Compare a `topology-*.json` with the system booted on the machine of that name.

    Left out: page counts, zones (the order of nodes in the zonelists is compared) and `slab_reap_node`, which depends
    on how often the reaper ran before it was noted.
    """
    verdict = Verdict(path.name, "topology")
    recorded = read_document(path)
    allocator = new_system(recorded.text("topo"), options_of(path.name, slab_nomerge=False))
    for name, value in system_fields(allocator).items():
        verdict.compare("system", name, recorded[name], value)
    for node in recorded.records("nodes"):
        verdict.rows += 1
        nid = node.integer("nid", 0, allocator.kernel.nr_node_ids - 1)
        for name, value in node_fields(allocator, nid).items():
            expected = in_order(node, name) if name == "zonelist_order" else node[name]
            verdict.compare(f"node {node['nid']}", name, expected, value)
    return verdict


def in_order(node: Record, name: str) -> list[int]:
    """Return the nodes of a field that is a list of `node:zone`, each once."""
    zones = node[name]
    if not isinstance(zones, list) or not all(isinstance(zone, str) and ZONE.fullmatch(zone) for zone in zones):
        node.refuse(name, "a list of texts such as '0:Normal'")
    return list(dict.fromkeys(int(zone.split(":")[0]) for zone in zones))


def system_fields(allocator: SlabAllocator) -> dict[str, Any]:
    """Return what a topology file says of the whole system."""
    kernel = allocator.kernel
    return {
        "nr_cpu_ids": len(kernel.machine.cpus),
        "nr_node_ids": kernel.nr_node_ids,
        "sizeof_kmem_cache": layout.KMEM_CACHE_BYTES,
        "kmem_cache_object_size": allocator.caches[0].object_size,
        "sizeof_kmem_cache_node": layout.NODE_BYTES,
        "sizeof_array_cache": layout.ARRAY_CACHE_BYTES,
        "sizeof_alien_cache": layout.ALIEN_CACHE_BYTES,
        "slab_max_order": allocator.slab_max_order,
        "use_alien_caches": int(allocator.use_alien_caches),
        "HZ": kernel.hz,
        "cpu_to_mem": [cpu.numa_mem for cpu in kernel.machine.cpus],
    }


def node_fields(allocator: SlabAllocator, nid: int) -> dict[str, Any]:
    """Return what a topology file says of one node."""
    kernel = allocator.kernel
    topology = kernel.machine.topology
    return {
        "cpus": [cpu.id for cpu in kernel.machine.cpus if cpu.node == nid],
        "distance": list(topology.distance[nid]),
        "zonelist_order": list(kernel.zonelists[nid]),
    }
