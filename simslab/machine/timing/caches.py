"""The caches in cycles, and their shapes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simslab.machine.timing.integers import LINE_BYTES, Integers, integers

if TYPE_CHECKING:
    from simslab.machine.description.whole import MachineDescription


@dataclass(frozen=True, slots=True)
class CacheGeometry:
    """Size and shape of one instance of a cache; the number of sets need not be a power of two."""

    size: int  # bytes
    ways: int

    @property
    def sets(self) -> int:
        """Number of sets."""
        return self.size // (self.ways * LINE_BYTES)


@dataclass(frozen=True)
class Caches:
    """The parameters of each level, as `CacheSpec` and `L3Spec` declare them."""

    l1: Integers
    l2: Integers
    l3: Integers


def build_caches(spec: MachineDescription) -> Caches:
    """Return the caches of a machine."""
    hz = spec.core.frequency
    return Caches(integers(spec.l1d, hz), integers(spec.l2, hz), integers(spec.l3, hz))


def geometry(cache: Integers) -> CacheGeometry:
    """Return the shape of one level."""
    return CacheGeometry(cache.size, cache.ways)
