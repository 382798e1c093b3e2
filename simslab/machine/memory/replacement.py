"""Whom to evict: how the ways of a set are kept in order, so that one of them is the victim.

The seam for policies: a tag array (`cache_array.py`) asks its policy at every use, insertion and removal. A policy
works on the words of one set, `tags[base : base + ways]`, and may move them. Empty ways come last: who searches a set
stops there. The way that a hit is most likely in comes first: the cores look there before they ask
(`core/accesses.py`), and take a hit there for a use without effect.
"""

from __future__ import annotations

from simslab.machine.memory import recency


class Replacement:
    """What a tag array asks of its policy; 0 is the word of an empty way."""

    def use(self, tags: memoryview, base: int, way: int) -> int:
        """Note that the way at index `way` was used; returns the index of its word from now on."""
        return way

    def insert(self, tags: memoryview, base: int, ways: int, word: int) -> int:
        """Put a word that the set does not hold into it; returns the evicted word, 0 if a way was free."""
        return word

    def remove(self, tags: memoryview, base: int, ways: int, way: int) -> int:
        """Empty the way at index `way`: close the gap; the free way goes last."""
        return recency.take_out(tags, base, ways, way)


class LeastRecentlyUsed(Replacement):
    """True LRU: ways are kept in order of use, most recent first; the last is the victim, and empty ways are last."""

    def use(self, tags: memoryview, base: int, way: int) -> int:
        """Move the word to the front of its set."""
        return recency.to_front(tags, base, way)

    def insert(self, tags: memoryview, base: int, ways: int, word: int) -> int:
        """Put the word in front; the last one goes."""
        return recency.put_first(tags, base, ways, word)
