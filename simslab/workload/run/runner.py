"""Running a workload on a machine: boot, make caches and streams, let the CPUs run, collect what was measured."""

from __future__ import annotations

import gc
import mmap
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final
from weakref import ReferenceType, ref

from simslab.allocator.cache import Cache
from simslab.base.engine import Deadlock
from simslab.base.errors import BadValue, BadValues, Swallowed, UserError, UserErrors
from simslab.kernel.bug import KernelBugError
from simslab.kernel.printk import KernelLog
from simslab.machine.machine import DEFAULT_QUANTUM, Machine
from simslab.machine.spec import MachineSpec
from simslab.result.measurement import Measurement, TraceSummary
from simslab.workload.description.placement import CpuPlaces
from simslab.workload.description.spec import Workload
from simslab.workload.run.before.heap import age_heap, used_caches
from simslab.workload.run.before.tasks import put_into_cgroups, set_up_tasks
from simslab.workload.run.collect import Collector
from simslab.workload.run.device import ReceiveDevice
from simslab.workload.run.executor import Executor
from simslab.workload.run.faults import FaultInjector, check_faults
from simslab.workload.run.meeting import Meeting
from simslab.workload.run.over_time.phase_log import PhaseLog
from simslab.workload.run.recorder import Recorder, Shape
from simslab.workload.run.system import (
    System,
    boot_system,
    create_caches,
    inject_faults,
    named_cache,
    other_sizes,
    start_clocks,
    start_housekeeping,
    trace_cache,
    tune,
)
from simslab.workload.run.thread import WorkloadThread
from simslab.workload.run.used_slots import UsedSlots
from simslab.workload.streams import operations as ops
from simslab.workload.streams.from_description import generate
from simslab.workload.streams.pieces import Whole
from simslab.workload.streams.program import Program, ThreadProgram, Words, joined

if TYPE_CHECKING:
    from simslab.base.documents.document import Document
    from simslab.workload.run.call_sites import CallSites
    from simslab.workload.run.event_log import EventLog


GROWTH: Final = 100 << 20  # bytes by which earlier runs may make the process grow before their machines are freed
LOG_SHOWN: Final = 30  # last lines of the kernel log told with a broken contract


Watch = Callable[[Callable[[], tuple[int, int]]], None]


class StuckError(UserError):
    """No thread can go on: the workload waits for something that never happens."""


@dataclass
class Run:
    """A workload about to run: everything that the engine needs is in place."""

    system: System
    program: Program
    executor: Executor
    meeting: Meeting
    threads: list[WorkloadThread]
    devices: list[ReceiveDevice]
    collector: Collector
    trace: TraceSummary | None

    def share(self) -> tuple[int, int]:
        """Return how many operation words are done, and of how many; another host thread may ask at any time."""
        done = sum(thread.done_before + thread.position for thread in self.threads)
        return done, max(done, sum(thread.length for thread in self.threads))

    def execute(self) -> None:
        """Let all CPUs run to the end; StuckError names the threads that wait in vain."""
        engine = self.system.machine.engine
        for thread in self.threads:
            engine.spawn(thread.cpu, thread.run)
        for device in self.devices:
            device.post()
        try:
            engine.run()
        except Deadlock:
            stuck = "; ".join(t.waiting(self.program.phases) for t in self.threads if t.waits_for)
            raise StuckError(f"no thread can go on: {stuck}", expected="steps not waiting for each other") from None


def run_workload(
    machine: MachineSpec,
    workload: Workload,
    *,
    seed: int | None = None,
    quantum: int = DEFAULT_QUANTUM,
    document: Document | None = None,
    watch: Watch | None = None,
    at_end: Callable[[System], object] | None = None,
    log: EventLog | None = None,
) -> Measurement:
    """Run `workload` on `machine` and return what was measured; `seed` replaces the workload's own.

    `watch` is given the function that tells how far the run is, before it starts; `at_end` the system, to look at it
    when the run is over; `log` writes down single operations.

    UserErrors, with the places of `document` (the workload's), when the machine cannot run the workload.
    """
    return _measured(_prepared(machine, workload, seed, quantum, document), workload, seed, watch, at_end, log)


