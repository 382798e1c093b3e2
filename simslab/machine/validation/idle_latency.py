"""Whether a matrix of idle latencies can stand for the machine whose nodes it tells of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simslab.base.errors import BadValue

if TYPE_CHECKING:
    from simslab.machine.description.whole import MachineDescription
    from simslab.machine.topology.node_plan import NodePlan

Faults = list[BadValue]


def idle_faults(spec: MachineDescription, plans: Sequence[NodePlan]) -> Faults:
    """Return what is wrong with a matrix of idle latencies: its shape, holes, and times that an L3 miss exceeds."""
    if spec.idle_latency is None:
        return []
    rows, at = spec.idle_latency.dram, ("idle_latency", "dram")
    if [len(row) for row in rows] != [len(plans)] * len(plans):
        expected = f"{len(plans)} rows of {len(plans)}"
        return [BadValue("the matrix does not have a cell for every pair of nodes", expected=expected, at=at)]
    hz = spec.core.frequency
    least = spec.l3.latency.cycles(hz) + spec.coherence.directory.cycles(hz)
    faults: Faults = []
    for reader, row in zip(plans, rows, strict=True):
        for home, cell in zip(plans, row, strict=True):
            place = (*at, reader.id, home.id)
            if cell is None and reader.cpus and home.memory:
                faults.append(BadValue("a latency is missing", expected="a time such as '89 ns'", at=place))
            elif cell is not None and cell.cycles(hz) <= least:
                expected = f"more than L3 and directory together, {least} cycles"
                faults.append(BadValue(f"{cell} is too short for memory", expected=expected, at=place))
    return faults
