"""What no single field can show: whether the parts of a machine file fit together.

Each check returns its faults with the place in the document, so that all mistakes of a file are told at once. Checks
that would only repeat an earlier fault are skipped: links are looked at once the nodes are sound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simslab.base.errors import BadValue, BadValues
from simslab.machine.topology.node_plan import plan_nodes
from simslab.machine.topology.numbering import seats
from simslab.machine.validation.coherence import ahead_faults
from simslab.machine.validation.curves import curve_faults
from simslab.machine.validation.distances import distance_faults
from simslab.machine.validation.idle_latency import idle_faults
from simslab.machine.validation.layout import layout_faults
from simslab.machine.validation.links import link_faults
from simslab.machine.validation.nodes import entry_faults, membership_faults
from simslab.machine.validation.parts import part_faults

if TYPE_CHECKING:
    from simslab.machine.description.whole import MachineDescription

Faults = list[BadValue]


def refuse_faults(spec: MachineDescription) -> None:
    """Raise BadValues if the machine cannot exist."""
    faults = faults_of(spec)
    if faults:
        raise BadValues(faults)


def faults_of(spec: MachineDescription) -> Faults:
    """Return everything wrong with a machine whose fields are each sound."""
    faults = [*layout_faults(spec.layout), *part_faults(spec), *curve_faults(spec), *ahead_faults(spec)]
    if any(fault.at[0] == "layout" for fault in faults):
        return faults
    bad_entries = entry_faults(spec)
    plans = plan_nodes(spec, seats(spec.layout))
    bad_nodes = bad_entries or membership_faults(spec, plans)
    if bad_nodes:
        return [*faults, *bad_nodes]
    return [*faults, *link_faults(spec, plans), *distance_faults(spec, plans), *idle_faults(spec, plans)]
