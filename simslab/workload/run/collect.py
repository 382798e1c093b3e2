"""From the counters of a run to a `Measurement`: plain rows, region of interest only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from simslab.kernel.irq.softirq import SOFTIRQ_NAMES
from simslab.kernel.memcg.page_counter import PAGE_COUNTER_MAX
from simslab.machine.accounting import callsites, causes, vectors
from simslab.result.measurement import (
    AgedRow,
    AttributionRow,
    CpuRow,
    InterruptRow,
    IrqDelayRow,
    IrqOffRow,
    LatencyRow,
    LockRow,
    Measurement,
    MemcgRow,
    NodeRow,
    PhaseRow,
    SoftirqRow,
    TracePhaseRow,
    TraceSummary,
    TransferRow,
)
from simslab.workload.run.device import ReceiveDevice
from simslab.workload.run.executor import Executor
from simslab.workload.run.meeting import Meeting
from simslab.workload.run.recorder import Recorder
from simslab.workload.run.system import System
from simslab.workload.run.thread import WorkloadThread
from simslab.workload.streams import operations as ops
from simslab.workload.streams.program import Program

if TYPE_CHECKING:
    from simslab.kernel.memcg.structures import MemCgroup

ROW: Final = causes.NR_CAUSES + 2  # of attribution and of a CPU: operations, cycles, causes
VECTOR_NAMES: Final = {
    vectors.TIMER_VECTOR: "timer",
    vectors.RESCHEDULE_VECTOR: "reschedule",
    vectors.CALL_FUNCTION_VECTOR: "call_function",
}


class Collector:
    """Knows when the region of interest began, and reads every counter at its end."""

    def __init__(
        self, system: System, program: Program, recorder: Recorder, executor: Executor, meeting: Meeting
    ) -> None:
        self.system = system
        self.program = program
        self.recorder = recorder
        self.executor = executor
        self.meeting = meeting
        self.names = ("", "", 0)
        self.merged: dict[str, str] = {}  # cache asked for -> the one that it was merged into
        self.aged: list[AgedRow] = []
        self.cgroups: list[MemCgroup] = []
        self.tuned: tuple[str, ...] = ()  # caches for which the workload has tunables
        self.devices: list[ReceiveDevice] = []
        memory = system.machine.memory
        self.lines_before = np.array(memory.lines_owner)
        self.cycles_before = np.array(memory.cycles_owner)
        self.settles_before = 0

    def name_run(self, machine: str, workload: str, seed: int) -> None:
        """Say what is being run."""
        self.names = (machine, workload, seed)

    def begin_region(self) -> None:
        """Forget what was counted so far; called before the run and again when warm-up ends."""
        memory = self.system.machine.memory
        self.recorder.clear()
        self.system.kernel.reset_statistics()
        self.system.machine.irq_stats.clear(self.meeting.region_start)
        self.lines_before = np.array(memory.lines_owner)
        self.cycles_before = np.array(memory.cycles_owner)
        self.settles_before = self.system.machine.engine.settles
        self.executor.skipped_frees = 0
        for memcg in self.cgroups:
            memcg.counts = type(memcg.counts)()
        if self.recorder.by_phase is not None:
            self.recorder.by_phase.clear(self.meeting.region_start)
        for device in self.devices:
            device.polled = device.dropped = 0

    def measurement(self, threads: list[WorkloadThread], trace: TraceSummary | None) -> Measurement:
        """Return all rows; call it once the engine has come to its end."""
        machine = self.system.machine
        name, workload, seed = self.names
        start = self.meeting.region_start or min(thread.started for thread in threads)
        return Measurement(
            name,
            workload,
            seed,
            machine.frequency_hz,
            max(thread.ended for thread in threads) - start,
            latency=self._latency(),
            attribution=self._attribution(self.recorder.attribution_owner),
            cpus=[self._cpu(thread) for thread in sorted(threads, key=lambda t: t.cpu.id)],
            nodes=self._nodes(),
            locks=[LockRow(**row) for row in self.system.kernel.lock_stats.table()],  # type: ignore[arg-type]
            irqs_off=self._irqs_off(),
            interrupts=self._interrupts(),
            irq_delays=self._irq_delays(),
            softirqs=self._softirqs(),
            transfers=self._transfers(),
            slabinfo=self.system.allocator.slabinfo(),
            conservation=self._conservation(),
            trace=trace,
            events=self._events(),
            dmesg=list(self.system.kernel.log.lines),
            phases=[row for thread in threads for row in self._phases(thread)],
            merged=dict(sorted(self.merged.items())),
            tuned_merged=sorted(name for name in self.tuned if name in self.merged),
            trace_phases=self._trace_phases(max(thread.ended for thread in threads)),
            aged=self.aged,
            memcg=[_memcg_row(memcg) for memcg in self.cgroups],
        )

    # -- rows ---------------------------------------------------------------------------------------------------------

    def _latency(self) -> list[LatencyRow]:
        kept = enumerate(self.recorder.histograms)
        return self._latency_rows((row, histogram.items()) for row, histogram in kept if histogram is not None)

    def _latency_rows(self, found: Iterable[tuple[int, Sequence[tuple[int, int]]]]) -> list[LatencyRow]:
        """Return the rows of (index in the recorder's histograms, ascending (cycles, count))."""
        rows = []
        nr_caches = self.recorder.nr_caches
        for index, items in found:
            operation, path = divmod(index // nr_caches, self.recorder.nr_paths)
            cycles, counts = zip(*items, strict=True)
            name = ops.OPERATION_NAMES[operation]
            cache = self._cache_name(index % nr_caches)
            rows.append(LatencyRow(name, self._path_name(path), cache, cycles, counts))
        return sorted(rows, key=lambda row: (row.operation, row.path, row.cache))

    def _trace_phases(self, end: int) -> list[TracePhaseRow]:
        if self.recorder.by_phase is None:
            return []
        return [
            TracePhaseRow(
                self.program.phases[phase],
                state.time,
                tuple(self._latency_rows((row, sorted(counts.items())) for row, counts in state.latencies.items())),
                tuple(self._attribution(state.attribution)),
            )
            for phase, state in self.recorder.by_phase.phases(end)
        ]

    def _path_name(self, path: int) -> str:
        """Return a path's name without the operation's: `hit`, `refill_shared`, `alien`."""
        return self.system.allocator.path_names[path].removeprefix("alloc_").removeprefix("free_")

    def _cache_name(self, index: int) -> str:
        cache = self.system.allocator.by_index[index] if index else None
        return "none" if cache is None else cache.name

    def _attribution(self, counted: Any) -> list[AttributionRow]:
        rows = []
        table = np.asarray(counted).reshape(-1, ROW).tolist()
        for index, (count, total, *cycles) in enumerate(table):
            if count:
                operation, path = divmod(index, self.recorder.nr_paths)
                rows.append(
                    AttributionRow(ops.OPERATION_NAMES[operation], self._path_name(path), count, total, _causes(cycles))
                )
        return rows

    def _cpu(self, thread: WorkloadThread) -> CpuRow:
        cpu = thread.cpu
        count, total, *cycles = np.asarray(self.recorder.cpus_owner).reshape(-1, ROW)[cpu.id].tolist()
        start = max(thread.started, self.meeting.region_start)
        return CpuRow(cpu.id, self._numbers()[cpu.node], count, total, cpu.now - start, _causes(cycles))

    def _nodes(self) -> list[NodeRow]:
        nr_nodes = self.recorder.nr_nodes
        allocated = np.asarray(self.recorder.allocated_owner).reshape(nr_nodes, nr_nodes).tolist()
        freed = np.asarray(self.recorder.freed_owner).reshape(nr_nodes, nr_nodes).tolist()
        numastat = self.system.kernel.page_allocator.numastat()
        rows = zip(self._numbers(), allocated, freed, numastat, strict=True)
        return [NodeRow(number, tuple(made), tuple(gone), pages) for number, made, gone, pages in rows]

    def _numbers(self) -> list[int]:
        """Return what people call the nodes, in order."""
        return [node.number for node in self.system.machine.topology.nodes]

    def _irqs_off(self) -> list[IrqOffRow]:
        rows = []
        for site, histogram in enumerate(self.system.machine.irq_stats.off):
            if histogram is not None:
                cycles, counts = zip(*histogram.items(), strict=True)
                name = callsites.site_name(site)
                rows.append(IrqOffRow(name, histogram.count, histogram.total, histogram.max, cycles, counts))
        return sorted(rows, key=lambda row: row.site)

    def _interrupts(self) -> list[InterruptRow]:
        rows = []
        for vector, name in sorted(vector_names(self.devices).items()):
            row = self.system.machine.irq_stats.vector_row(vector)
            if row[0]:
                rows.append(InterruptRow(name, *row))
        return rows

    def _irq_delays(self) -> list[IrqDelayRow]:
        rows, names = [], vector_names(self.devices)
        for vector, site, histogram in self.system.machine.irq_stats.delay_rows():
            cycles, counts = zip(*histogram.items(), strict=True)
            name = callsites.site_name(site)
            rows.append(
                IrqDelayRow(names[vector], name, histogram.count, histogram.total, histogram.max, cycles, counts)
            )
        return sorted(rows, key=lambda row: (row.vector, row.site))

    def _softirqs(self) -> list[SoftirqRow]:
        softirqs = self.system.kernel.softirqs
        counted = zip(SOFTIRQ_NAMES, softirqs.raised, softirqs.ran, softirqs.cycles, strict=True)
        return [SoftirqRow(*row) for row in counted if row[1] or row[2]]

    def _transfers(self) -> list[TransferRow]:
        memory = self.system.machine.memory
        lines = (np.array(memory.lines_owner) - self.lines_before).reshape(-1, causes.NR_CAUSES).tolist()
        cycles = (np.array(memory.cycles_owner) - self.cycles_before).reshape(-1, causes.NR_CAUSES).tolist()
        return [
            TransferRow(number, causes.CAUSE_NAMES[cause], count, cycles[node][cause])
            for node, (number, row) in enumerate(zip(self._numbers(), lines, strict=True))
            for cause, count in enumerate(row)
            if count
        ]

    def _conservation(self) -> dict[str, int]:
        recorder = self.recorder
        return {
            "allocated": recorder.objects_allocated,
            "freed": recorder.objects_freed,
            "live": self.executor.live(),
            "failed": recorder.failed,
        }

    def _events(self) -> dict[str, int]:
        return {
            "attribution_violations": self.recorder.violations,
            "cycles_counted_twice": self.recorder.counted_twice,
            "frees_skipped": self.executor.skipped_frees,
            "operations_in_handlers": self.recorder.in_handlers,
            "bursts_polled": sum(device.polled for device in self.devices),
            "packets_dropped": sum(device.dropped for device in self.devices),
            "settles": self.system.machine.engine.settles - self.settles_before,
        } | self._debug_events()

    def _debug_events(self) -> dict[str, int]:
        """Errors that a debug kernel reported, over the whole run, and faults that were made for it."""
        debug, faults, log = self.system.allocator.debug, self.executor.faults, self.system.kernel.log
        return {
            **({"slab_errors": debug.errors()} if debug is not None else {}),
            **({"faults_injected": faults.injected} if faults is not None else {}),
            **({"dmesg_lines_dropped": log.dropped} if log.dropped else {}),
        }

    def _phases(self, thread: WorkloadThread) -> list[PhaseRow]:
        begins = [*thread.phases, (-1, thread.ended)]
        return [
            PhaseRow(self.program.phases[phase], thread.name, thread.cpu.id, begins[i + 1][1] - begin)
            for i, (phase, begin) in enumerate(thread.phases)
        ]


def _memcg_row(memcg: MemCgroup) -> MemcgRow:
    limit = memcg.memory.limit
    return MemcgRow(
        cgroup=memcg.name,
        limit_pages=None if limit == PAGE_COUNTER_MAX else limit,
        pages=memcg.memory.usage,
        peak_pages=memcg.memory.watermark,
        bytes=memcg.vmstats.sum(),
        bytes_lost=memcg.bytes_lost,
        **vars(memcg.counts),
    )


def vector_names(devices: list[ReceiveDevice]) -> dict[int, str]:
    """Return the names of all vectors in use, devices' own included."""
    return VECTOR_NAMES | {device.vector: device.program.name for device in devices}


def _causes(cycles: list[int]) -> dict[str, int]:
    """Return cycles by cause name, causes without cycles left out."""
    return {name: count for name, count in zip(causes.CAUSE_NAMES, cycles, strict=True) if count}
