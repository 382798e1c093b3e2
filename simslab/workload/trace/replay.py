"""Turning a recorded kmem trace into operation streams for the CPUs of one machine.

Not modelled: the context in which an event was recorded: what softirqs and interrupts did is done by the CPU's task,
and charged to its cgroup.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simslab.base.errors import BadValue
from simslab.base.seeds import stream
from simslab.result.measurement import TraceSummary
from simslab.workload.description.placement import CpuPlaces
from simslab.workload.description.spec import TraceReplay
from simslab.workload.streams import operations as ops
from simslab.workload.streams.pieces import Chain, Whole
from simslab.workload.streams.program import Program, ThreadProgram, Words
from simslab.workload.trace.int_table import numbered
from simslab.workload.trace.kmem_trace import CACHE_ALLOC, CACHE_FREE, KFREE, KMALLOC, KmemTrace
from simslab.workload.trace.pairing import NO_CACHE, PairedTrace, TraceCache
from simslab.workload.trace.phases import Mark, phase_begins, phase_marks, region_mark, with_marks
from simslab.workload.trace.trace_shapes import NODE as _NODE
from simslab.workload.trace.trace_shapes import Column

_OPCODE = {CACHE_ALLOC: ops.ALLOC, CACHE_FREE: ops.FREE, KMALLOC: ops.KMALLOC, KFREE: ops.KFREE}
NS_PER_S = 1_000_000_000
IDLE = "0"  # pid of the idle task of every CPU
_TIMING = ("trace", "timing")
MAX_CYCLES = 1 << 49  # half of the engine's NEVER, so that boot and the replay itself fit too


@dataclass(frozen=True)
class Replay:
    """A program made from a trace, and the caches it needs."""

    program: Program
    caches: tuple[TraceCache, ...]
    objects: Mapping[str, int]  # allocated of each of them
    summary: TraceSummary


def replay(
    traces: Sequence[PairedTrace], spec: TraceReplay, places: CpuPlaces, frequency_hz: int, scale: float, seed: int = 0
) -> Replay:
    """Return the streams that replay `traces` in turn on this machine, with `scale` below 1 the first part of each.

    The seed draws what `spec.vary` says, nothing by default. BadValue when the recorded times cannot be simulated.
    """
    counts = [_count(paired, scale) for paired in traces]
    program, caches = Program(), dict[str, TraceCache]()
    words = _joined(
        [_words(program, caches, paired, places, count) for paired, count in zip(traces, counts, strict=True)]
    )
    by_cpu, bounds = _by_cpu(_all_cpus(traces, spec, places, counts, seed), places.nr_cpus)
    words = words[by_cpu]
    times = _all_times(traces, counts, frequency_hz)[by_cpu] if spec.timing == "recorded" else None
    used = np.flatnonzero(np.diff(bounds)).tolist()
    marks = _marks(program, spec, counts, len(used))
    for cpu in used:
        mine = slice(int(bounds[cpu]), int(bounds[cpu + 1]))
        stream = Whole(with_marks(words[mine], by_cpu[mine], marks))
        its_times = None if times is None else with_marks(times[mine], by_cpu[mine], marks, -1)
        program.threads.append(ThreadProgram(f"replay/{cpu}", cpu, stream, its_times))
    if spec.vary == "start":
        _delay_starts(program, spec.start_within.cycles(frequency_hz), seed)
    objects = Counter[str]()
    for paired, count in zip(traces, counts, strict=True):
        objects.update(paired.objects(count))
    return Replay(program, tuple(caches.values()), objects, _summary_of_all(traces, places, counts))


def events_by_word(
    traces: Sequence[PairedTrace], spec: TraceReplay, places: CpuPlaces, scale: float, seed: int
) -> dict[int, Column]:
    """Return by CPU the index in the traces, one after the other, of the event of each word that `replay` makes; -1 of
    a word without any."""
    counts = [_count(paired, scale) for paired in traces]
    by_cpu, bounds = _by_cpu(_all_cpus(traces, spec, places, counts, seed), places.nr_cpus)
    firsts = np.cumsum([0, *(len(paired.trace) for paired in traces[:-1])]).tolist()
    event = _joined([p.event[:n].astype(np.int64) + first for p, n, first in zip(traces, counts, firsts, strict=True)])
    marks = _marks(Program(), spec, counts, 0)
    found: dict[int, Column] = {}
    for cpu in np.flatnonzero(np.diff(bounds)).tolist():
        mine = by_cpu[int(bounds[cpu]) : int(bounds[cpu + 1])]
        events = with_marks(event[mine], mine, marks, -1)
        if spec.vary == "start" and spec.timing != "recorded":
            events = np.insert(events, 0, -1)
        found[cpu] = events
    return found


def _marks(program: Program, spec: TraceReplay, counts: Sequence[int], threads: int) -> list[Mark]:
    """Return what stands between the events, in order."""
    warm_up = int(sum(counts) * spec.warm_up)
    region = [region_mark(program, warm_up, threads)] if warm_up else []
    return sorted([*region, *phase_marks(program, phase_begins(spec, counts), threads)], key=lambda mark: mark.event)


def _joined(columns: Sequence[Words]) -> Words:
    return columns[0] if len(columns) == 1 else np.concatenate(columns)


def _words(
    program: Program, caches: dict[str, TraceCache], paired: PairedTrace, places: CpuPlaces, count: int
) -> Words:
    """Return the operation of each event, in file order; `caches` gains those that it uses."""
    numbers = _number_caches(program, caches, paired, count)
    first = program.slots.take(paired.nr_slots)
    return program.words(
        _kinds(program, paired, _nodes(paired.trace, places), numbers, count), paired.slot[:count] + first
    )


def _all_cpus(
    traces: Sequence[PairedTrace], spec: TraceReplay, places: CpuPlaces, counts: Sequence[int], seed: int
) -> Column:
    return _joined([_cpus(paired, spec, places, seed)[:count] for paired, count in zip(traces, counts, strict=True)])


def _all_times(traces: Sequence[PairedTrace], counts: Sequence[int], frequency_hz: int) -> Words:
    """Return when each event happened, cycles after the first; a trace begins where the one before ended."""
    columns: list[Words] = []
    ended = 0
    for paired, count in zip(traces, counts, strict=True):
        columns.append(_times(paired, count, frequency_hz) + ended)
        ended = int(columns[-1].max(initial=ended))
        if ended >= MAX_CYCLES:
            told = f"the recordings last {ended // frequency_hz} s, longer than can be simulated"
            raise BadValue(told, expected=f"at most {MAX_CYCLES // frequency_hz} s, or timing: asap", at=_TIMING)
    return _joined(columns)


def _count(paired: PairedTrace, scale: float) -> int:
    """Return how many events are replayed."""
    return min(len(paired.event), max(1, round(len(paired.event) * scale)))


def _by_cpu(cpus: Column, nr_cpus: int) -> tuple[Column, Column]:
    """Return the events' indices CPU by CPU, each CPU's ascending, and where each CPU's begin."""
    # Speed: a stable sort of short integers is a radix sort (benchmarks/traces.py).
    order = np.argsort(cpus.astype(np.uint16), kind="stable").astype(np.int32)
    return order, np.concatenate(([0], np.cumsum(np.bincount(cpus, minlength=nr_cpus))))


