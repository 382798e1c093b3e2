"""Whether a SLIT has a row and a column for every node, and 10 where it should."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simslab.base.errors import BadValue
from simslab.machine.validation.limits import LOCAL_DISTANCE

if TYPE_CHECKING:
    from simslab.machine.description.whole import MachineDescription
    from simslab.machine.topology.node_plan import NodePlan

Faults = list[BadValue]


def distance_faults(spec: MachineDescription, plans: Sequence[NodePlan]) -> Faults:
    """Return what is wrong with the SLIT."""
    rows = spec.distances
    if rows is None:
        return []
    at = ("distances",)
    if len(rows) != len(plans):
        return [
            BadValue(
                f"{len(rows)} rows for {len(plans)} nodes",
                expected="one row per node, or distances: null to have them follow from the links",
                at=at,
            )
        ]
    return [fault for row, values in enumerate(rows) for fault in _distance_row(plans[row], values, len(plans))]


def _distance_row(plan: NodePlan, values: Sequence[int], nodes: int) -> Faults:
    message = ""
    if len(values) != nodes:
        message = f"{len(values)} distances for {nodes} nodes"
    elif values[plan.id] != LOCAL_DISTANCE:
        message = f"node {plan.number} is {values[plan.id]} from itself"
    elif values.count(LOCAL_DISTANCE) > 1:
        message = f"another node is as near to node {plan.number} as itself"
    expected = "10 on the diagonal, 11 to 255 elsewhere"
    return [BadValue(message, expected=expected, at=("distances", plan.id))] if message else []
