"""Cores that stream through memory with several misses in flight: what all bandwidth measurements drive.

A core issues its next line when one of its `core.outstanding` places is free and its issue interval has passed. All
requests of all cores are made in order of time, so queueing is exact. A stored line costs a read for ownership and,
since in a steady state every dirty line pushes out another, a write-back to the same node. A non-temporal store only
sends its line.
"""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from simslab.instruments.measure.prober import LINE_SHIFT, PAGE, PAUSE, Prober, whole_pages
from simslab.machine.memory import states

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCK: Final = 4096  # lines that a stream takes from its node at a time, where there is room for them
SLACK: Final = 64  # lines by which streams differ in where they begin
FILL: Final = 4  # times the lines in flight that are issued before queues are taken for full
ISSUE: Final = 2  # cycles between two lines of one core


@dataclass(slots=True)
class Stream:
    """One core's loop: `stores` of every `loads` + `stores` lines are written; `delay` cycles follow each `burst`."""

    cpu: int
    node: int  # whose memory it goes through
    places: int  # misses in flight
    loads: int = 1
    stores: int = 0
    temporal: bool = True
    burst: int = 0
    delay: int = 0
    lines: int = 0
    latency: int = 0  # summed
    counted: int = 0
    line: int = 0
    left: int = 0
    step: int = 1  # lines from one access to the next
    offset: int = 0
    block: int = BLOCK
    chance: int = 1
    flight: list[int] = field(default_factory=list)  # when each place is free again


@dataclass(frozen=True, slots=True)
class Flow:
    """What streams achieved in the measured time."""

    bytes_per_second: float
    latencies: tuple[float, ...]  # mean cycles of each stream


@dataclass(slots=True)
class Window:
    """The time in which completed lines count."""

    begin: int
    end: int
    lines: int = 0


def run_streams(prober: Prober, streams: Sequence[Stream], warm: int, timed: int) -> Flow:
    """Run for `warm` cycles and until queues have filled, then measure for `timed` cycles.

    Every stream starts at a moment of its own. Lines count when they complete: cores issue in bursts.
    """
    start = prober.now + PAUSE  # what was measured before is over
    heap = [(start + index * 7, index) for index in range(len(streams))]
    _share_memory(prober, streams)
    for index, stream in enumerate(streams):
        stream.flight = [start] * stream.places
        stream.offset = index * 7 % SLACK  # streams differ in where they begin
        stream.chance = index + 1
    nothing = Window(0, 0)
    filling = FILL * sum(stream.places for stream in streams if not stream.delay)
    while heap[0][0] < start + warm or filling > 0:
        _step(prober, streams, heap, nothing)
        filling -= 1
    begin = max(max(stream.flight) for stream in streams)
    window = Window(begin, begin + timed)
    while heap[0][0] < window.end:
        _step(prober, streams, heap, window)
    prober.now = max(max(stream.flight) for stream in streams)
    means = tuple(stream.latency / max(1, stream.counted) for stream in streams)
    return Flow(window.lines * 64 * prober.machine.frequency_hz / timed, means)


def _share_memory(prober: Prober, streams: Sequence[Stream]) -> None:
    """Give streams smaller blocks on a node whose memory has no room for two of each: none reads another's then.

    UserError where there is no room for the smallest ones.
    """
    sharers = Counter(stream.node for stream in streams)
    for stream in streams:
        blocks = 2 * sharers[stream.node]
        beside = stream.step + SLACK
        prober.require(stream.node, blocks * whole_pages(stream.step + beside))
        room = (prober.room(stream.node) // blocks & -PAGE) >> LINE_SHIFT
        stream.block = min(BLOCK, room - beside)


def _step(prober: Prober, streams: Sequence[Stream], heap: list[tuple[int, int]], window: Window) -> None:
    """Make the earliest access."""
    now, index = heapq.heappop(heap)
    _issue(prober, streams[index], now, window)
    heapq.heappush(heap, (_next_issue(streams[index], now), index))


def _issue(prober: Prober, stream: Stream, now: int, window: Window) -> None:
    """Make one access of a stream."""
    node = stream.node
    line = _take(prober, stream)
    place = prober.place(stream.cpu)
    store = stream.lines % (stream.loads + stream.stores) >= stream.loads
    way = (place.domain, place.node, node, line, now)
    interconnect = prober.machine.interconnect
    if store and not stream.temporal:  # its buffer is taken until the memory controller has the line
        latency = prober.machine.timing.caches.l3.latency + interconnect.way(place.node, node)
        busy = latency + interconnect.stream_write(*way)
    else:
        busy = latency = prober.machine.memory.access(place.core, line, 1 if store else 0, now)
        if store:  # its place is taken until the line that it pushes out has been sent, too
            busy = max(busy, interconnect.write_back(*way))
            _clean(prober, place.core, line)
    heapq.heapreplace(stream.flight, now + busy)
    stream.lines += 1
    if window.begin <= now + busy < window.end:
        stream.latency += latency
        stream.counted += 1
        window.lines += 2 if store and stream.temporal else 1


def _clean(prober: Prober, core: int, line: int) -> None:
    """Make a stored line clean, since its write-back has been made: none follows where small caches evict it."""
    memory = prober.machine.memory
    memory.l1.mark(core, line, states.EXCLUSIVE)
    memory.l2.mark(core, line, states.EXCLUSIVE)


def _take(prober: Prober, stream: Stream) -> int:
    if stream.left <= 0:
        stream.line = prober.fresh_lines(stream.node, stream.block + stream.step + SLACK) + stream.offset
        stream.left = stream.block
    stream.left -= stream.step
    stream.line += stream.step
    return stream.line


def _next_issue(stream: Stream, now: int) -> int:
    pause = 0
    if stream.burst and stream.lines % stream.burst == 0:  # cores must not fall into step
        stream.chance = (stream.chance * 1103515245 + 12345) & 0x7FFFFFFF
        pause = stream.delay // 2 + stream.delay * (stream.chance >> 16) // 32768
    return max(now + ISSUE + pause, stream.flight[0])