def _delay_starts(program: Program, longest: int, seed: int) -> None:
    """Let each thread begin a random time later, at most `longest` cycles: recorded times move with its start."""
    kind = program.kinds.number(ops.Kind(ops.WORK))
    for thread in program.threads:
        delay = int(stream(seed, "trace", "start", thread.cpu).integers(longest + 1))
        if thread.times is None:
            thread.stream = Chain([Whole(program.words(kind, delay)), thread.stream])
        else:
            thread.times = np.where(thread.times < 0, thread.times, thread.times + delay)


def _number_caches(program: Program, caches: dict[str, TraceCache], paired: PairedTrace, count: int) -> dict[int, int]:
    """Return the program's number of each cache that is used, new ones in the order of first use; of any trace the
    largest objects count, and that some were accounted."""
    last_slot = int(paired.slot[:count].max(initial=-1))
    used = paired.caches[: int(paired.slot_cache[: last_slot + 1].max(initial=-1)) + 1]
    for cache in used:
        known = caches.get(cache.name, cache)
        largest = max(known, cache, key=lambda each: (each.size, each.stride))
        caches[cache.name] = dataclasses.replace(largest, account=known.account or cache.account)
    return {index: program.cache(cache.name) for index, cache in enumerate(used)} | {NO_CACHE: NO_CACHE}


