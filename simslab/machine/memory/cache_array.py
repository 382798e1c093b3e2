"""Where is the line: the tag arrays of one cache level.

One `CacheArray` holds the tags of every instance (core, L3 domain) of a level in one flat array, so that invalidating
another core's line needs no object of that core. It knows neither coherence nor time, and leaves to its replacement
policy (`replacement.py`) in which order a set's ways are kept and which of them goes.

A way is one 64-bit word: line number shifted left by 3, state in the low bits; 0 is an empty way. Line 0 is never used.
"""

from __future__ import annotations

from typing import Final

from simslab.base import buffers
from simslab.machine.memory import recency, states
from simslab.machine.memory.replacement import LeastRecentlyUsed, Replacement

HOST_LINE: Final = 8  # words in a line of the host's caches


class CacheArray:
    """Tags of `instances` equal caches of `sets` sets and `ways` ways; `sets` need not be a power of two.

    `replacement` is the policy, true LRU if none is given.
    """

    def __init__(self, instances: int, sets: int, ways: int, replacement: Replacement | None = None) -> None:
        self.instances = instances
        self.sets = sets
        self.ways = ways
        self.mask = sets - 1 if sets & (sets - 1) == 0 else -1
        self.replacement: Replacement = LeastRecentlyUsed() if replacement is None else replacement
        self.lru = 1 if type(self.replacement) is LeastRecentlyUsed else 0  # the policy need not be asked
        self.owner = buffers.int64_zeros(instances * sets * ways)
        self.tags = buffers.int64_pointer(self.owner)

    def base(self, instance: int, line: int) -> int:
        """Index of way 0 of the set that `line` maps to."""
        index = line & self.mask if self.mask >= 0 else line % self.sets
        return (instance * self.sets + index) * self.ways

    def find(self, base: int, line: int) -> int:
        """Index of the way that holds `line` in the set at `base`, ABSENT if none."""
        return recency.find(self.tags, base, self.ways, line << states.STATE_BITS)

    def locate(self, instance: int, line: int) -> int:
        """Index of the way that holds `line` in `instance`, ABSENT if none."""
        return self.find(self.base(instance, line), line)

    def use(self, base: int, way: int) -> int:
        """Count a use of `way`; returns its new index."""
        return recency.to_front(self.tags, base, way) if self.lru else self.replacement.use(self.tags, base, way)

    def insert(self, instance: int, line: int, state: int) -> int:
        """Put an absent line into its set; returns the evicted word, 0 if a way was free."""
        word = (line << states.STATE_BITS) | state
        base = self.base(instance, line)
        if self.lru:
            return recency.put_first(self.tags, base, self.ways, word)
        return self.replacement.insert(self.tags, base, self.ways, word)

    def remove(self, instance: int, line: int) -> int:
        """Drop `line`; returns its state, 0 if it was absent."""
        base = self.base(instance, line)
        way = self.find(base, line)
        if way < 0:
            return 0
        state = self.tags[way] & states.STATE_MASK
        if self.lru:
            recency.take_out(self.tags, base, self.ways, way)
        else:
            self.replacement.remove(self.tags, base, self.ways, way)
        return state

    def expect(self, instance: int, line: int) -> int:
        """Tell the host that the set of `line` will be wanted soon.

        Speed: the sets of all caches together are more than the host's own L2 holds (benchmarks/allocator.py: 8 CPUs).
        """
        way = self.base(instance, line)
        last = way + self.ways
        while way < last:
            buffers.prefetch(self.tags, way)
            way += HOST_LINE
        return 0

    def set_state(self, way: int, state: int) -> int:
        """Change the state of an occupied way."""
        self.tags[way] = (self.tags[way] & ~states.STATE_MASK) | state
        return 0

    def touch(self, instance: int, line: int) -> int:
        """Count a use of `line`; whether `instance` has it."""
        base = self.base(instance, line)
        way = self.find(base, line)
        if way < 0:
            return 0
        self.use(base, way)
        return 1

    # Speed: each of these is one call from another compiled module where its parts would be three or four
    # (benchmarks/allocator.py: producer and consumer).

    def take(self, instance: int, line: int, write: int) -> int:
        """Use `line` for a load, or for a store unless it is S; returns its state before (then M after a store)."""
        base = self.base(instance, line)
        way = self.find(base, line)
        if way < 0:
            return 0
        state = self.tags[way] & states.STATE_MASK
        if write and state == states.SHARED:
            return state
        way = self.use(base, way)
        if write:
            self.set_state(way, states.MODIFIED)
        return state

    def use_as(self, instance: int, line: int, state: int) -> int:
        """Count a use of `line` and change its state; whether `instance` has it."""
        base = self.base(instance, line)
        way = self.find(base, line)
        if way < 0:
            return 0
        self.set_state(self.use(base, way), state)
        return 1

    def mark(self, instance: int, line: int, state: int) -> int:
        """Change the state of `line` without counting a use; whether `instance` has it."""
        way = self.locate(instance, line)
        if way < 0:
            return 0
        self.set_state(way, state)
        return 1

    def share(self, instance: int, line: int) -> int:
        """Make the state of `line` S where `instance` has it; the state before, 0 if absent."""
        way = self.find(self.base(instance, line), line)
        if way < 0:
            return 0
        state = self.tags[way] & states.STATE_MASK
        self.set_state(way, states.SHARED)
        return state

    def state_of(self, instance: int, line: int) -> int:
        """State of `line` in `instance`, 0 if absent; does not count as a use."""
        way = self.locate(instance, line)
        return 0 if way < 0 else self.tags[way] & states.STATE_MASK
