"""Ages the heap before a run: fills slabs of every cache that a workload uses, replaces objects and frees part of them.

All of it are calls of the allocator by the CPUs that will run threads, so that slabs, lists and arrays are as such a
past leaves them. It comes before the run's clocks and counters start, as the boot does.

Not modelled: a past in which objects were freed on other nodes than their own (arrays of aliens begin empty).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from simslab.allocator.cache import Cache
from simslab.base.errors import BadValue
from simslab.base.seeds import stream
from simslab.kernel import layout
from simslab.kernel.mm.gfp import GFP_KERNEL
from simslab.machine.core.cpu import Cpu
from simslab.result.measurement import AgedRow
from simslab.workload.description.heap import FRESH
from simslab.workload.streams import operations as ops

if TYPE_CHECKING:
    import numpy as np

    from simslab.workload.description.heap import HeapAge
    from simslab.workload.run.system import System
    from simslab.workload.streams.program import ThreadProgram, Words

TURNS: Final = 2  # how often all objects of an aged heap are replaced
OBJPERSLAB: Final = 4  # column of /proc/slabinfo


@dataclass(frozen=True)
class AgedHeap:
    """What was done: a row for each cache, and the addresses that are held of it, by its index."""

    rows: list[AgedRow]
    held: dict[int, list[int]]


def used_caches(system: System, caches: Iterable[Cache], kinds: Words) -> list[Cache]:
    """Return each cache that operations use, in order of creation; `kinds` tells the caches of kmallocs by index."""
    rows = kinds.reshape(-1, ops.NR_FIELDS)
    wanted = {cache.index for cache in caches}
    wanted |= {int(row[ops.CACHE]) for row in rows if row[ops.OPCODE] == ops.KMALLOC and row[ops.CACHE]}
    return [cache for cache in system.allocator.caches if cache.index in wanted]


def age_heap(
    system: System, age: HeapAge, caches: Sequence[Cache], threads: Iterable[ThreadProgram], seed: int
) -> AgedHeap:
    """Age every cache on the nodes that run `threads`; BadValue when they have not the memory."""
    heap = AgedHeap([], {})
    if age.age == FRESH:
        return heap
    nodes: dict[int, list[Cpu]] = {}
    for cpu in (system.machine.cpus[thread.cpu] for thread in threads):
        nodes.setdefault(cpu.numa_mem, []).append(cpu)
    num = _objects_per_slab(system)
    for cache in caches:
        asked = age.filled * num[cache.name]
        held: list[int] = []
        for node, of_node in sorted(nodes.items()):
            past = Past(system, cache, of_node, stream(seed, "heap", cache.name, node))
            held += past.aged(asked, age.kept) if age.age == "aged" else past.fragmented(asked, age.kept)
        heap.held[cache.index] = held
        heap.rows.append(AgedRow(cache.name, len(nodes) * asked, len(held), len(_by_slab(system, held))))
    return heap


def _objects_per_slab(system: System) -> dict[str, int]:
    lines = [line.split() for line in system.allocator.slabinfo().splitlines()]
    return {line[0]: int(line[OBJPERSLAB]) for line in lines if len(line) > OBJPERSLAB and line[OBJPERSLAB].isdigit()}


def _by_slab(system: System, objects: Iterable[int]) -> list[list[int]]:
    """Return the objects of each slab, by address."""
    slabs: dict[int, list[int]] = {}
    for objp in sorted(objects):
        slabs.setdefault(system.kernel.mem_map.get("head", objp >> layout.PAGE_SHIFT), []).append(objp)
    return list(slabs.values())


class Past:
    """What the CPUs of one node did with one cache; each operation is done by a random one of them."""

    def __init__(self, system: System, cache: Cache, cpus: Sequence[Cpu], chance: np.random.Generator) -> None:
        self.system, self.cache, self.cpus, self.chance = system, cache, cpus, chance
        self.held: list[int] = []

    def aged(self, count: int, kept: float) -> list[int]:
        """Allocate `count` objects, replace each TURNS times on average, free random ones; returns what is held."""
        self._fill(count)
        for victim in self.chance.integers(count, size=TURNS * count).tolist():
            self._free(self.held[victim])
            self.held[victim] = self._alloc()
        self._free_all_but(self.chance.permutation(count)[: max(1, round(kept * count))].tolist())
        return self.held

    def fragmented(self, count: int, kept: float) -> list[int]:
        """Allocate `count` objects and free all but the same share of each slab's; returns what is held."""
        self._fill(count)
        place = {objp: i for i, objp in enumerate(self.held)}
        staying: list[int] = []
        for slab in _by_slab(self.system, self.held):
            order = self.chance.permutation(len(slab))[: max(1, round(kept * len(slab)))].tolist()
            staying += [place[slab[i]] for i in order]
        self._free_all_but(staying)
        return self.held

    def _fill(self, count: int) -> None:
        self.held = [self._alloc() for _ in range(count)]

    def _free_all_but(self, staying: list[int]) -> None:
        """Free the others in random order."""
        stays = set(staying)
        for i in self.chance.permutation(len(self.held)).tolist():
            if i not in stays:
                self._free(self.held[i])
        self.held = [self.held[i] for i in sorted(stays)]

    def _alloc(self) -> int:
        objp = self.system.allocator.kmem_cache_alloc(self._cpu(), self.cache, GFP_KERNEL)
        if not objp:
            told = f"there is no memory left for so old a heap: '{self.cache.name}' cannot grow"
            raise BadValue(told, expected="fewer 'slabs', or a machine with more memory", at=("heap",))
        return objp

    def _free(self, objp: int) -> None:
        self.system.allocator.kmem_cache_free(self._cpu(), self.cache, objp)

    def _cpu(self) -> Cpu:
        return self.cpus[int(self.chance.integers(len(self.cpus)))] if len(self.cpus) > 1 else self.cpus[0]
