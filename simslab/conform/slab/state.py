"""A cache's state in the form of the golden traces, and what differs between two such states, in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from simslab.kernel.layout import PAGE_SHIFT, SLABS_FREE, SLABS_FULL, SLABS_PARTIAL
from simslab.slab.kmem_cache import ArrayCache, KmemCache, KmemCacheNode

if TYPE_CHECKING:
    from simslab.slab.slab_page import SlabPages

NODE_FIELDS: Final = (
    "node id",
    "free_objects",
    "free_slabs",
    "total_slabs",
    "free_limit",
    "colour_next",
    "free_touched",
    "shared [avail, limit, batchcount, touched]",
    "alien [avail, limit] by node",
    "length of slabs_partial",
    "length of slabs_full",
    "length of slabs_free",
)
ARRAY_FIELDS: Final = ("avail", "limit", "batchcount", "touched")
FULL_FIELDS: Final = {
    "sh": "contents of the shared array",
    "al": "contents of the alien arrays",
    "P": "slabs_partial [slab, active, freelist holder, free indices]",
    "F": "slabs_full",
    "E": "slabs_free [slab, active, freelist holder, free indices]",
    "nid": "node id",
}
STATISTICS: Final = (
    "num_active",
    "num_allocations",
    "high_mark",
    "grown",
    "reaped",
    "errors",
    "max_freeable",
    "node_allocs",
    "node_frees",
    "node_overflow",
    "allochit",
    "allocmiss",
    "freehit",
    "freemiss",
)


class SlabNames:
    """Names objects of one cache as [slab number, index], slabs being numbered as their pages are obtained.

    It is the allocator's observer during a replay and keeps the events of the operation in progress.
    """

    def __init__(self, pages: SlabPages) -> None:
        self.pages = pages
        self.cache: KmemCache | None = None
        self.number: dict[int, int] = {}  # of a slab by its pfn
        self.starts: list[int] = []  # address of the first object by slab number
        self.events: list[list[Any]] = []

    def slab_obtained(self, cache: KmemCache, pfn: int, nid: int) -> None:
        """Note a new slab (called by SlabPages)."""
        if cache is not self.cache:
            return
        first = self.pages.mem_map.get("s_mem", pfn)
        self.number[pfn] = len(self.starts)
        self.events.append(["g", len(self.starts), nid, first - (pfn << PAGE_SHIFT)])
        self.starts.append(first)

    def slab_destroyed(self, cache: KmemCache, pfn: int, nid: int) -> None:
        """Note a destroyed slab (called by SlabPages)."""
        if cache is self.cache:
            self.events.append(["d", self.number[pfn], nid])

    def name(self, address: int) -> list[int]:
        """Return [slab number, index] of the object at `address`."""
        cache = self.cache
        assert cache is not None
        pfn = address >> PAGE_SHIFT
        head = self.pages.mem_map.get("head", pfn)
        slab = self.number[head if head in self.number else pfn]
        return [slab, (address - self.starts[slab]) // cache.size]

    def address(self, name: tuple[int, int]) -> int:
        """Return the address of the object named [slab number, index]."""
        cache = self.cache
        assert cache is not None
        return self.starts[name[0]] + name[1] * cache.size

    def names(self, array: ArrayCache) -> list[list[int]]:
        """Return the names of an array's objects, bottom to top."""
        return [self.name(address) for address in array.entries()]


def state_text(cache: KmemCache, nids: list[int], pages: SlabPages) -> str:
    """Return `"ac":[...],"n":[...]` exactly as the traces print it."""
    arrays = ",".join([f"[{ac.avail},{ac.limit},{ac.batchcount},{ac.touched}]" for ac in cache.cpu_cache])
    nodes = ",".join([node_text(cache.node[nid], nids, pages) for nid in nids])
    return f'"ac":[{arrays}],"n":[{nodes}]'


