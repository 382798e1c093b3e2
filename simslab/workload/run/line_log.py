"""Where each access found its cache line, by line: for the view that perf c2c has of a run.

Told by `CoherentMemory.transact` of what its caches do not answer from an L1, and by the CPUs of what they do. An
update of a line that the core has modified counts as a store alone. Not modelled: modified lines that only another
package's L3 still holds count as hits there, not as HITM.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from simslab.kernel import layout
from simslab.machine.accounting import causes
from simslab.machine.memory import states

if TYPE_CHECKING:
    from simslab.workload.run.meeting import Meeting
    from simslab.workload.run.system import System

KMEM_CACHE: Final = "KMEM_CACHE_"
STRUCTS: Final = {"kmem_cache": KMEM_CACHE, "kmem_cache_node": "NODE_", "array_cache": "ARRAY_CACHE_",
                  "alien_cache": "ALIEN_CACHE_", "page": "PAGE_"}  # fmt: skip
NO_FIELDS: Final = ("BYTES", "STRIDE", "SHIFT", "SIZE")


@dataclass
class LineCounts:
    """What happened to one line: all accesses, and loads by source; of stores, how many an L1 that owned it took."""

    loads: int = 0
    stores: int = 0
    l1_stores: int = 0
    l1: int = 0
    l2: int = 0
    llc: int = 0
    local_hitm: int = 0
    remote_hitm: int = 0
    remote_hit: int = 0
    local_dram: int = 0
    remote_dram: int = 0
    nodes: set[int] = field(default_factory=set)

    @property
    def hitm(self) -> int:
        """Loads of a line that another core had modified."""
        return self.local_hitm + self.remote_hitm


@dataclass(frozen=True)
class Region:
    """Addresses that a structure or a slab takes: what it is, of which cache."""

    start: int
    end: int
    struct: str  # of STRUCTS, or object
    owner: str


class LineLog:
    """Counts by line, and what lies where at the end of the run."""

    def __init__(self) -> None:
        self.lines: dict[int, LineCounts] = {}
        self.regions: list[Region] = []
        self._region_start = 0
        self._dirty = 0

    def attach(self, system: System, meeting: Meeting) -> None:
        """Be told of every line from now on."""
        self._system, self._meeting = system, meeting
        self._memory = system.machine.memory
        self._cores = len(system.machine.topology.cores)
        self._node = [core.node for core in system.machine.topology.cores]
        self._memory.witness = self
        for cpu in system.machine.cpus:
            cpu.watched = 1

    def close(self) -> None:
        """Remember what lies where; nothing is told any longer."""
        for cpu in self._system.machine.cpus:
            cpu.watched = 0
        self.regions = sorted(_regions(self._system), key=lambda region: region.start)

    def fetching(self, core: int, line: int) -> None:
        """A line is asked for: see whether another core has modified it."""
        self._look_for_region()
        state = self._memory.state_in_core
        self._dirty = any(state(other, line) == states.MODIFIED for other in range(self._cores) if other != core)

    def fetched(self, core: int, line: int, write: int, cause: int) -> None:
        """The line has come, from where `cause` says."""
        counts = self._counts(core, line)
        if write:
            counts.stores += 1
            return
        counts.loads += 1
        if cause == causes.L2:
            counts.l2 += 1
        elif cause in (causes.L3, causes.OTHER_CORE):
            counts.local_hitm += self._dirty and cause == causes.OTHER_CORE
            counts.llc += not (self._dirty and cause == causes.OTHER_CORE)
        elif cause == causes.REMOTE_CACHE:
            counts.remote_hitm += self._dirty
            counts.remote_hit += not self._dirty
        elif cause == causes.LOCAL_DRAM:
            counts.local_dram += 1
        else:
            counts.remote_dram += 1

    def hit(self, core: int, line: int, write: int) -> None:
        """A core's own L1 has answered."""
        self._look_for_region()
        counts = self._counts(core, line)
        if write:
            counts.stores += 1
            counts.l1_stores += 1
        else:
            counts.loads += 1
            counts.l1 += 1

    def _look_for_region(self) -> None:
        """Forget warm-up once it is over."""
        if self._meeting.region_start != self._region_start:
            self._region_start = self._meeting.region_start
            self.lines.clear()

    def _counts(self, core: int, line: int) -> LineCounts:
        counts = self.lines.get(line)
        if counts is None:
            counts = self.lines[line] = LineCounts()
        counts.nodes.add(self._node[core])
        return counts

    def name(self, line: int) -> str:
        """Return what lies in a line: structures with their fields and the cache that they are of."""
        start, end = line << states.LINE_SHIFT, (line + 1) << states.LINE_SHIFT
        found = [region for region in self.regions if region.start < end and region.end > start]
        found = [region for region in found if region.struct in STRUCTS] or found  # what lies in an object tells more
        return "; ".join(dict.fromkeys(_told(region, start, end) for region in found)) or "kernel data"


