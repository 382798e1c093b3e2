"""Free objects that an allocator holds back, and the pages it has."""

from __future__ import annotations

from typing import NamedTuple


class Parked(NamedTuple):
    """What one cache holds: free objects by where they lie, and all its pages.

    With SLUB `in_cpu_arrays` are those of each CPU's freelist, slab and list of partial slabs.
    """

    in_cpu_arrays: int
    in_shared_arrays: int
    in_alien_arrays: int
    in_slabs: int
    pages: int


class ArrayLevel(NamedTuple):
    """How many free objects one array holds: a CPU's (`cpu`), a node's shared one, or all alien arrays of a node.

    With SLUB only those of CPUs, as in `Parked`.
    """

    kind: str  # cpu, shared, alien
    place: int  # CPU, or row of the node
    avail: int
