"""The words of a set in order of use, most recent first, empty ones last (inline C in `recency.pxd`).

What true LRU (`replacement.py`) does to them. Speed: tag arrays and cores do it without asking the policy where that is
true LRU; benchmarks/allocator.py, 8 CPUs.
"""

from __future__ import annotations

from simslab.machine.memory import states


def find(tags: memoryview, base: int, ways: int, key: int) -> int:
    """Index of the way of the set at `base` whose word differs from `key` in the state at most, ABSENT if none."""
    for way in range(base, base + ways):
        if tags[way] ^ key <= states.STATE_MASK:
            return way
    return states.ABSENT


def to_front(tags: memoryview, base: int, way: int) -> int:
    """Move the word at index `way` to the front of its set; returns its new index."""
    word = tags[way]
    while way > base:
        tags[way] = tags[way - 1]
        way -= 1
    tags[base] = word
    return base


def put_first(tags: memoryview, base: int, ways: int, word: int) -> int:
    """Put a word in front of the set; returns the one that fell out at its end."""
    way = base + ways - 1
    last = tags[way]
    while way > base:
        tags[way] = tags[way - 1]
        way -= 1
    tags[base] = word
    return last


def take_out(tags: memoryview, base: int, ways: int, way: int) -> int:
    """Close the gap that the word at index `way` leaves; the free way goes last."""
    last = base + ways - 1
    while way < last:
        tags[way] = tags[way + 1]
        way += 1
    tags[last] = 0
    return 0