def _told(region: Region, start: int, end: int) -> str:
    if region.struct not in STRUCTS:
        return f"{region.struct} of {region.owner}"
    first, last = max(0, start - region.start), min(end, region.end) - region.start
    names = [name for name, offset in _fields(region.struct) if first <= offset < last]
    if region.struct == "array_cache" and last > layout.ARRAY_CACHE_ENTRY:
        names = [*(name for name in names if name != "entry"), "entry[]"]
    shown = f"{names[0]}..{names[-1]}" if len(names) > 2 else ", ".join(names)
    return f"{region.struct} of {region.owner}: {shown}" if names else f"{region.struct} of {region.owner}"


def _fields(struct: str) -> list[tuple[str, int]]:
    """Return a structure's fields and offsets, as the layout has them."""
    prefix = STRUCTS[struct]
    found = [
        (name.removeprefix(prefix).lower(), value)
        for name, value in vars(layout).items()
        if name.startswith(prefix) and isinstance(value, int) and not name.endswith(NO_FIELDS)
        and not (prefix == "NODE_" and name.startswith("NODE_NEXT_NODE"))
    ]  # fmt: skip
    return sorted(found, key=lambda each: each[1])


def _regions(system: System) -> list[Region]:
    regions: list[Region] = []
    numbers = [node.number for node in system.machine.topology.nodes]
    for cache in system.allocator.caches:
        regions += _of_cache(cache, numbers)
    regions += _slabs(system)
    return regions


def _of_cache(cache: Any, numbers: list[int]) -> list[Region]:
    """Return a cache's structures; nodes by the `numbers` that people call them."""
    name = cache.name
    regions = [Region(cache.addr, cache.addr + layout.KMEM_CACHE_BYTES, "kmem_cache", name)]
    for cpu, array in enumerate(cache.cpu_cache):
        regions.append(_array(array, f"{name}, CPU {cpu}"))
    for node in cache.node:
        if node is None:
            continue
        place = f"{name}, node {numbers[node.node]}"
        if node.list_lock.addr != node.addr:  # the kernel option node_lists_apart
            regions.append(Region(node.list_lock.addr, node.addr, "kmem_cache_node", place))
        regions.append(Region(node.addr, node.addr + layout.NODE_BYTES, "kmem_cache_node", place))
        if node.shared is not None:
            regions.append(_array(node.shared, f"{place}, shared"))
        for other, alien in enumerate(node.alien or ()):
            if alien is not None:
                at = f"{place} for node {numbers[other]}"
                regions.append(Region(alien.addr, alien.addr + layout.ALIEN_CACHE_AC, "alien_cache", at))
                regions.append(_array(alien.ac, f"{at}, alien"))
    return regions


def _array(array: Any, owner: str) -> Region:
    return Region(array.addr, array.addr + layout.ARRAY_CACHE_ENTRY + 8 * array.limit, "array_cache", owner)


def _slabs(system: System) -> list[Region]:
    """Return the struct pages and the objects of every slab page at the end of the run."""
    mem_map = system.kernel.page_allocator.mem_map
    slab_cache = mem_map.owners[1]
    regions = []
    for pfn in np.flatnonzero(np.asarray(slab_cache)).tolist():
        cache: Any = system.allocator.by_index[slab_cache[pfn]]
        name, head, pages = cache.name, mem_map.page_addr(pfn), 1 << cache.gfporder
        regions.append(Region(head, head + layout.PAGE_STRIDE, "page", f"a slab of {name}"))
        start = pfn << layout.PAGE_SHIFT
        regions.append(Region(start, start + pages * layout.PAGE_SIZE, "object", name))
    return regions
