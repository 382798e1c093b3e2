"""Whether measured bandwidth-latency curves rise, and stand alone."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from simslab.base.errors import BadValue
from simslab.machine.validation.limits import LEAST, MIN_BANDWIDTH

if TYPE_CHECKING:
    from simslab.machine.description.memory import DramSpec
    from simslab.machine.description.whole import MachineDescription


def curve_faults(spec: MachineDescription) -> list[BadValue]:
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
    if points[-1][0] < MIN_BANDWIDTH:
        message = f"a node that gives at most {points[-1][0]} bytes/s"
        faults.append(BadValue(message, expected=LEAST, at=(*here, len(points) - 1, 0)))
    for index, ((before, fast), (bandwidth, latency)) in enumerate(pairwise(points), 1):
        if bandwidth <= before:
            message = f"{bandwidth / 1e9:g} GB/s after {before / 1e9:g} GB/s"
            faults.append(BadValue(message, expected="rising bandwidths", at=(*here, index, 0)))
        if latency.nanoseconds(hz) < fast.nanoseconds(hz):
            message = f"{latency} after {fast}"
            faults.append(BadValue(message, expected="a latency that does not fall", at=(*here, index, 1)))
    return faults