def _kinds(program: Program, paired: PairedTrace, nodes: Column, caches: Mapping[int, int], count: int) -> Words:
    """Return each event's kind; `nodes` holds the node that each shape asks for, `caches` the numbers of caches."""
    trace = paired.trace
    shape = trace.shape[paired.event[:count]].astype(np.int64)
    nr_caches = len(paired.caches) + 1
    # Speed: a shape and a cache determine the kind, so that few kinds are looked at (benchmarks/traces.py).
    pairs, numbers = numbered(shape * nr_caches + paired.slot_cache[paired.slot[:count]] + 1)
    shapes = list(zip(*trace.shapes.tolist(), nodes.tolist(), strict=True))
    made = [_kind(trace, shapes[both // nr_caches], caches[both % nr_caches - 1]) for both in pairs.tolist()]
    kinds: Words = np.array([program.kinds.number(kind) for kind in made], dtype=np.int64)[numbers]
    return kinds


def _kind(trace: KmemTrace, shape: tuple[int, ...], cache: int) -> ops.Kind:
    """Return the operation of a shape on an object of a cache (NO_CACHE: of kmalloc)."""
    kind, size, _alloc, gfp, _recorded_node, _name, node = shape
    # An object is freed as its allocation requires; only kfree takes any object.
    if kind == CACHE_FREE and cache == NO_CACHE:
        kind = KFREE
    return ops.Kind(
        _OPCODE[kind],
        cache if kind in (CACHE_ALLOC, CACHE_FREE) else NO_CACHE,
        size=size if kind == KMALLOC else 0,
        gfp=trace.gfp_bits[gfp],
        node=node,
    )


def _nodes(trace: KmemTrace, places: CpuPlaces) -> Column:
    """Return the node each shape asks for, counted from 0; -1 for any.

    On a recording machine of one node, node 0 means the nearest; it says nothing about nodes of another machine. A
    node that this machine has not got cannot be asked for either.
    """
    recorded = trace.shapes[_NODE]
    if recorded.max(initial=-1) <= 0:
        return np.full(len(recorded), -1)
    known = {number: place for place, number in enumerate(places.node_numbers)}
    return np.array([known.get(number, -1) for number in recorded.tolist()], dtype=np.int64)


def _cpus(paired: PairedTrace, spec: TraceReplay, places: CpuPlaces, seed: int) -> Column:
    """Return the machine's CPU for each event."""
    recorded = (_tasks(paired.trace) if spec.cpus == "tasks" else paired.trace.cpu)[paired.event]
    drawn = stream(seed, "trace", "placement") if spec.vary == "placement" else None
    if spec.cpus == "recorded" and int(recorded.max(initial=0)) >= places.nr_cpus:
        file = Path(paired.trace.file).name
        told = f"{file} was recorded on CPU {recorded.max()}, the machine has CPUs 0-{places.nr_cpus - 1}"
        raise BadValue(told, expected="cpus: modulo or spread, or a larger machine", at=("trace", "cpus"))
    if spec.cpus in ("recorded", "modulo"):
        every = np.arange(places.nr_cpus) if drawn is None else drawn.permutation(places.nr_cpus)
        chosen: Column = every[recorded % places.nr_cpus]
        return chosen
    order = np.array(places.spread(), dtype=np.int32)
    if drawn is not None:
        order = drawn.permutation(order)
    present = np.bincount(recorded) > 0
    rank = np.cumsum(present) - 1
    cpus: Column = order[rank[recorded] % places.nr_cpus]
    return cpus


def _tasks(trace: KmemTrace) -> Column:
    """Return the number of each event's task: pid 0 is another one on each CPU, its idle task."""
    if IDLE not in trace.pids:
        return trace.task
    idle = trace.task == trace.pids.index(IDLE)
    tasks: Column = np.where(idle, len(trace.pids) + trace.cpu, trace.task)
    return tasks


def _times(paired: PairedTrace, count: int, frequency_hz: int) -> Words:
    """Return when each event happened, cycles after the first; whole nanoseconds become cycles rounded down."""
    if not paired.trace.has_time:
        told = "the recording's clock (trace_clock counter, uptime or x86-tsc) counts no nanoseconds"
        raise BadValue(told, expected="timing: asap", at=_TIMING)
    ns = paired.trace.time[paired.event]
    since = (ns - ns.min())[:count]
    longest = int(since.max(initial=0))
    if longest * frequency_hz // NS_PER_S >= MAX_CYCLES:
        told = f"the recording lasts {longest // NS_PER_S} s, longer than can be simulated"
        raise BadValue(told, expected=f"at most {MAX_CYCLES // frequency_hz} s, or timing: asap", at=_TIMING)
    cycles: Words = (since // NS_PER_S) * frequency_hz + (since % NS_PER_S) * frequency_hz // NS_PER_S
    return cycles


def _summary_of_all(traces: Sequence[PairedTrace], places: CpuPlaces, counts: Sequence[int]) -> TraceSummary:
    """Return how all traces fared together; each is named once for each time that it was replayed."""
    each = [_summary(paired, _nodes(paired.trace, places), count) for paired, count in zip(traces, counts, strict=True)]
    skipped: Counter[str] = Counter()
    for one in each:
        skipped.update(one.skipped)
    return TraceSummary(
        ", ".join(one.file for one in each),
        sum(one.lines for one in each),
        sum(one.events for one in each),
        sum(one.replayed for one in each),
        dict(skipped) if len(each) == 1 else dict(sorted(skipped.items())),
        tuple(example for one in each for example in one.unparsed_examples),
    )


def _summary(paired: PairedTrace, nodes: Column, count: int) -> TraceSummary:
    trace, event = paired.trace, paired.event[:count]
    file = Path(trace.file).name  # the same result wherever the file lies
    skipped = dict(sorted({**trace.skipped, **paired.skipped}.items()))
    if count < len(paired.event):
        skipped["beyond the share asked for (scale)"] = len(paired.event) - count
    skipped |= paired.still_allocated(count)
    foreign = np.bincount(trace.shape[event], minlength=len(nodes))[(nodes < 0) & (trace.shapes[_NODE] > 0)].sum()
    told = {
        "for a node this machine has not got (from any node, not skipped)": int(foreign),
    }
    skipped |= {what: number for what, number in told.items() if number} | paired.out_of_order(count)
    return TraceSummary(file, trace.lines, len(trace), count, skipped, trace.unparsed_examples)
