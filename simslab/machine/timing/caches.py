"""The caches in cycles, and their shapes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simslab.machine.timing.integers import LINE_BYTES, Integers, integers

if TYPE_CHECKING:
    from simslab.machine.description.whole import MachineDescription


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


def sets(cache: Integers) -> int:
    """Return how many sets an instance of a cache has; it need not be a power of two."""
    return cache.size // (cache.ways * LINE_BYTES)
