"""Memory that a cache holds at the end of a run: objects waiting in arrays, and pages of slabs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PAGE: Final = 4096  # bytes


@dataclass(frozen=True)
class ParkedRow:
    """One cache at the end of a run; `in_*` are free objects in arrays of that kind, on all CPUs and nodes."""

    cache: str
    size: int  # bytes from one object to the next
    in_cpu_arrays: int
    in_shared_arrays: int
    in_alien_arrays: int
    free_in_slabs: int  # free objects that are in no array
    pages: int  # of all slabs

    @property
    def in_arrays(self) -> int:
        """Free objects in arrays of any kind."""
        return self.in_cpu_arrays + self.in_shared_arrays + self.in_alien_arrays
