"""Structure layouts and topologies of the golden data against the model's constants and booted systems."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from simslab.conform import tables
from simslab.conform.records import read_document
from simslab.conform.slub.geometry import options_of
from simslab.conform.slub.topologies import new_system
from simslab.conform.verdict import Verdict
from simslab.slub import layout
from simslab.slub.allocator import SlubAllocator
from simslab.slub.stat_item import NR_SLUB_STAT_ITEMS

# How layout.py abbreviates the structures' names.
PREFIXES: Final = {"kmem_cache_cpu": "CPU", "kmem_cache_node": "NODE"}
STAT_BYTES: Final = 4


def check_layout(path: Path) -> Verdict:
    """Compare the offset of every member, and every structure's size, in a `struct_layout*.csv` table."""
    return tables.check_layout(path, layout, PREFIXES)


def check_topology(path: Path) -> Verdict:
    """Compare a `topology-*.json` with the system booted on the machine of that name; page counts are left out."""
    verdict = Verdict(path.name, "topology")
    recorded = read_document(path)
    allocator = new_system(recorded.text("topo"), options_of(path.name, slab_nomerge=False))
    tables.compare_topology(verdict, recorded, allocator.kernel, system_fields(allocator))
    return verdict


def system_fields(allocator: SlubAllocator) -> dict[str, Any]:
    """Return what a topology file says of the allocator."""
    kernel, options = allocator.kernel, allocator.options
    return {
        "cache_line_size": options.cache_line_size,
        "sizeof_kmem_cache": layout.KMEM_CACHE_BYTES,
        "kmem_cache_object_size": allocator.creation.cache_of_caches().object_size,
        "sizeof_kmem_cache_node": layout.NODE_BYTES,
        "sizeof_kmem_cache_cpu": layout.CPU_BYTES + STAT_BYTES * NR_SLUB_STAT_ITEMS,  # recorded with SLUB_STATS
        "sizeof_page": kernel.mem_map.stride,
        "slub_min_order": options.slub_min_order,
        "slub_max_order": options.slub_max_order,
        "slub_min_objects": options.slub_min_objects,
    }