def node_text(n: KmemCacheNode | None, nids: list[int], pages: SlabPages) -> str:
    """Return one node's part of the state."""
    if n is None:
        return "null"
    shared = n.shared
    shared_text = "null"
    if shared is not None:
        shared_text = f"[{shared.avail},{shared.limit},{shared.batchcount},{shared.touched}]"
    alien_text = "null" if n.alien is None else f"[{','.join([alien_part(n, nid) for nid in nids])}]"
    lengths = [len(pages.lists.list_pfns(n, which)) for which in (SLABS_PARTIAL, SLABS_FULL, SLABS_FREE)]
    return (
        f"[{n.node},{n.free_objects},{n.free_slabs},{n.total_slabs},{n.free_limit},{n.colour_next},{n.free_touched},"
        f"{shared_text},{alien_text},{lengths[0]},{lengths[1]},{lengths[2]}]"
    )


def alien_part(n: KmemCacheNode, nid: int) -> str:
    """Return `[avail,limit]` of the alien array for node `nid`, or `null`."""
    alien = n.alien[nid] if n.alien is not None else None
    return "null" if alien is None else f"[{alien.ac.avail},{alien.ac.limit}]"


def full_state(cache: KmemCache, nids: list[int], names: SlabNames) -> dict[str, Any]:
    """Return the complete contents of a cache, as a trace's `full`."""
    return {
        "ac": [names.names(array) for array in cache.cpu_cache],
        "n": [full_node(cache, nid, nids, names) for nid in nids],
    }


def full_node(cache: KmemCache, nid: int, nids: list[int], names: SlabNames) -> dict[str, Any]:
    """Return the complete contents of one node."""
    n = cache.node[nid]
    assert n is not None
    aliens = [n.alien[other] if n.alien is not None else None for other in nids]
    return {
        "nid": nid,
        "sh": names.names(n.shared) if n.shared is not None else None,
        "al": [names.names(alien.ac) if alien is not None else None for alien in aliens] if n.alien else None,
        "P": [slab_state(cache, pfn, names) for pfn in names.pages.lists.list_pfns(n, SLABS_PARTIAL)],
        "F": [names.number[pfn] for pfn in names.pages.lists.list_pfns(n, SLABS_FULL)],
        "E": [slab_state(cache, pfn, names) for pfn in names.pages.lists.list_pfns(n, SLABS_FREE)],
    }


def slab_state(cache: KmemCache, pfn: int, names: SlabNames) -> list[Any]:
    """Return [slab, active, freelist holder, free indices] of a slab."""
    pages = names.pages
    active = pages.mem_map.get("active", pfn)
    return [names.number[pfn], active, pages.lists.freelist_holder(cache, pfn), pages.lists.free_indices(cache, pfn)]


def fnv1a_32(text: str) -> int:
    """Return the 32-bit FNV-1a hash of an ASCII text."""
    value = 2166136261
    for byte in text.encode("ascii"):
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


def describe_difference(expected: str, got: str) -> str:
    """Say which field of two state texts differs first."""
    wanted, found = json.loads("{" + expected + "}"), json.loads("{" + got + "}")
    for cpu, (a, b) in enumerate(zip(wanted["ac"], found["ac"], strict=False)):
        for name, x, y in zip(ARRAY_FIELDS, a, b, strict=False):
            if x != y:
                return f"CPU {cpu}'s array {name}: expected {x}, got {y}"
    for a, b in zip(wanted["n"], found["n"], strict=False):
        for name, x, y in zip(NODE_FIELDS, a, b, strict=False):
            if x != y:
                return f"node {a[0]} {name}: expected {x}, got {y}"
    return f"number of CPUs or nodes: expected {expected}, got {got}"


def describe_full_difference(wanted: dict[str, Any], found: dict[str, Any]) -> str:
    """Say which part of two complete contents differs first; an empty string when none does."""
    for cpu, (a, b) in enumerate(zip(wanted["ac"], found["ac"], strict=False)):
        if a != b:
            return f"contents of CPU {cpu}'s array: expected {a}, got {b}"
    for a, b in zip(wanted["n"], found["n"], strict=False):
        for key in a:
            if a[key] != b[key]:
                return f"node {a['nid']} {FULL_FIELDS.get(key, key)}: expected {a[key]}, got {b[key]}"
    return "" if wanted == found else f"complete contents: expected {wanted}, got {found}"
