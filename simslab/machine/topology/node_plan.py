"""The nodes of a machine file made explicit: `each` expanded, and the CPUs of every node found.

Nodes are numbered without gaps in the order of the file. Where the file gives them other numbers (`id`), it also uses
those wherever it refers to a node; `node_index` leads from them to ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simslab.machine.topology.numbering import Seat, seats

if TYPE_CHECKING:
    from simslab.machine.description.memory import DramSpec
    from simslab.machine.description.nodes import NodeSpec, RootPortSpec
    from simslab.machine.description.whole import MachineDescription


@dataclass(frozen=True, slots=True)
class NodePlan:
    """A node before the topology exists; `entry` is the index in the file's `nodes` that it came from."""

    id: int
    number: int  # in the file
    entry: int
    cpus: tuple[int, ...]
    memory: int  # bytes
    dram: DramSpec
    packages: tuple[int, ...]  # where its CPUs are
    position: tuple[int, int] | None
    port: RootPortSpec | None  # that its memory is behind

    @property
    def behind_port(self) -> bool:
        """Whether it is memory behind a root port."""
        return self.port is not None


def plan_nodes(spec: MachineDescription, places: Sequence[Seat]) -> list[NodePlan]:
    """Return the machine's nodes in order; references need not be valid yet."""
    package_of = {seat.cpu: seat.package for seat in places}
    plans: list[NodePlan] = []
    for entry, node in enumerate(spec.nodes):
        for index, cpus in enumerate(_members(spec, node, places)):
            following = plans[-1].number + 1 if plans else 0
            plans.append(
                NodePlan(
                    id=len(plans),
                    number=node.id if index == 0 and node.id is not None else following,
                    entry=entry,
                    cpus=cpus,
                    memory=node.memory,
                    dram=node.dram or spec.dram,
                    packages=tuple(sorted({package_of[cpu] for cpu in cpus if cpu in package_of})),
                    position=_position(node, index),
                    port=node.root_port,
                )
            )
    return plans


def node_entries(spec: MachineDescription) -> list[NodeSpec]:
    """Return for each node the entry of the file that describes it."""
    return [spec.nodes[plan.entry] for plan in plan_nodes(spec, seats(spec.layout))]


def node_index(plans: Sequence[NodePlan]) -> dict[int, int]:
    """Return our number of each node by the file's."""
    return {plan.number: plan.id for plan in plans}


def _position(node: NodeSpec, index: int) -> tuple[int, int] | None:
    if node.positions is not None:
        x, y = node.positions[index % len(node.positions)]
        return x, y
    return None if node.position is None else (node.position[0], node.position[1])


def _members(spec: MachineDescription, node: NodeSpec, places: Sequence[Seat]) -> Iterator[tuple[int, ...]]:
    """Yield the CPUs of each node that `node` stands for."""
    layout = spec.layout
    if node.each is not None:
        count = {"package": 1, "die": layout.dies, "ccx": layout.dies * layout.ccxs}[node.each]
        for number in range(layout.packages * count):
            yield tuple(seat.cpu for seat in places if getattr(seat, node.each) == number)
    elif node.cpus is not None:
        yield node.cpus
    elif node.package is not None and node.die is not None:
        wanted = node.package * layout.dies + node.die
        yield tuple(seat.cpu for seat in places if seat.die == wanted)
    elif node.package is not None:
        yield tuple(seat.cpu for seat in places if seat.package == node.package)
    else:
        yield ()
