"""Where is the line, and whom to evict: the tag arrays of one cache level, with true-LRU replacement.

One `CacheArray` holds the tags of every instance (core, L3 domain) of a level in one flat array, so that invalidating
another core's line needs no object of that core. It knows neither coherence nor time.

A way is one 64-bit word: line number shifted left by 3, state in the low bits; 0 is an empty way. Line 0 is never used.
Ways of a set are kept in order of use, most recent first, so way 0 answers most hits and the last way is the victim.
"""

from __future__ import annotations

from simslab.base import buffers
from simslab.machine.memory import states


class CacheArray:
    """Tags of `instances` equal caches of `sets` sets and `ways` ways; `sets` need not be a power of two."""

    def __init__(self, instances: int, sets: int, ways: int) -> None:
        self.instances = instances
        self.sets = sets
        self.ways = ways
        self.mask = sets - 1 if sets & (sets - 1) == 0 else -1
        self.owner = buffers.int64_zeros(instances * sets * ways)
        self.tags = buffers.int64_pointer(self.owner)

    def base(self, instance: int, line: int) -> int:
        """Index of way 0 of the set that `line` maps to."""
        index = line & self.mask if self.mask >= 0 else line % self.sets
        return (instance * self.sets + index) * self.ways

    def find(self, base: int, line: int) -> int:
        """Index of the way that holds `line` in the set at `base`, ABSENT if none."""
        for way in range(base, base + self.ways):
            if self.tags[way] >> states.STATE_BITS == line:
                return way
        return states.ABSENT

    def use(self, base: int, way: int) -> int:
        """Make `way` the most recently used of its set; returns its new index, `base`."""
        word = self.tags[way]
        while way > base:
            self.tags[way] = self.tags[way - 1]
            way -= 1
        self.tags[base] = word
        return base

    def insert(self, base: int, line: int, state: int) -> int:
        """Put an absent line in front of its set; returns the evicted word, 0 if a way was free."""
        last = base + self.ways - 1
        victim = self.tags[last]
        way = last
        while way > base:
            self.tags[way] = self.tags[way - 1]
            way -= 1
        self.tags[base] = (line << states.STATE_BITS) | state
        return victim

    def remove(self, base: int, line: int) -> int:
        """Drop `line`; returns its state, 0 if it was absent. The free way goes last."""
        way = self.find(base, line)
        if way < 0:
            return 0
        state = self.tags[way] & states.STATE_MASK
        last = base + self.ways - 1
        while way < last:
            self.tags[way] = self.tags[way + 1]
            way += 1
        self.tags[last] = 0
        return state

    def set_state(self, way: int, state: int) -> int:
        """Change the state of an occupied way."""
        self.tags[way] = (self.tags[way] & ~states.STATE_MASK) | state
        return 0

    def state_of(self, instance: int, line: int) -> int:
        """State of `line` in `instance`, 0 if absent; does not count as a use."""
        way = self.find(self.base(instance, line), line)
        return 0 if way < 0 else self.tags[way] & states.STATE_MASK
