"""Structure layouts and topologies of the golden data against the model's constants and booted systems."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from simslab.conform.records import read_document, read_rows
from simslab.conform.slab.layouts import in_order
from simslab.conform.slub.geometry import options_of
from simslab.conform.slub.topologies import new_system
from simslab.conform.verdict import Verdict
from simslab.slub import layout
from simslab.slub.allocator import SlubAllocator
from simslab.slub.stat_item import NR_SLUB_STAT_ITEMS

# How layout.py abbreviates the structures' names.
PREFIXES: Final = {"kmem_cache_cpu": "CPU", "kmem_cache_node": "NODE"}
TOTAL: Final = "(total)"
TOTALS: Final = {"page": "PAGE_STRIDE"}
STAT_BYTES: Final = 4


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
    """Return the name in layout.py of a structure's size or of a member's offset."""
    prefix = PREFIXES.get(struct, struct.upper())
    if member == TOTAL:
        return TOTALS.get(struct, f"{prefix}_BYTES")
    return f"{prefix}_{member.split('[')[0].lstrip('_').upper()}"


def check_topology(path: Path) -> Verdict:
    """Compare a `topology-*.json` with the system booted on the machine of that name; page counts are left out."""
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


def system_fields(allocator: SlubAllocator) -> dict[str, Any]:
    """Return what a topology file says of the whole system."""
    kernel, options = allocator.kernel, allocator.options
    return {
        "nr_cpu_ids": len(kernel.machine.cpus),
        "nr_node_ids": kernel.nr_node_ids,
        "cache_line_size": options.cache_line_size,
        "sizeof_kmem_cache": layout.KMEM_CACHE_BYTES,
        "kmem_cache_object_size": allocator.cache_of_caches().object_size,
        "sizeof_kmem_cache_node": layout.NODE_BYTES,
        "sizeof_kmem_cache_cpu": layout.CPU_BYTES + STAT_BYTES * NR_SLUB_STAT_ITEMS,  # recorded with SLUB_STATS
        "sizeof_page": kernel.mem_map.stride,
        "slub_min_order": options.slub_min_order,
        "slub_max_order": options.slub_max_order,
        "slub_min_objects": options.slub_min_objects,
        "HZ": kernel.hz,
        "cpu_to_mem": [cpu.numa_mem for cpu in kernel.machine.cpus],
    }


def node_fields(allocator: SlubAllocator, nid: int) -> dict[str, Any]:
    """Return what a topology file says of one node."""
    kernel = allocator.kernel
    return {
        "cpus": [cpu.id for cpu in kernel.machine.cpus if cpu.node == nid],
        "distance": list(kernel.machine.topology.distance[nid]),
        "zonelist_order": list(kernel.zonelists[nid]),
    }
