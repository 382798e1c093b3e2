"""What a core costs: small records from which CPUs are built, all times in whole cycles unless said otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simslab.machine.timing.integers import Integers


@dataclass(frozen=True, slots=True)
class CpuPlace:
    """Where a hardware thread sits: its own number and those of the core, package, L3 domain and node above it."""

    id: int
    core: int
    package: int
    domain: int
    node: int


@dataclass(frozen=True, slots=True)
class CoreCosts:
    """All costs of a core, by the names of the parameters that `CoreSpec` and `KernelCostsSpec` declare.

    `core.store_buffer`: entries of one thread, 0 where `core.store_divisor` stands for it.
    """

    core: Integers
    kernel: Integers


@dataclass(frozen=True, slots=True)
class TlbCosts:
    """What pages of `1 << page_shift` bytes cost, in cycles; `references` loads end each walk, one a table level."""

    page_shift: int
    l2_hit: int
    walk: int
    references: int
    l1_latency: int  # of the L1 cache: a table line found there


@dataclass(frozen=True, slots=True)
class TableMap:
    """Where memory and its page tables lie."""

    first_byte: Sequence[int]  # [node] of its memory
    memory: Sequence[int]  # [node] bytes
    first_table: Sequence[int]  # [node] the first section of its tables