def _measured(
    run: Run,
    workload: Workload,
    seed: int | None,
    watch: Watch | None,
    at_end: Callable[[System], object] | None,
    log: EventLog | None,
) -> Measurement:
    share = _Share(run)
    if watch is not None:
        watch(share)
    if log is not None:
        log.attach(run.system, run.executor, run.threads, run.meeting)
        if log.everything:
            log.sites = _call_sites(run, workload, seed)
    try:
        run.execute()
        share()
    except KernelBugError as bug:
        raise _with_log(bug, run.system.kernel.log) from None
    if log is not None:
        log.close()
    if at_end is not None:
        at_end(run.system)
    return run.collector.measurement(run.threads, run.trace)


class _Share:
    """`Run.share` for somebody who may keep it: it does not keep the machine, and tells the last answer for ever."""

    def __init__(self, run: Run) -> None:
        self._run = ref(run)
        self._last = run.share()

    def __call__(self) -> tuple[int, int]:
        if (run := self._run()) is not None:
            self._last = run.share()
        return self._last


def check_fits(machine: MachineSpec, workload: Workload, document: Document | None = None) -> None:
    """Prepare a run and drop it; UserErrors, with places of `document`, when the machine cannot run the workload."""
    _prepared(machine, workload, None, DEFAULT_QUANTUM, document)


def _prepared(
    machine: MachineSpec, workload: Workload, seed: int | None, quantum: int, document: Document | None
) -> Run:
    _earlier.free()
    try:
        return prepare(machine, workload, seed=seed, quantum=quantum)
    except BadValue as error:
        raise _told(error, workload, document) from None


class _Earlier:
    """Machines booted before, which the garbage collector has not freed: it counts objects and not their megabytes."""

    def __init__(self) -> None:
        self.booted: list[ReferenceType[Machine]] = []
        self.resident = resident_bytes()  # when they were freed last

    def free(self) -> None:
        """Free them once the process has grown by GROWTH, or at once where its address space is limited.

        Speed: not before each run, as the collector looks at every module's objects, too: a tenth of a second where
        pandas and Matplotlib are loaded (benchmarks/sweep.py).
        """
        self.booted = [machine for machine in self.booted if machine() is not None]
        if self.booted and (address_space_is_limited() or resident_bytes() - self.resident >= GROWTH):
            gc.collect()
            self.resident = resident_bytes()


def address_space_is_limited() -> bool:
    """Whether this process may not map as much as it likes (`ulimit -v`): machines map more than they touch."""
    try:
        import resource
    except ImportError:  # not a Unix
        return False
    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY


def resident_bytes() -> int:
    """Return what this process has in memory; on hosts that do not tell, more than anything grows to."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * mmap.PAGESIZE
    except OSError:
        return next(_FAR_APART) * GROWTH


_FAR_APART = count()
_earlier = _Earlier()


def prepare(
    machine: MachineSpec, workload: Workload, *, seed: int | None = None, quantum: int = DEFAULT_QUANTUM
) -> Run:
    """Boot the machine and make the workload's streams, threads and devices; BadValue when they do not fit."""
    with Swallowed():
        return _ready(machine, workload, seed, quantum)


