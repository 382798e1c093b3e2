"""Whether the L3s fit the masks that the coherence model keeps of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simslab.base.errors import BadValue
from simslab.machine.topology.numbering import seats
from simslab.machine.validation.limits import MAX_DOMAIN_CORES, MAX_DOMAINS

if TYPE_CHECKING:
    from simslab.machine.description.whole import MachineDescription
    from simslab.machine.topology.node_plan import NodePlan

Faults = list[BadValue]


def domain_faults(spec: MachineDescription, plans: Sequence[NodePlan]) -> Faults:
    """Refuse an L3 above more cores, or a machine of more L3s, than can be told apart."""
    scope = spec.l3.scope
    node_of = {cpu: plan.id for plan in plans for cpu in plan.cpus}
    members: dict[int, set[int]] = {}
    for seat in seats(spec.layout):
        members.setdefault(node_of[seat.cpu] if scope == "node" else int(getattr(seat, scope)), set()).add(seat.core)
    most = max(map(len, members.values()))
    faults: Faults = []
    if most > MAX_DOMAIN_CORES:
        expected = f"at most {MAX_DOMAIN_CORES}, for instance with a smaller 'l3.scope'"
        faults.append(BadValue(f"{most} cores below one L3", expected=expected, at=("layout",)))
    if len(members) > MAX_DOMAINS:
        faults.append(BadValue(f"{len(members)} L3s", expected=f"at most {MAX_DOMAINS}", at=("l3", "scope")))
    return faults
