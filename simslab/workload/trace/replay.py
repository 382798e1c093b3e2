"""Turning a recorded kmem trace into operation streams for the CPUs of one machine."""

from __future__ import annotations

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
from simslab.workload.trace.trace_shapes import NODE as _NODE
from simslab.workload.trace.trace_shapes import Column

_OPCODE = {CACHE_ALLOC: ops.ALLOC, CACHE_FREE: ops.FREE, KMALLOC: ops.KMALLOC, KFREE: ops.KFREE}
NS_PER_S = 1_000_000_000
MAX_CYCLES = 1 << 49  # half of the engine's NEVER, so that boot and the replay itself fit too


@dataclass(frozen=True)
class Replay:
    """A program made from a trace, and the caches it needs."""

    program: Program
    caches: tuple[TraceCache, ...]
    summary: TraceSummary


def replay(
    paired: PairedTrace, spec: TraceReplay, places: CpuPlaces, frequency_hz: int, scale: float, seed: int = 0
) -> Replay:
    """Return the streams that replay `paired` on this machine; with `scale` below 1 only its first part.

    The seed draws what `spec.vary` says, nothing by default. BadValue when the recorded times cannot be simulated.
    """
    count = _count(paired, scale)
    program = Program()
    program.slots.take(paired.nr_slots)
    caches = _used_caches(program, paired, count)
    nodes = _nodes(paired.trace, places)
    by_cpu, bounds = _by_cpu(_cpus(paired, spec, places, seed)[:count], places.nr_cpus)
    words = program.words(_kinds(program, paired, nodes, count), paired.slot[:count])[by_cpu]
    times = _times(paired, count, frequency_hz)[by_cpu] if spec.timing == "recorded" else None
    used = np.flatnonzero(np.diff(bounds)).tolist()
    warm_up = int(count * spec.warm_up)
    begin = _begin_region(program, len(used)) if warm_up else None
    for cpu in used:
        mine = slice(int(bounds[cpu]), int(bounds[cpu + 1]))
        warm = int(np.searchsorted(by_cpu[mine], warm_up))
        program.threads.append(_thread(cpu, words[mine], None if times is None else times[mine], warm, begin))
    if spec.vary == "start":
        _delay_starts(program, spec.start_within.cycles(frequency_hz), seed)
    return Replay(program, caches, _summary(paired, nodes, count))


def events_by_word(
    paired: PairedTrace, spec: TraceReplay, places: CpuPlaces, scale: float, seed: int
) -> dict[int, Column]:
    """Return by CPU the index in the trace of the event of each word that `replay` makes; -1 of a word without any."""
    count = _count(paired, scale)
    by_cpu, bounds = _by_cpu(_cpus(paired, spec, places, seed)[:count], places.nr_cpus)
    warm_up = int(count * spec.warm_up)
    found: dict[int, Column] = {}
    for cpu in np.flatnonzero(np.diff(bounds)).tolist():
        mine = by_cpu[int(bounds[cpu]) : int(bounds[cpu + 1])]
        events = paired.event[mine]
        if warm_up:
            events = np.insert(events, int(np.searchsorted(mine, warm_up)), -1)
        if spec.vary == "start" and spec.timing != "recorded":
            events = np.insert(events, 0, -1)
        found[cpu] = events
    return found


def _count(paired: PairedTrace, scale: float) -> int:
    """Return how many events are replayed."""
    return min(len(paired.event), max(1, round(len(paired.event) * scale)))


def _by_cpu(cpus: Column, nr_cpus: int) -> tuple[Column, Column]:
    """Return the events' indices CPU by CPU, each CPU's ascending, and where each CPU's begin."""
    # Speed: a stable sort of short integers is a radix sort (benchmarks/traces.py).
    order = np.argsort(cpus.astype(np.uint16), kind="stable").astype(np.int32)
    return order, np.concatenate(([0], np.cumsum(np.bincount(cpus, minlength=nr_cpus))))


def _thread(cpu: int, words: Words, times: Words | None, warm_up: int, begin: Words | None) -> ThreadProgram:
    """Return one CPU's stream, the region of interest beginning (if it does) after `warm_up` events."""
    if begin is not None:
        words = np.insert(words, warm_up, begin)
        times = None if times is None else np.insert(times, warm_up, -1)
    return ThreadProgram(f"replay/{cpu}", cpu, Whole(words), times)