def _ready(machine: MachineSpec, workload: Workload, seed: int | None, quantum: int) -> Run:
    seed = workload.seed if seed is None else seed
    system = boot_system(machine, workload.kernel, quantum, seed)
    _earlier.booted.append(ref(system.machine))
    places = _places(system)
    made = create_caches(system, workload.caches, workload.kernel.memcg)
    program, caches, summary = _program(system, workload, places, seed, made)
    tune(system, workload.tunables, made)
    kinds = _kinds(system, program)
    aged = age_heap(system, workload.heap, used_caches(system, [*made.values(), *caches], kinds), program.threads, seed)
    set_up_tasks(system.allocator, workload.threads, program.threads)
    cgroups = put_into_cgroups(system.allocator, workload, program.threads)
    if workload.failslab is not None:
        inject_faults(system, workload.failslab, seed, made)
    start_clocks(system)
    run = _assemble(system, program, kinds, caches, summary)
    run.collector.aged = aged.rows
    run.collector.cgroups = cgroups
    run.executor.faults = _faults(system, workload, made, seed)
    start_housekeeping(system, [thread.cpu for thread in run.threads], workload.kernel.reap)
    asked = [*made.items(), *zip(program.caches, caches, strict=True)]
    run.collector.merged = {name: cache.name for name, cache in asked if cache.name != name}
    run.collector.tuned = tuple(workload.tunables)
    run.collector.name_run(machine.name, workload.name, seed)
    run.collector.begin_region()
    return run


def _places(system: System) -> CpuPlaces:
    topology = system.machine.topology
    numbers = tuple(node.number for node in topology.nodes)
    return CpuPlaces(tuple(cpu.node for cpu in topology.cpus), len(topology.nodes), numbers)


def _call_sites(run: Run, workload: Workload, seed: int | None) -> CallSites:
    """Return what tells an operation's call site in a run that is about to begin."""
    from simslab.workload.run.call_sites import CallSites, recorded_sites

    recorded = {}
    if workload.trace is not None:
        drawn = workload.seed if seed is None else seed
        recorded = recorded_sites(workload.trace, _places(run.system), workload.scale, drawn)
    return CallSites(run.threads, run.program.phases, recorded)


def _program(
    system: System, workload: Workload, places: CpuPlaces, seed: int, made: dict[str, Cache]
) -> tuple[Program, list[Cache], TraceSummary | None]:
    """Return the streams, their caches by number, and how the trace fared."""
    if workload.trace is None:
        program = generate(workload, places, system.machine.frequency_hz, seed)
        return program, [_used_cache(system, workload, name, made) for name in program.caches], None
    # Speed: the readers of traces are loaded for traces alone (benchmarks/start.py).
    from simslab.workload.trace.pairing import read_paired
    from simslab.workload.trace.replay import replay

    traces = [read_paired(file) for file in workload.trace.files]
    result = replay(traces, workload.trace, places, system.machine.frequency_hz, workload.scale, seed)
    result.summary.skipped.update(other_sizes(system, result.caches, result.objects))
    return result.program, [trace_cache(system, each, workload.kernel.memcg) for each in result.caches], result.summary


def _used_cache(system: System, workload: Workload, name: str, made: dict[str, Cache]) -> Cache:
    """Return the cache that a step or a device calls `name`; BadValue with its place when there is none."""
    try:
        return named_cache(system, name, made)
    except BadValue as fault:
        steps = [(("threads", i, "steps", j, "cache"), getattr(step, "cache", None))
                 for i, group in enumerate(workload.threads) for j, step in enumerate(group.steps)]  # fmt: skip
        devices = [
            (("devices", i, "caches", j), used)
            for i, d in enumerate(workload.devices)
            for j, used in enumerate(d.caches)
        ]
        faults = [
            BadValue(fault.message, expected=fault.expected, near=fault.near, at=at)
            for at, used in [*steps, *devices]
            if used == name
        ]
        raise BadValues(faults) from None


