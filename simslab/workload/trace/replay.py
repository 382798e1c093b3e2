"""Turning a recorded kmem trace into operation streams for the CPUs of one machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from simslab.kernel.mm.gfp import parse_gfp
from simslab.result.measurement import TraceSummary
from simslab.workload.description.placement import CpuPlaces
from simslab.workload.description.spec import TraceReplay
from simslab.workload.streams import operations as ops
from simslab.workload.streams.program import Program, ThreadProgram, Words
from simslab.workload.trace.kmem_trace import CACHE_ALLOC, CACHE_FREE, KFREE, KMALLOC, Column
from simslab.workload.trace.pairing import PairedTrace, TraceCache

_OPCODE = {CACHE_ALLOC: ops.ALLOC, CACHE_FREE: ops.FREE, KMALLOC: ops.KMALLOC, KFREE: ops.KFREE}
NS_PER_S = 1_000_000_000
LARGEST: Final = (1 << 63) - 1  # of int64


@dataclass(frozen=True)
class Replay:
    """A program made from a trace, and the caches it needs."""

    program: Program
    caches: tuple[TraceCache, ...]
    summary: TraceSummary


def replay(paired: PairedTrace, spec: TraceReplay, places: CpuPlaces, frequency_hz: int, scale: float) -> Replay:
    """Return the streams that replay `paired` on this machine; with `scale` below 1 only its first part."""
    count = min(len(paired.event), max(1, round(len(paired.event) * scale)))
    program = Program()
    program.slots.take(paired.nr_slots)
    by_slot = paired.caches()
    caches = _used_caches(program, paired, by_slot, count)
    nodes = _nodes(paired.trace.node, places)
    words = program.words(_kinds(program, paired, by_slot, nodes, count), paired.slot[:count])
    cpus = _cpus(paired, spec, places)[:count]
    times = _times(paired, frequency_hz)[:count] if spec.timing == "recorded" else None
    used = np.unique(cpus).tolist()
    warm_up = int(count * spec.warm_up)
    begin = _begin_region(program, len(used)) if warm_up else None
    for cpu in used:
        program.threads.append(_thread(int(cpu), np.flatnonzero(cpus == cpu), words, times, warm_up, begin))
    return Replay(program, caches, _summary(paired, nodes, count))


def _thread(
    cpu: int, mine: Column, words: Words, times: Words | None, warm_up: int, begin: Words | None
) -> ThreadProgram:
    own = words[mine]
    when = None if times is None else times[mine]
    if begin is not None:
        at = int(np.searchsorted(mine, warm_up))
        own = np.insert(own, at, begin)
        when = None if when is None else np.insert(when, at, -1)
    return ThreadProgram(f"replay/{cpu}", cpu, own, when)


def _begin_region(program: Program, threads: int) -> Words:
    program.begins_region = True
    kind = program.kinds.number(ops.Kind(ops.BEGIN_REGION))
    return program.words(kind, program.barrier(threads))


def _used_caches(
    program: Program, paired: PairedTrace, by_slot: tuple[TraceCache | None, ...], count: int
) -> tuple[TraceCache, ...]:
    """Number the caches in order of first use."""
    used: dict[str, TraceCache] = {}
    for slot in dict.fromkeys(paired.slot[:count].tolist()):
        cache = by_slot[slot]
        if cache is not None and cache.name not in used:
            used[cache.name] = cache
            program.cache(cache.name)
    return tuple(used.values())


def _kinds(
    program: Program, paired: PairedTrace, by_slot: tuple[TraceCache | None, ...], nodes: Column, count: int
) -> Words:
    """Return each event's kind; `nodes` holds the node asked for by every event of the trace.

    Speed: events are folded into one integer each, so that few kinds are looked at.
    """
    trace, event, slot = paired.trace, paired.event[:count], paired.slot[:count]
    numbers = [-1 if cache is None else program.caches.get(cache.name, -1) for cache in by_slot]
    cache = np.array(numbers, dtype=np.int64)[slot]
    kind = trace.kind[event].astype(np.int64)
    # An object is freed as its allocation requires; only kfree takes any object.
    kind[(kind == CACHE_FREE) & (cache < 0)] = KFREE
    gfp, node, size = trace.gfp[event], nodes[event], trace.bytes_req[event]
    unique, first, index = np.unique(folded_rows(kind, cache, gfp, node, size), return_index=True, return_inverse=True)
    flags = [parse_gfp(text) if text else 0 for text in trace.gfp_texts]
    table = np.empty(len(unique), dtype=np.int64)
    for i in np.argsort(first).tolist():
        at = int(first[i])
        table[i] = program.kinds.number(
            ops.Kind(
                _OPCODE[int(kind[at])],
                int(cache[at]) if kind[at] in (CACHE_ALLOC, CACHE_FREE) else -1,
                size=int(size[at]) if kind[at] == KMALLOC else 0,
                gfp=flags[int(gfp[at])],
                node=int(node[at]),
            )
        )
    return table[index]


def folded_rows(*columns: Column) -> Column:
    """Return an integer for each row, equal for two rows if and only if all columns are."""
    folded = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns if len(folded) else ():
        digits = column.astype(np.int64)
        if int(digits.max()) - int(digits.min()) > len(digits):
            digits = _ranks(digits)
        digits -= digits.min()
        span = int(digits.max()) + 1
        if (int(folded.max()) + 1) * span > LARGEST:
            folded = _ranks(folded)
        folded = folded * span + digits
    return folded


def _ranks(values: Column) -> Column:
    """Return each value's place among the distinct ones."""
    ranks: Column = np.unique(values, return_inverse=True)[1].astype(np.int64)
    return ranks


def _nodes(recorded: Column, places: CpuPlaces) -> Column:
    """Return the node each allocation asks for, -1 for any.

    On a recording machine of one node, node 0 means the nearest; it says nothing about nodes of another machine. A
    node that this machine has not got cannot be asked for either.
    """
    if recorded.max(initial=-1) <= 0:
        return np.full(len(recorded), -1)
    return np.where((recorded >= 0) & (recorded < places.nr_nodes), recorded, -1).astype(np.int64)


def _cpus(paired: PairedTrace, spec: TraceReplay, places: CpuPlaces) -> Column:
    """Return the machine's CPU for each event."""
    trace, event = paired.trace, paired.event
    recorded = trace.cpu[event].astype(np.int64)
    if spec.cpus == "modulo":
        return recorded % places.nr_cpus
    order = np.array(places.spread())
    if spec.cpus == "tasks":
        recorded = trace.task[event].astype(np.int64)
    _, rank = np.unique(recorded, return_inverse=True)
    cpus: Column = order[rank % places.nr_cpus]
    return cpus


def _times(paired: PairedTrace, frequency_hz: int) -> Words:
    """Return when each event happened, cycles after the first; whole nanoseconds become cycles rounded down."""
    ns = paired.trace.time[paired.event]
    since = ns - ns.min()
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
    told = {
        "for a node this machine has not got (from any node, not skipped)": (nodes < 0) & (trace.node > 0),
        "earlier than the event before (in file order, not skipped)": np.diff(trace.time, prepend=trace.time[:1]) < 0,
    }
    for what, which in told.items():
        if number := int(np.count_nonzero(which[event])):
            skipped[what] = number
    return TraceSummary(file, trace.lines, len(trace), count, skipped, trace.unparsed_examples)