def _delay_starts(program: Program, longest: int, seed: int) -> None:
    """Let each thread begin a random time later, at most `longest` cycles: recorded times move with its start."""
    kind = program.kinds.number(ops.Kind(ops.WORK))
    for thread in program.threads:
        delay = int(stream(seed, "trace", "start", thread.cpu).integers(longest + 1))
        if thread.times is None:
            thread.stream = Chain([Whole(program.words(kind, delay)), thread.stream])
        else:
            thread.times = np.where(thread.times < 0, thread.times, thread.times + delay)


def _begin_region(program: Program, threads: int) -> Words:
    program.begins_region = True
    kind = program.kinds.number(ops.Kind(ops.BEGIN_REGION))
    return program.words(kind, program.barrier(threads))


def _used_caches(program: Program, paired: PairedTrace, count: int) -> tuple[TraceCache, ...]:
    """Number the caches in the order of first use, which is their order in `paired`."""
    last_slot = int(paired.slot[:count].max(initial=-1))
    used = paired.caches[: int(paired.slot_cache[: last_slot + 1].max(initial=-1)) + 1]
    for cache in used:
        program.cache(cache.name)
    return used


def _kinds(program: Program, paired: PairedTrace, nodes: Column, count: int) -> Words:
    """Return each event's kind; `nodes` holds the node that each shape asks for."""
    trace = paired.trace
    shape = trace.shape[paired.event[:count]].astype(np.int64)
    nr_caches = len(paired.caches) + 1
    # Speed: a shape and a cache determine the kind, so that few kinds are looked at (benchmarks/traces.py).
    pairs, numbers = numbered(shape * nr_caches + paired.slot_cache[paired.slot[:count]] + 1)
    shapes = list(zip(*trace.shapes.tolist(), nodes.tolist(), strict=True))
    made = [_kind(trace, shapes[both // nr_caches], both % nr_caches - 1) for both in pairs.tolist()]
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
    recorded = (paired.trace.task if spec.cpus == "tasks" else paired.trace.cpu)[paired.event]
    drawn = stream(seed, "trace", "placement") if spec.vary == "placement" else None
    if spec.cpus == "modulo":
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


def _times(paired: PairedTrace, count: int, frequency_hz: int) -> Words:
    """Return when each event happened, cycles after the first; whole nanoseconds become cycles rounded down."""
    at = ("trace", "timing")
    if not paired.trace.has_time:
        told = "the recording's clock (trace_clock counter, uptime or x86-tsc) counts no nanoseconds"
        raise BadValue(told, expected="timing: asap", at=at)
    ns = paired.trace.time[paired.event]
    since = (ns - ns.min())[:count]
    longest = int(since.max(initial=0))
    if longest * frequency_hz // NS_PER_S >= MAX_CYCLES:
        told = f"the recording lasts {longest // NS_PER_S} s, longer than can be simulated"
        raise BadValue(told, expected=f"at most {MAX_CYCLES // frequency_hz} s, or timing: asap", at=at)
    cycles: Words = (since // NS_PER_S) * frequency_hz + (since % NS_PER_S) * frequency_hz // NS_PER_S
    return cycles


def _summary(paired: PairedTrace, nodes: Column, count: int) -> TraceSummary:
    trace, event = paired.trace, paired.event[:count]
    file = Path(trace.file).name  # the same result wherever the file lies
    skipped = dict(sorted({**trace.skipped, **paired.skipped}.items()))
    if count < len(paired.event):
        skipped["beyond the share asked for (scale)"] = len(paired.event) - count
    if paired.never_freed:
        skipped["never freed (allocated, not skipped)"] = paired.never_freed
    foreign = np.bincount(trace.shape[event], minlength=len(nodes))[(nodes < 0) & (trace.shapes[_NODE] > 0)].sum()
    backwards = int(np.count_nonzero(np.diff(trace.time, prepend=trace.time[:1])[event] < 0))
    told = {
        "for a node this machine has not got (from any node, not skipped)": int(foreign),
        "earlier than the event before (in file order, not skipped)": backwards,
    }
    skipped |= {what: number for what, number in told.items() if number}
    return TraceSummary(file, trace.lines, len(trace), count, skipped, trace.unparsed_examples)
