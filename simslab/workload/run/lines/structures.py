"""Which structures of an allocator lie at which addresses, and what their fields are called."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from simslab.kernel import layout as slab_layout
from simslab.slub import layout as slub_layout
from simslab.slub.kmem_cache import KmemCache as SlubCache

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simslab.workload.run.system import System

OBJECT: Final = "object"
NO_FIELDS: Final = ("BYTES", "STRIDE", "SHIFT", "SIZE")


@dataclass(frozen=True)
class Layout:
    """Where the fields of an allocator's structures lie; `prefixes` are those of their constants in `module`."""

    module: ModuleType
    prefixes: dict[str, str]
    foreign: tuple[str, ...]  # constants that begin as a structure's and are not its

    def fields(self, struct: str) -> list[tuple[str, int]]:
        """Return a structure's fields and offsets, in their order."""
        prefix = self.prefixes[struct]
        found = [
            (name.removeprefix(prefix).lower(), value)
            for name, value in vars(self.module).items()
            if name.startswith(prefix)
            and isinstance(value, int)
            and not name.endswith(NO_FIELDS)
            and not name.startswith(self.foreign)
        ]
        return sorted(found, key=lambda each: each[1])


OF_SLAB: Final = Layout(
    slab_layout,
    {
        "kmem_cache": "KMEM_CACHE_",
        "kmem_cache_node": "NODE_",
        "array_cache": "ARRAY_CACHE_",
        "alien_cache": "ALIEN_CACHE_",
        "page": "PAGE_",
    },
    ("NODE_NEXT_NODE",),
)
OF_SLUB: Final = Layout(
    slub_layout,
    {"kmem_cache": "KMEM_CACHE_", "kmem_cache_cpu": "CPU_", "kmem_cache_node": "NODE_", "page": "PAGE_"},
    ("CPU_ALIGN", "KMEM_CACHE_ORDER_OBJECTS_X"),
)


@dataclass(frozen=True)
class Region:
    """Addresses that a structure or a slab takes: what it is, of which cache."""

    start: int
    end: int
    struct: str  # of `layout`, or OBJECT
    owner: str
    layout: Layout = OF_SLAB


def told(regions: list[Region], start: int, end: int) -> str:
    """Return what lies between two addresses: structures with their fields and the cache that they are of."""
    found = [region for region in regions if region.start < end and region.end > start]
    found = [region for region in found if region.struct != OBJECT] or found  # what lies in an object tells more
    return "; ".join(dict.fromkeys(_told(region, start, end) for region in found)) or "kernel data"


def _told(region: Region, start: int, end: int) -> str:
    if region.struct == OBJECT:
        return f"{region.struct} of {region.owner}"
    first, last = max(0, start - region.start), min(end, region.end) - region.start
    names = [name for name, offset in region.layout.fields(region.struct) if first <= offset < last]
    if region.struct == "array_cache" and last > slab_layout.ARRAY_CACHE_ENTRY:
        names = [*(name for name in names if name != "entry"), "entry[]"]
    shown = f"{names[0]}..{names[-1]}" if len(names) > 2 else ", ".join(names)
    return f"{region.struct} of {region.owner}: {shown}" if names else f"{region.struct} of {region.owner}"


def regions_of(system: System) -> list[Region]:
    """Return all structures and slabs of a system, by address."""
    numbers = [node.number for node in system.machine.topology.nodes]
    regions: list[Region] = []
    for cache in system.allocator.caches:
        regions += _of_slub(cache, numbers) if isinstance(cache, SlubCache) else _of_slab(cache, numbers)
    regions += _slabs(system)
    return sorted(regions, key=lambda region: region.start)


def _of_slab(cache: Any, numbers: list[int]) -> Iterable[Region]:
    """Yield the structures of one of SLAB's caches; nodes by the `numbers` that people call them."""
    name = cache.name
    yield Region(cache.addr, cache.addr + slab_layout.KMEM_CACHE_BYTES, "kmem_cache", name)
    for cpu, array in enumerate(cache.cpu_cache):
        yield _array(array, f"{name}, CPU {cpu}")
    for node in cache.node:
        if node is None:
            continue
        place = f"{name}, node {numbers[node.node]}"
        yield Region(node.addr, node.addr + slab_layout.NODE_BYTES, "kmem_cache_node", place)
        if node.list_lock.addr != node.addr:  # the kernel option node_lists_apart
            yield Region(node.list_lock.addr, node.addr, "kmem_cache_node", place)
        if node.shared is not None:
            yield _array(node.shared, f"{place}, shared")
        for other, alien in enumerate(node.alien or ()):
            if alien is not None:
                at = f"{place} for node {numbers[other]}"
                yield Region(alien.addr, alien.addr + slab_layout.ALIEN_CACHE_AC, "alien_cache", at)
                yield _array(alien.ac, f"{at}, alien")


def _array(array: Any, owner: str) -> Region:
    end = array.addr + slab_layout.ARRAY_CACHE_ENTRY + 8 * array.limit
    return Region(array.addr, end, "array_cache", owner)


def _of_slub(cache: SlubCache, numbers: list[int]) -> Iterable[Region]:
    """Yield the structures of one of SLUB's caches."""
    name = cache.name
    yield Region(cache.addr, cache.addr + slub_layout.KMEM_CACHE_BYTES, "kmem_cache", name, OF_SLUB)
    for cpu, c in enumerate(cache.cpu_slab):
        yield Region(c.addr, c.addr + slub_layout.CPU_BYTES, "kmem_cache_cpu", f"{name}, CPU {cpu}", OF_SLUB)
    for n in cache.nodes():
        place = f"{name}, node {numbers[n.node]}"
        yield Region(n.addr, n.addr + slub_layout.NODE_BYTES, "kmem_cache_node", place, OF_SLUB)


def _slabs(system: System) -> Iterable[Region]:
    """Yield the struct pages and the objects of every slab page at the end of the run."""
    mem_map = system.kernel.page_allocator.mem_map
    slab_cache = mem_map.owners[1]
    for pfn in np.flatnonzero(np.asarray(slab_cache)).tolist():
        cache: Any = system.allocator.by_index[slab_cache[pfn]]
        own, head = OF_SLUB if isinstance(cache, SlubCache) else OF_SLAB, mem_map.page_addr(pfn)
        yield Region(head, head + mem_map.stride, "page", f"a slab of {cache.name}", own)
        start = pfn << slab_layout.PAGE_SHIFT
        pages = 1 << mem_map.get("order", pfn)
        yield Region(start, start + pages * slab_layout.PAGE_SIZE, OBJECT, cache.name, own)
