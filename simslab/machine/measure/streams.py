"""Cores that stream through memory with several misses in flight: what all bandwidth measurements drive.

A core issues its next line when one of its `core.outstanding` places is free and its issue interval has passed. All
requests of all cores are made in order of time, so queueing is exact. A stored line costs a read for ownership and,
since in a steady state every dirty line pushes out another, a write-back to the same node.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from simslab.machine.measure.prober import Prober

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCK: Final = 4096  # lines that a stream takes from its node at a time
ISSUE: Final = 2  # cycles between two lines of one core


@dataclass(slots=True)
class Stream:
    """One core's loop. `stores` of every `loads` + `stores` lines are written; `delay` cycles follow each `burst`."""

    cpu: int
    nodes: Sequence[int]  # taken in turn
    places: int  # misses in flight
    loads: int = 1
    stores: int = 0
    burst: int = 0
    delay: int = 0
    lines: int = 0
    written: int = 0
    latency: int = 0  # summed
    counted: int = 0
    line: int = 0
    left: int = 0
    offset: int = 0
    flight: list[int] = field(default_factory=list)  # when each place is free again


@dataclass(frozen=True, slots=True)
class Flow:
    """What streams achieved in the measured time."""

    bytes_per_second: float
    latencies: tuple[float, ...]  # mean cycles of each stream


def run_streams(prober: Prober, streams: Sequence[Stream], warm: int, timed: int) -> Flow:
    """Run for `warm` cycles, then measure for `timed`; every stream starts at a moment of its own."""
    start = prober.now
    heap = [(start + index * 7, index) for index in range(len(streams))]
    for index, stream in enumerate(streams):
        stream.flight = [start] * stream.places
        stream.offset = index * 7 & 63  # streams differ in where they begin
    begin, end = start + warm, start + warm + timed
    moved = 0
    while heap[0][0] < end:
        now, index = heapq.heappop(heap)
        moved += _issue(prober, streams[index], now, now >= begin)
        heapq.heappush(heap, (_next_issue(streams[index], now), index))
    prober.now = max(max(stream.flight) for stream in streams)
    means = tuple(stream.latency / max(1, stream.counted) for stream in streams)
    return Flow(moved * 64 * prober.machine.frequency_hz / timed, means)


def _issue(prober: Prober, stream: Stream, now: int, counted: bool) -> int:
    """Make one access; returns the lines that it moved in the measured time."""
    node = stream.nodes[stream.lines % len(stream.nodes)]
    line = _take(prober, stream, node)
    place = prober.place(stream.cpu)
    store = stream.lines % (stream.loads + stream.stores) >= stream.loads
    memory = prober.machine.memory
    latency = memory.access(place.core, line, 1 if store else 0, now)
    busy = latency
    if store:  # its place is taken until the line that it pushes out has been sent, too
        busy = max(busy, prober.machine.interconnect.write_back(place.domain, place.node, node, line, now))
    heapq.heapreplace(stream.flight, now + busy)
    stream.lines += 1
    if counted:
        stream.latency += latency
        stream.counted += 1
    return (2 if store else 1) if counted else 0


def _take(prober: Prober, stream: Stream, node: int) -> int:
    if stream.left <= 0:
        stream.line = prober.fresh_lines(node, BLOCK + 65) + stream.offset
        stream.left = BLOCK
    stream.left -= 1
    stream.line += 1
    return stream.line


def _next_issue(stream: Stream, now: int) -> int:
    pause = stream.delay if stream.burst and stream.lines % stream.burst == 0 else 0
    return max(now + ISSUE + pause, stream.flight[0])
