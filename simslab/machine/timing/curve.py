"""Measured bandwidth-latency curves (`impl: curve`) instead of a node's queue model.

A curve tells what a read takes at each bandwidth of the node. Above the latency of its first point everything is
queueing; the idle latency itself stays the sum along the path. The node's channels become one server whose bandwidth is
the curve's last point. A read is delayed by what the curve says at the server's present use, straight lines between the
points, or by the server's backlog where that is more: no more than the last point's bandwidth ever comes, and whoever
asks for more waits for it. Writes take their share of the same server, in the ratio of the file's bandwidths.

Not modelled: bandwidth that falls again when more is asked than the memory can give; mixes of reads and writes with a
curve of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from simslab.base.errors import BadValue

if TYPE_CHECKING:
    from simslab.base.units import Duration
    from simslab.machine.description.spec import DramSpec, MachineSpec
    from simslab.machine.timing.cycles import Timing

STEPS: Final = 1024  # of use, from none to all of the last point's bandwidth
MAX_POINTS: Final = 256

Point = tuple[int, "Duration"]  # bytes/s, load-to-use latency


def apply_curves(timing: Timing, drams: Sequence[DramSpec]) -> Timing:
    """Return `timing` with the nodes that have a curve (`drams` by node) served by it."""
    hz = timing.frequency_hz
    nodes = range(len(drams))
    curves = tuple(_delays(drams[node], hz) if timing.dram_line_q10[node] else () for node in nodes)
    if not any(curves):
        return timing
    lines = [_whole_q10(drams[n], hz) if curves[n] else timing.dram_line_q10[n] for n in nodes]

    def in_ratio(q10: Sequence[int]) -> tuple[int, ...]:
        old = timing.dram_line_q10
        return tuple(max(1, lines[n] * q10[n] // old[n]) if curves[n] else q10[n] for n in nodes)

    return replace(
        timing,
        dram_line_q10=tuple(lines),
        dram_write_q10=in_ratio(timing.dram_write_q10),
        dram_stream_q10=in_ratio(timing.dram_stream_q10),
        dram_channels=tuple(1 if curves[n] else timing.dram_channels[n] for n in nodes),
        dram_conflict=tuple(0 if curves[n] else timing.dram_conflict[n] for n in nodes),
        dram_row_miss=tuple(0 if curves[n] else timing.dram_row_miss[n] for n in nodes),
        dram_curve=curves,
    )


def curve_faults(spec: MachineSpec) -> list[BadValue]:
    """Return what is wrong with the curves of a machine file, at its point."""
    places: list[tuple[tuple[str | int, ...], DramSpec | None]] = [(("dram",), spec.dram)]
    places += [(("nodes", index, "dram"), node.dram) for index, node in enumerate(spec.nodes)]
    return [fault for at, dram in places if dram is not None for fault in _dram_faults(dram, at, spec.core.frequency)]


def _dram_faults(dram: DramSpec, at: tuple[str | int, ...], hz: int) -> list[BadValue]:
    if dram.queue is None:
        return []
    faults = [
        BadValue(f"'{name}' beside a curve, which has it in it", expected=f"no '{name}'", at=(*at, name))
        for name in ("conflict", "row_miss")
        if getattr(dram, name).value
    ]
    points = dram.queue.points
    here = (*at, "queue", "points")
    if points[0][0] == 0:
        faults.append(BadValue("a point without bandwidth", expected="more than 0 bytes/s", at=(*here, 0, 0)))
    for index, ((before, fast), (bandwidth, latency)) in enumerate(pairwise(points), 1):
        if bandwidth <= before:
            message = f"{bandwidth / 1e9:g} GB/s after {before / 1e9:g} GB/s"
            faults.append(BadValue(message, expected="rising bandwidths", at=(*here, index, 0)))
        if latency.nanoseconds(hz) < fast.nanoseconds(hz):
            message = f"{latency} after {fast}"
            faults.append(BadValue(message, expected="a latency that does not fall", at=(*here, index, 1)))
    return faults


def _delays(dram: DramSpec, hz: int) -> tuple[int, ...]:
    """Return cycles beyond the first point's latency by use of the last point's bandwidth, in `STEPS` steps."""
    if dram.queue is None:
        return ()
    points = [(bandwidth, latency.nanoseconds(hz) * hz / 1e9) for bandwidth, latency in dram.queue.points]
    idle, most = points[0][1], points[-1][0]
    return tuple(max(0, round(_latency(points, most * step / STEPS) - idle)) for step in range(STEPS + 1))


def _latency(points: Sequence[tuple[int, float]], bandwidth: float) -> float:
    """Return the latency at `bandwidth`: straight between two points, that of the ends beyond them."""
    if bandwidth <= points[0][0]:
        return points[0][1]
    for (low, below), (high, above) in pairwise(points):
        if bandwidth <= high:
            return below + (above - below) * (bandwidth - low) / (high - low)
    return points[-1][1]


def _whole_q10(dram: DramSpec, hz: int) -> int:
    """Return the time of one 64-byte line at the last point's bandwidth in 1/1024 cycle."""
    assert dram.queue is not None
    most = dram.queue.points[-1][0]
    return max(1, (64 * 1024 * hz + most // 2) // most)
