"""Whether the nodes of a machine exist where they say, and have every CPU once between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from simslab.base.errors import BadValue
from simslab.machine.description.cpulist import format_cpulist
from simslab.machine.topology.node_plan import NodePlan, plan_nodes
from simslab.machine.topology.numbering import nr_cpus, seats
from simslab.machine.validation.limits import MAX_MEMORY, MAX_NODES

if TYPE_CHECKING:
    from simslab.machine.description.nodes import NodeSpec
    from simslab.machine.description.whole import MachineDescription

Faults = list[BadValue]


def entry_faults(spec: MachineDescription) -> Faults:
    """Return what is wrong with the entries of `nodes`, each by itself and in their order."""
    faults = [fault for index, node in enumerate(spec.nodes) for fault in _node_entry(spec, index, node)]
    if faults:
        return faults
    plans = plan_nodes(spec, seats(spec.layout))
    return [*_node_numbers(plans), *_root_ports(plans)]


def _node_entry(spec: MachineDescription, index: int, node: NodeSpec) -> Faults:
    at = ("nodes", index)
    ways = [name for name in ("each", "package", "cpus", "root_port") if getattr(node, name) is not None]
    if len(ways) != 1:
        said = " and ".join(f"'{way}'" for way in ways) or "none of these"
        expected = "one of 'each', 'package', 'cpus' or (memory only) 'root_port'"
        return [BadValue(f"node has {said}", expected=expected, at=at)]
    if node.cpus == () and node.memory == 0:
        return [BadValue("a node without CPUs and memory", expected="CPU numbers, or memory", at=(*at, "cpus"))]
    if node.die is not None and node.package is None:
        return [BadValue("'die' needs 'package'", at=(*at, "die"))]
    if node.root_port is not None and node.memory == 0:
        return [BadValue("a memory-only node without memory", expected="more than 0 bytes", at=(*at, "memory"))]
    return _positions(spec, node, at) or _references(spec, node, at)


def _positions(spec: MachineDescription, node: NodeSpec, at: tuple[str | int, ...]) -> Faults:
    key, other = ("position", "positions") if node.each is None else ("positions", "position")
    if getattr(node, other) is not None:
        return [BadValue(f"'{other}' cannot stand here", expected=f"'{key}'", at=(*at, other))]
    if getattr(node, key) is not None and spec.mesh is None:
        return [BadValue(f"'{key}' needs the machine's 'mesh'", at=(*at, key))]
    return []


def _references(spec: MachineDescription, node: NodeSpec, at: tuple[str | int, ...]) -> Faults:
    """Check that packages, dies and CPUs which a node names exist."""
    layout = spec.layout
    used: list[tuple[tuple[str | int, ...], str, int, int]] = []
    if node.package is not None:
        used.append(((*at, "package"), "package", node.package, layout.packages))
    if node.die is not None:
        used.append(((*at, "die"), "die", node.die, layout.dies))
    if node.root_port is not None and node.root_port.package is not None:
        used.append(((*at, "root_port", "package"), "package", node.root_port.package, layout.packages))
    used += [((*at, "cpus"), "CPU", cpu, nr_cpus(layout)) for cpu in node.cpus or ()]
    return [
        BadValue(f"there is no {kind} {number}", expected=f"0 to {count - 1}", at=place)
        for place, kind, number, count in used
        if number >= count
    ][:1]


def _node_numbers(plans: Sequence[NodePlan]) -> Faults:
    return [
        BadValue(
            f"node {plan.number} comes after node {before.number}",
            expected="rising numbers",
            at=("nodes", plan.entry, "id"),
        )
        for before, plan in pairwise(plans)
        if plan.number <= before.number
    ]


def _root_ports(plans: Sequence[NodePlan]) -> Faults:
    faults: Faults = []
    points = {plan.number for plan in plans if not plan.behind_port}
    for plan, port in ((plan, plan.port) for plan in plans if plan.port is not None):
        at = ("nodes", plan.entry, "root_port")
        if (port.package is None) == (port.node is None):
            faults.append(BadValue("where the port is, is not clear", expected="'package' or 'node'", at=at))
        elif port.node is not None and port.node not in points:
            message = f"there is no node {port.node} that could have a root port"
            faults.append(BadValue(message, expected=format_cpulist(points), at=(*at, "node")))
    return faults


def membership_faults(spec: MachineDescription, plans: Sequence[NodePlan]) -> Faults:
    """Return what is wrong with the nodes together: every CPU is in one of them, and the memory is not too much."""
    if len(plans) > MAX_NODES:
        return [BadValue(f"{len(plans)} nodes", expected=f"at most {MAX_NODES}", at=("nodes",))]
    total = sum(plan.memory for plan in plans)
    if total > MAX_MEMORY:
        expected = f"at most {MAX_MEMORY >> 40} TiB"
        return [BadValue(f"{total} bytes of memory in all nodes", expected=expected, at=("nodes",))]
    faults: Faults = []
    owner: dict[int, int] = {}
    for plan in plans:
        twice = sorted(cpu for cpu, times in Counter(plan.cpus).items() if times > 1)
        taken = sorted(cpu for cpu in set(plan.cpus) if cpu in owner)
        at = _cpus_at(spec, plan)
        if twice:
            faults.append(BadValue(f"CPU {format_cpulist(twice)} is listed twice", at=at))
        if taken:
            message = f"CPU {format_cpulist(taken)} is in node {plans[owner[taken[0]]].number} already"
            faults.append(BadValue(message, expected="each CPU in one node", at=at))
        owner.update({cpu: plan.id for cpu in plan.cpus if cpu not in owner})
    missing = set(range(nr_cpus(spec.layout))) - owner.keys()
    if missing and not faults:
        faults.append(
            BadValue(f"CPU {format_cpulist(missing)} is in no node", expected="each CPU in one node", at=("nodes",))
        )
    return faults


def _cpus_at(spec: MachineDescription, plan: NodePlan) -> tuple[str | int, ...]:
    node = spec.nodes[plan.entry]
    field = next((name for name in ("cpus", "each", "die", "package") if getattr(node, name) is not None), "")
    return ("nodes", plan.entry, field) if field else ("nodes", plan.entry)
