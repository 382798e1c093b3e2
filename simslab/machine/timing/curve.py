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
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from simslab.machine.timing.integers import Integers, line_q10

if TYPE_CHECKING:
    from simslab.machine.description.memory import CurveSpec

STEPS: Final = 1024  # of use, from none to all of the last point's bandwidth


def curve_delays(curve: CurveSpec | None, hz: int) -> tuple[int, ...]:
    """Return cycles beyond the first point's latency by use of the last point's bandwidth, in `STEPS` steps.

    Empty for a memory that has no curve.
    """
    if curve is None:
        return ()
    points = [(bandwidth, latency.nanoseconds(hz) * hz / 1e9) for bandwidth, latency in curve.points]
    idle, most = points[0][1], points[-1][0]
    return tuple(max(0, round(_latency(points, most * step / STEPS) - idle)) for step in range(STEPS + 1))


def served_by_curve(node: Integers, curve: CurveSpec, hz: int) -> Integers:
    """Return a node's memory as one server of the last point's bandwidth; writes keep their ratio to reads."""
    line = line_q10(hz, curve.points[-1][0])

    def in_ratio(q10: int) -> int:
        return max(1, line * q10 // node.line_q10)

    return node.replaced(
        line_q10=line,
        write_line_q10=in_ratio(node.write_line_q10),
        stream_write_line_q10=in_ratio(node.stream_write_line_q10),
        channels=1,
        conflict=0,
        row_miss=0,
    )


def _latency(points: Sequence[tuple[int, float]], bandwidth: float) -> float:
    """Return the latency at `bandwidth`: straight between two points, that of the ends beyond them."""
    if bandwidth <= points[0][0]:
        return points[0][1]
    for (low, below), (high, above) in pairwise(points):
        if bandwidth <= high:
            return below + (above - below) * (bandwidth - low) / (high - low)
    return points[-1][1]
