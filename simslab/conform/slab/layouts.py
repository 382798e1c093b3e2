"""Structure layouts and topologies of the golden data against the model's constants and booted systems."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from simslab.conform import tables
from simslab.conform.records import read_document
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


def check_layout(path: Path) -> Verdict:
    """Compare the offset of every member, and every structure's size, in a `struct_layout*.csv` table."""
    return tables.check_layout(path, layout, PREFIXES)


def check_topology(path: Path) -> Verdict:
    """Compare a `topology-*.json` with the system booted on the machine of that name.

    Left out: page counts, zones (the order of nodes in the zonelists is compared) and `slab_reap_node`, which depends
    on how often the reaper ran before it was noted.
    """
    verdict = Verdict(path.name, "topology")
    recorded = read_document(path)
    allocator = new_system(recorded.text("topo"), options_of(path.name, slab_nomerge=False))
    tables.compare_topology(verdict, recorded, allocator.kernel, system_fields(allocator))
    return verdict


def system_fields(allocator: SlabAllocator) -> dict[str, Any]:
    """Return what a topology file says of the allocator."""
    return {
        "sizeof_kmem_cache": layout.KMEM_CACHE_BYTES,
        "kmem_cache_object_size": allocator.caches[0].object_size,
        "sizeof_kmem_cache_node": layout.NODE_BYTES,
        "sizeof_array_cache": layout.ARRAY_CACHE_BYTES,
        "sizeof_alien_cache": layout.ALIEN_CACHE_BYTES,
        "slab_max_order": allocator.slab_max_order,
        "use_alien_caches": int(allocator.use_alien_caches),
    }
