"""What one run measured, as plain data: the reports of a run are made from nothing else.

Times are integer CPU cycles of the machine's core clock; `frequency_hz` turns them into seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

EVENTS: Final = {
    "attribution_violations": "operations whose causes do not add up to their latency: a bug of simslab's",
    "bursts_polled": "bursts of packets that came while their device was polled, and were taken without an interrupt",
    "cycles_counted_twice": "of handlers' operations inside another: in rows of their own and in its irq_handler",
    "dmesg_lines_dropped": "lines that the kernel log had no room for",
    "faults_injected": "memory mistakes that the workload made on purpose",
    "frees_skipped": "frees of objects whose allocation had failed",
    "operations_in_handlers": "operations of interrupt handlers, told among the others",
    "packets_dropped": "packets that found their device's ring full",
    "slab_errors": "errors that the debug kernel reported, over the whole run",
    "settles": "times that a CPU let all earlier CPUs and events go first: cost of simulating, not of the kernel",
}

# Counters of NodeRow.numastat, as /sys/devices/system/node/node*/numastat has them.
NUMASTAT: Final = ("numa_hit", "numa_miss", "numa_foreign", "interleave_hit", "local_node", "other_node")


@dataclass(frozen=True)
class LatencyRow:
    """Exact latency counts of one (operation, path, cache): `counts[i]` operations took `cycles[i]` cycles."""

    operation: str  # alloc, free, bulk_alloc, bulk_free
    path: str  # hit, refill_shared, refill_slabs, grow, fallback, flush_shared, flush_slabs, alien, alien_drain, ...
    cache: str
    cycles: tuple[int, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class AttributionRow:
    """Cycles of all operations of one (operation, path) by cause; the causes sum to `total` exactly.

    Operations of interrupt handlers have rows of their own and are also in the irq_handler cause of an operation that
    they interrupted: the sum of all totals less the event `cycles_counted_twice` counts every cycle once.
    """

    operation: str
    path: str
    operations: int
    total: int
    causes: dict[str, int]


@dataclass(frozen=True)
class CpuRow:
    """One CPU's share of the run; cycles, a handler's are part of what it interrupted."""

    cpu: int
    node: int
    operations: int  # of its thread and of interrupt handlers
    operation_cycles: int  # of its thread's
    clock: int  # cpu.now at the end, minus the start of the region of interest
    causes: dict[str, int]


@dataclass(frozen=True)
class NodeRow:
    """Objects by the node of the CPU that acted: `allocated[j]`, `freed[j]` objects on the node of row j.

    `node` is the node's own number, as the machine file has it; numbers may have gaps.
    """

    node: int
    allocated: tuple[int, ...]
    freed: tuple[int, ...]
    numastat: dict[str, int]  # pages, by the names of NUMASTAT


@dataclass(frozen=True)
class LockRow:
    """lock_stat row: one lock class at one call site; times in cycles."""

    name: str
    site: str
    acquisitions: int
    contended: int
    wait_min: int
    wait_max: int
    wait_total: int
    hold_min: int
    hold_max: int
    hold_total: int


@dataclass(frozen=True)
class IrqOffRow:
    """Stretches with interrupts off that began at one call site."""

    site: str
    count: int
    total: int
    maximum: int
    cycles: tuple[int, ...]  # exact histogram, as in LatencyRow
    counts: tuple[int, ...]


@dataclass(frozen=True)
class InterruptRow:
    """Interrupts delivered for one vector; delay from arrival to delivery, cycles."""

    vector: str
    delivered: int
    delayed: int  # not delivered in the cycle of their arrival: masked, or between the model's boundaries
    delay_total: int
    delay_max: int
    handler_total: int


@dataclass(frozen=True)
class IrqDelayRow:
    """Delays, arrival to delivery, of one vector's interrupts by the call site that masked them when they arrived.

    `interrupts on`: nobody did; the model takes such an interrupt at its next boundary inside an operation.
    """

    vector: str
    site: str
    count: int
    total: int
    maximum: int
    cycles: tuple[int, ...]  # exact histogram, as in LatencyRow
    counts: tuple[int, ...]


@dataclass(frozen=True)
class SoftirqRow:
    """One softirq: how often it was raised, how often its action ran, and for how many cycles in all."""

    name: str
    raised: int
    ran: int
    cycles: int  # interrupts that came meanwhile included


@dataclass(frozen=True)
class TransferRow:
    """Line fetches by one node's CPUs from one source (cause name); `cycles` are all of theirs."""

    node: int
    source: str
    lines: int
    cycles: int


