"""What a cache's arrays hold over time, for a figure: a run is made again and looked at, as it comes out the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simslab.allocator.parked import ArrayLevel
from simslab.base.errors import UserError, near_miss

if TYPE_CHECKING:
    from simslab.workload.run.system import System


@dataclass(frozen=True)
class Sample:
    """All arrays at one time, cycles from the start of the region of interest."""

    time: int
    levels: tuple[ArrayLevel, ...]


class ArrayTimeline:
    """Looks at the arrays of `cache` about every `every` cycles, at the end of an operation of any CPU.

    CPUs run ahead of each other by up to the quantum, so what others' arrays hold is of a time that far apart.
    """

    def __init__(self, cache: str, every: int) -> None:
        self.cache = cache
        self.every = every
        self.begin = 0  # cycles from boot
        self.next = 0
        self.samples: list[Sample] = []
        self.frequency_hz = 0
        self.nodes: tuple[int, ...] = ()  # what people call them, by row

    def attach(self, system: System) -> None:
        """Look at this system; UserError if it has no such cache."""
        found = system.find_cache(self.cache)
        if found is None:
            names = [cache.name for cache in system.allocator.caches]
            told = f"there is no cache '{self.cache}'"
            raise UserError(told, expected="one that slabinfo lists", near=near_miss(self.cache, names))
        self._cache, self._allocator = found, system.allocator
        self.clear(system.machine.cpus[0].now)
        self.frequency_hz = system.machine.frequency_hz
        self.nodes = tuple(node.number for node in system.machine.topology.nodes)

    def clear(self, begin: int) -> None:
        """Forget what was seen: warm-up is over, time counts from `begin`."""
        self.begin, self.next, self.samples = begin, 0, []

    def look(self, now: int) -> None:
        """Look at the arrays if it is time; a CPU that is behind others adds nothing."""
        time = now - self.begin
        if time >= self.next:
            self.samples.append(Sample(time, tuple(self._allocator.arrays(self._cache))))
            self.next = time - time % self.every + self.every