def _assemble(system: System, program: Program, kinds: Words, caches: list[Cache], trace: TraceSummary | None) -> Run:
    machine, allocator = system.machine, system.allocator
    shape = Shape(
        cpus=len(machine.cpus),
        nodes=len(machine.topology.nodes),
        caches=len(allocator.by_index),
        paths=len(allocator.path_names),
    )
    recorder = Recorder(shape, machine.topology.section_node)
    if trace is not None and program.phases:
        recorder.by_phase = PhaseLog(recorder)
    executor = Executor(machine.engine, allocator, recorder, kinds, program.slots.size, caches)
    executor.cpus = machine.cpus
    meeting = Meeting(machine.engine, program.parties)
    threads = [
        WorkloadThread(t, machine.cpus[t.cpu], executor, meeting, system.kernel)
        for t in _later(program, machine.cpus[0].now)
    ]
    if program.slots.size >= ops.MANY_SLOTS:
        used = UsedSlots(program.slots.used_once, executor)
        for thread in threads:
            thread.used_slots = used
    devices = _devices(system, program, executor, meeting, threads)
    for thread in threads:
        system.kernel.log.comm[thread.cpu.id] = thread.name
    collector = Collector(system, program, recorder, executor, meeting)
    collector.devices = devices
    meeting.at_region = collector.begin_region
    return Run(system, program, executor, meeting, threads, devices, collector, trace)


def _faults(system: System, workload: Workload, made: dict[str, Cache], seed: int) -> FaultInjector | None:
    """Return what makes the workload's faults, None when it has none."""
    debug = system.allocator.debug
    if not workload.faults or debug is None:
        return None
    caches = []
    for i, fault in enumerate(workload.faults):
        try:
            caches.append(named_cache(system, fault.cache, made))
        except BadValue as error:
            raise BadValue(error.message, expected=error.expected, near=error.near, at=("faults", i, "cache")) from None
    check_faults(workload.faults, caches)
    return FaultInjector(system.allocator, debug, workload.faults, caches, seed)


def _with_log(bug: KernelBugError, log: KernelLog) -> KernelBugError:
    """Return the error that ended a run with the end of the kernel's log."""
    return KernelBugError("\n".join([f"kernel BUG: {bug}", *log.lines[-LOG_SHOWN:]]))


def _later(program: Program, start: int) -> list[ThreadProgram]:
    """Return the threads with recorded times counted from the end of boot."""
    for thread in program.threads:
        if thread.times is not None:
            thread.times = thread.times + start
    return program.threads


def _kinds(system: System, program: Program) -> Words:
    """Return the table of kinds with the index of the Cache of each kmalloc in its cache column."""
    table = program.kinds.rows()
    rows = table.reshape(-1, ops.NR_FIELDS)
    for row in rows:
        if row[ops.OPCODE] == ops.KMALLOC:
            cache = system.allocator.kmalloc_slab(int(row[ops.SIZE]), int(row[ops.GFP])) if row[ops.SIZE] else None
            row[ops.CACHE] = 0 if cache is None else cache.index
    return table


def _devices(
    system: System, program: Program, executor: Executor, meeting: Meeting, threads: list[WorkloadThread]
) -> list[ReceiveDevice]:
    """Attach each device to its CPU; a CPU without a thread gets one that only serves interrupts."""
    devices = []
    for spec in program.devices:
        cpu = system.machine.cpus[spec.cpu]
        thread = next((t for t in threads if t.cpu is cpu), None)
        if thread is None:
            idle = ThreadProgram(f"{spec.name}/idle", spec.cpu, Whole(joined([])))
            thread = WorkloadThread(idle, cpu, executor, meeting, system.kernel)
            threads.append(thread)
        device = ReceiveDevice(spec, thread, executor, system.kernel.napi, cpu.now)
        device.vector = system.kernel.interrupts.request_irq(device.receive)
        devices.append(device)
    return devices


def _told(error: BadValue, workload: Workload, document: Document | None) -> UserErrors:
    """Return what is wrong as problems with their places in the workload's file."""
    from simslab.base.documents.document import Document

    where = document or Document(workload.name, None)
    return UserErrors([where.problem(f.message, f.at, expected=f.expected, near=f.near) for f in error.faults])