@dataclass(frozen=True)
class PhaseRow:
    """One thread's time in one step of its workload, `cycles` from its beginning to the next step's (or the end)."""

    phase: str  # group, number of the step and pattern, e.g. `workers 2 alloc_free`
    thread: str
    cpu: int
    cycles: int


@dataclass(frozen=True)
class TraceSummary:
    """How a recorded trace fared."""

    file: str
    lines: int
    events: int
    replayed: int
    skipped: dict[str, int]  # reason -> count (unmatched frees, unparsed lines, ...)
    unparsed_examples: tuple[str, ...]


@dataclass(frozen=True)
class TracePhaseRow:
    """What was measured in one phase of a replayed trace: one of several traces, or a named part of one.

    `cycles` are from the moment at which all CPUs begin it to the next phase's, or to the end.
    """

    phase: str
    cycles: int
    latency: tuple[LatencyRow, ...]
    attribution: tuple[AttributionRow, ...]


@dataclass(frozen=True)
class AgedRow:
    """How a cache was aged before the run: of `allocated` objects `held` stay, for the whole run, in `slabs` slabs."""

    cache: str
    allocated: int
    held: int
    slabs: int


@dataclass(frozen=True)
class MemcgRow:
    """What one memory cgroup was charged; the first six at the end of the run, the rest in the region of interest."""

    cgroup: str
    limit_pages: int | None
    pages: int  # charged: what objects need, and what CPUs keep in advance
    peak_pages: int
    bytes: int  # of live objects, each with its entry in the vector of its slab
    bytes_lost: int  # charges left behind by bulk allocations that failed half way, as 5.10 does
    charges: int  # objects
    bytes_charged: int
    uncharges: int  # objects
    stock_hits: int  # charges for which the bytes kept by the CPU were enough
    page_charges: int  # charges that took whole pages
    batches: int  # of these, charges that took 32 pages from the counter
    failures: int  # allocations that returned NULL for the limit's sake
    forced: int  # charges above the limit: GFP_ATOMIC, __GFP_NOFAIL, PF_MEMALLOC
    drains: int  # times that a CPU gave the bytes that it kept back
    vectors: int  # made, one for each slab with charged objects
    vectors_failed: int  # not made for want of memory: the object stays uncharged
    vectors_raced: int  # made when another CPU's was there already


@dataclass
class Measurement:
    """All statistics of one run (region of interest only, unless said)."""

    machine: str
    workload: str
    seed: int
    frequency_hz: int
    cycles: int  # length of the region of interest: last CPU's end minus first start
    latency: list[LatencyRow] = field(default_factory=list)
    attribution: list[AttributionRow] = field(default_factory=list)
    cpus: list[CpuRow] = field(default_factory=list)
    nodes: list[NodeRow] = field(default_factory=list)
    locks: list[LockRow] = field(default_factory=list)
    irqs_off: list[IrqOffRow] = field(default_factory=list)
    interrupts: list[InterruptRow] = field(default_factory=list)
    irq_delays: list[IrqDelayRow] = field(default_factory=list)
    softirqs: list[SoftirqRow] = field(default_factory=list)
    transfers: list[TransferRow] = field(default_factory=list)
    slabinfo: str = ""  # /proc/slabinfo 2.1 text at the end of the run
    conservation: dict[str, int] = field(default_factory=dict)  # allocated, freed, live, failed over the whole run
    trace: TraceSummary | None = None
    events: dict[str, int] = field(default_factory=dict)  # by the names of EVENTS
    dmesg: list[str] = field(default_factory=list)  # the kernel's log of the whole run, boot included
    phases: list[PhaseRow] = field(default_factory=list)  # of the whole run, warm-up included
    # Caches of the workload that the kernel made aliases of others: the name asked for -> the cache that serves it.
    merged: dict[str, str] = field(default_factory=dict)
    tuned_merged: list[str] = field(default_factory=list)  # those of them whose tunables went to the cache that serves
    trace_phases: list[TracePhaseRow] = field(default_factory=list)  # of the region of interest; none of a single phase
    aged: list[AgedRow] = field(default_factory=list)  # before the run; none where the heap was fresh
    memcg: list[MemcgRow] = field(default_factory=list)  # none where the workload has no `cgroups`
