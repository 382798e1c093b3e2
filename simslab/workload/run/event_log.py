"""Single operations of a run, for views that need them: a run is made again with a log, as it comes out the same.

The log is told of each operation when it ends, of each object, each spinlock and each stretch with interrupts off. It
costs host time, no cycle. What ended before the region of interest began is forgotten, as the run's counters forget it:
an operation that a softirq had begun by then counts in both.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from simslab.kernel import layout
from simslab.machine.accounting.callsites import site_name
from simslab.machine.accounting.causes import CAUSE_NAMES
from simslab.slab_common import kmalloc
from simslab.workload.streams import operations as ops

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simslab.workload.run.call_sites import CallSites
    from simslab.workload.run.executor import Executor
    from simslab.workload.run.lines.line_log import LineLog
    from simslab.workload.run.meeting import Meeting
    from simslab.workload.run.over_time.array_timeline import ArrayTimeline
    from simslab.workload.run.system import System
    from simslab.workload.run.tallies import Tallies
    from simslab.workload.run.thread import WorkloadThread

KMALLOC_OPCODES: Final = (ops.KMALLOC, ops.KFREE)


@dataclass(frozen=True, order=True)
class Operation:
    """One operation: cycles from boot, where it ran, what it took."""

    start: int
    end: int
    cpu: int
    operation: str
    path: str
    cache: str
    in_handler: bool
    causes: dict[str, int] = field(compare=False, default_factory=dict)  # only of the slowest
    site: str = field(compare=False, default="")  # what called for it, where everything is written down

    @property
    def cycles(self) -> int:
        """Its latency."""
        return self.end - self.start


@dataclass(frozen=True)
class ObjectEvent:
    """One kmem event: an object allocated, or about to be freed."""

    time: int
    cpu: int
    event: str  # kmalloc, kmem_cache_alloc, kmalloc_node, kmem_cache_alloc_node, kfree, kmem_cache_free
    task: str
    address: int
    cache: str = ""
    bytes_req: int = 0
    bytes_alloc: int = 0
    gfp: int = 0
    node: int = -1
    site: str = ""  # as recorded, of a trace
    in_softirq: bool = False  # the only interrupt context whose operations are events: a device's poll


@dataclass(frozen=True)
class Hold:
    """One spinlock held: from its acquisition, at a call site, to its release."""

    start: int
    end: int
    cpu: int
    lock: str  # class, and its number where there are several
    site: str


@dataclass(frozen=True)
class MaskedStretch:
    """The longest stretch with interrupts off."""

    start: int
    end: int
    cpu: int
    site: str


class EventLog:
    """What is written down: the `slowest` operations with their causes, and the spinlocks held; with `everything` all
    operations and objects as well; with `lines` cache lines; with `timeline` a cache's arrays; with `tallies` counts
    alone. Times are cycles of the core clock since boot."""

    def __init__(
        self,
        slowest: int = 0,
        everything: bool = False,
        lines: LineLog | None = None,
        timeline: ArrayTimeline | None = None,
        tallies: Tallies | None = None,
    ) -> None:
        self.lines = lines
        self.tallies = tallies
        self.timeline = timeline
        self.slowest = slowest
        self.everything = everything
        self.frequency_hz = 0
        self.nr_cpus = 0
        self.region_start = 0  # of the region that warm-up delays, else 0
        self.began = 0  # when what the run measures begins: the region, else the first thread
        self.operations: list[Operation] = []
        self.objects: list[ObjectEvent] = []
        self.holds: list[Hold] = []
        self.longest_masked: MaskedStretch | None = None
        self.sites: CallSites | None = None
        self.tasks: dict[int, str] = {}  # CPU -> thread
        self.node_of: dict[int, int] = {}  # CPU -> number of its node
        self._threads: Sequence[WorkloadThread] = ()
        self._freeing: dict[tuple[int, int], ObjectEvent] = {}  # (CPU, in interrupt) -> of the operation that goes on
        self._worst: list[tuple[int, int, Operation]] = []
        self._taken: dict[tuple[int, int], tuple[int, str]] = {}  # (CPU, address of the lock) -> (since, call site)
        self._numbers: dict[tuple[str, int], int] = {}

    # -- set up and closed by the runner ------------------------------------------------------------------------------

    def attach(self, system: System, executor: Executor, threads: Sequence[WorkloadThread], meeting: Meeting) -> None:
        """Be told of what happens from now on."""
        self._meeting, self._threads = meeting, threads
        self._executor, self._allocator = executor, system.allocator
        self.frequency_hz = system.machine.frequency_hz
        self.nr_cpus = len(system.machine.cpus)
        self.tasks = {thread.cpu.id: thread.name for thread in threads}
        topology = system.machine.topology
        self._node_numbers = [node.number for node in topology.nodes]
        self.node_of = {cpu.id: self._node_numbers[cpu.node] for cpu in system.machine.cpus}
        executor.recorder.witness = self
        if self.slowest or self.everything:  # else nobody asks who held a lock
            system.kernel.lock_stats.witness = self
        system.machine.irq_stats.witness = self
        if self.lines is not None:
            self.lines.attach(system, meeting)
        if self.timeline is not None:
            self.timeline.attach(system)

    def close(self) -> None:
        """Leave out what is not of the region of interest, and put the rest in order of time."""
        self._look_for_region()
        if self.lines is not None:
            self.lines.close()
        region_start = self.region_start
        self.began = region_start or min(thread.started for thread in self._threads)
        self.operations.sort()
        self.objects.sort(key=lambda each: each.time)
        self.holds = sorted((each for each in self.holds if each.start >= region_start), key=lambda each: each.start)

    def _look_for_region(self) -> None:
        """Forget warm-up once it is over."""
        if self._meeting.region_start != self.region_start:
            self.region_start = self._meeting.region_start
            self._worst, self.longest_masked = [], None
            self.operations, self.objects = [], []
            if self.timeline is not None:
                self.timeline.clear(self.region_start)
            if self.tallies is not None:
                self.tallies.clear()

    @property
    def worst(self) -> list[Operation]:
        """The slowest operations of the region, the slowest first."""
        return sorted((each for _, _, each in self._worst), key=lambda each: (-each.cycles, each))[: self.slowest]

    # -- told by the machine ------------------------------------------------------------------------------------------

    def ended(self, cpu: Any, start: int, operation: int, cache: int) -> None:
        """An operation ends; the CPU's causes are still those of the operation alone."""
        self._look_for_region()
        if self.timeline is not None:
            self.timeline.look(cpu.now)
        latency = cpu.now - start
        if self.tallies is not None:
            kind = (ops.OPERATION_NAMES[operation], self._path(cpu), self._name(cache))
            self.tallies.add(cpu.id, kind, latency, cpu.cause_owner)
        slow = self.slowest and (len(self._worst) < self.slowest or latency > self._worst[0][0])
        if not slow and not self.everything:
            return
        causes = {}
        if slow:
            causes = {name: count for name, count in zip(CAUSE_NAMES, cpu.cause_owner.tolist(), strict=True) if count}
        made = Operation(
            start,
            cpu.now,
            cpu.id,
            ops.OPERATION_NAMES[operation],
            self._path(cpu),
            self._name(cache),
            bool(cpu.in_interrupt),
            causes,
            "" if self.sites is None else self.sites.of(cpu),
        )
        if self.everything:
            self.operations.append(made)
            if freed := self._freeing.pop((cpu.id, cpu.in_interrupt), None):
                self.objects.append(freed)
        if slow:
            heapq.heappush(self._worst, (latency, -start * self.nr_cpus - cpu.id, made))
            if len(self._worst) > self.slowest:
                heapq.heappop(self._worst)

    def allocated(self, cpu: Any, kind: int, cache: int, objp: int) -> None:
        """An allocation has returned `objp`, or NULL (trace/events/kmem.h: kmalloc, kmem_cache_alloc).

        There is no event of kmalloc(0), nor of a size that SLAB has no cache for. Not modelled: that of SLUB where it
        got no pages for such a size.
        """
        if not self.everything or objp == kmalloc.ZERO_SIZE_PTR:
            return
        row = [int(value) for value in self._executor.kinds_owner[kind : kind + ops.NR_FIELDS]]
        found = self._allocator.by_index[cache]
        if found is None and not objp:
            return
        by_size = row[ops.OPCODE] in KMALLOC_OPCODES
        size = whole_pages(row[ops.SIZE]) if found is None else found.size
        asked = row[ops.SIZE] if by_size else 0 if found is None else found.object_size
        node = -1 if row[ops.NODE] < 0 else self._node_numbers[row[ops.NODE]]
        name = ("kmalloc" if by_size else "kmem_cache_alloc") + ("_node" if node >= 0 else "")
        self.objects.append(
            ObjectEvent(cpu.now, cpu.id, name, self._task(cpu), objp, self._name(cache), asked, size, row[ops.GFP],
                        node, self._recorded(cpu), bool(cpu.in_interrupt))
        )  # fmt: skip

    def freeing(self, cpu: Any, kind: int, cache: int, objp: int) -> None:
        """An object is about to be freed (trace/events/kmem.h: kfree, kmem_cache_free)."""
        if not self.everything or objp <= kmalloc.ZERO_SIZE_PTR:
            return
        by_kfree = self._executor.kinds_owner[kind + ops.OPCODE] != ops.FREE
        event = "kfree" if by_kfree else "kmem_cache_free"
        name, site = self._name(cache), self._recorded(cpu)
        softirq = bool(cpu.in_interrupt)
        made = ObjectEvent(cpu.now, cpu.id, event, self._task(cpu), objp, name, site=site, in_softirq=softirq)
        self._freeing[cpu.id, cpu.in_interrupt] = made

    def acquired(self, cpu: Any, lock: Any) -> None:
        """A CPU has taken a spinlock."""
        self._taken[cpu.id, lock.addr] = (cpu.now, lock.lock_class.site(lock.row))

    def released(self, cpu: Any, lock: Any) -> None:
        """A CPU lets a spinlock go."""
        since, site = self._taken.pop((cpu.id, lock.addr), (-1, ""))
        if since >= 0:
            self.holds.append(Hold(since, cpu.now, cpu.id, self._lock(lock), site))

    def masked(self, site: int, cycles: int, now: int, cpu: int) -> None:
        """A stretch with interrupts off has ended."""
        self._look_for_region()
        longest = self.longest_masked
        if now - cycles >= self.region_start and (longest is None or cycles > longest.end - longest.start):
            self.longest_masked = MaskedStretch(now - cycles, now, cpu, site_name(site))

    # -- names --------------------------------------------------------------------------------------------------------

    def _task(self, cpu: Any) -> str:
        return self.tasks.get(cpu.id, "swapper")

    def _path(self, cpu: Any) -> str:
        return str(self._allocator.path_names[cpu.path]).removeprefix("alloc_").removeprefix("free_")

    def _recorded(self, cpu: Any) -> str:
        return "" if self.sites is None else self.sites.recorded(cpu)

    def _name(self, index: int) -> str:
        found = self._allocator.by_index[index] if index else None
        return "none" if found is None else str(found.name)

    def _lock(self, lock: Any) -> str:
        """Return a lock's name: its class, and which of the class it is, in the order in which they were taken."""
        key = (lock.lock_class.name, lock.addr)
        if key not in self._numbers:
            self._numbers[key] = 1 + sum(name == key[0] for name, _ in self._numbers)
        return f"{key[0]} #{self._numbers[key]}"


def whole_pages(size: int) -> int:
    """Return what SLUB takes of the page allocator for a size beyond its caches (mm/slab_common.c: kmalloc_order)."""
    return layout.PAGE_SIZE << max(0, (size - 1).bit_length() - layout.PAGE_SHIFT)
