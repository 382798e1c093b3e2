"""The nodes of a machine file made explicit: `each` expanded, and the CPUs of every node found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simslab.machine.numbering import Seat

if TYPE_CHECKING:
    from simslab.machine.spec import DramSpec, MachineSpec, NodeSpec


@dataclass(frozen=True, slots=True)
class NodePlan:
    """A node before the topology exists; `entry` is the index in the file's `nodes` that it came from."""

    id: int
    entry: int
    cpus: tuple[int, ...]
    memory: int  # bytes
    dram: DramSpec
    root_port: int  # package of the root port of a memory-only node, -1 for other nodes


def plan_nodes(spec: MachineSpec, seats: Sequence[Seat]) -> list[NodePlan]:
    """Return the machine's nodes in order; references into the layout need not be valid yet."""
    found = [(entry, node, cpus) for entry, node in enumerate(spec.nodes) for cpus in _members(spec, node, seats)]
    return [
        NodePlan(
            id=number,
            entry=entry,
            cpus=cpus,
            memory=node.memory,
            dram=node.dram or spec.dram,
            root_port=-1 if node.root_port is None else node.root_port.package,
        )
        for number, (entry, node, cpus) in enumerate(found)
    ]


def _members(spec: MachineSpec, node: NodeSpec, seats: Sequence[Seat]) -> Iterator[tuple[int, ...]]:
    """Yield the CPUs of each node that `node` stands for."""
    layout = spec.layout
    if node.each == "package":
        for package in range(layout.packages):
            yield tuple(seat.cpu for seat in seats if seat.package == package)
    elif node.each == "die":
        for die in range(layout.packages * layout.dies):
            yield tuple(seat.cpu for seat in seats if seat.die == die)
    elif node.cpus is not None:
        yield node.cpus
    elif node.package is not None and node.die is not None:
        wanted = node.package * layout.dies + node.die
        yield tuple(seat.cpu for seat in seats if seat.die == wanted)
    elif node.package is not None:
        yield tuple(seat.cpu for seat in seats if seat.package == node.package)
    else:
        yield ()
