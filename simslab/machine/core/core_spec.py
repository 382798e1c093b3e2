"""What a core costs: small records from which CPUs are built, all times in whole cycles unless said otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CpuPlace:
    """Where a hardware thread sits: its own number and those of the core, package, L3 domain and node above it."""

    id: int
    core: int
    package: int
    domain: int
    node: int


@dataclass(frozen=True, slots=True)
class ExecutionCosts:
    """Instructions, loads and fetches."""

    cpi_q16: int  # 65536 / IPC on the fast paths
    cpi_cold_q16: int  # the same off them
    hidden: int  # of each load's latency, by out-of-order execution
    forward: int = 5  # a load of what was just stored
    prefetch: int = 0  # 1: the line after one that misses in the L1 is brought into the L2
    smt_q10: int = 0  # throughput of all busy threads of a core, 1024 is that of one alone; 0: no sharing


@dataclass(frozen=True, slots=True)
class StoreCosts:
    """Stores, locked operations and string stores."""

    divisor: int  # without a store buffer, a missing store costs 1/divisor of what is not hidden
    atomic: int  # a locked operation beyond its line's arrival
    clear_q10: int  # rep stosb, 1/1024 cycle per line
    buffer: int = 0  # entries of the store buffer of one thread, 0 where `divisor` stands for it
    fill_buffers: int = 10  # lines on their way to one core
    interval: int = 10  # instructions for each store that is not named


@dataclass(frozen=True, slots=True)
class InterruptCosts:
    """The interrupt flag, entering and leaving a handler, and asking another CPU for one."""

    irq_save: int  # pushf, cli
    irq_restore: int  # popf
    cli: int
    sti: int
    entry: int
    exit: int
    ipi: int  # until an inter-processor interrupt has arrived


@dataclass(frozen=True, slots=True)
class CoreCosts:
    """All costs of a core; `pause` is one round of a loop that waits with PAUSE."""

    execution: ExecutionCosts
    stores: StoreCosts
    interrupts: InterruptCosts = field(default_factory=lambda: InterruptCosts(0, 0, 0, 0, 0, 0, 0))
    pause: int = 0


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
