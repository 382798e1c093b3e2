"""The memory of each node in cycles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from simslab.machine.timing.curve import curve_delays, served_by_curve
from simslab.machine.timing.integers import Integers, integers
from simslab.machine.topology.node_plan import node_entries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simslab.machine.description.memory import DramSpec
    from simslab.machine.description.nodes import RootPortSpec
    from simslab.machine.description.whole import MachineDescription
    from simslab.machine.topology.topology import Topology


@dataclass(frozen=True)
class NodeMemory:
    """What the memory of every node takes.

    `nodes[node]` has the parameters of `DramSpec` (a line's time with all channels busy; latency and lines' times are 0
    without memory) and `port`, the round trip of its root port. `curves[node]` is the delay by use that replaces the
    queue model, in 1024 steps, or empty; no rows at all where no node has one.
    """

    nodes: tuple[Integers, ...]
    curves: tuple[tuple[int, ...], ...] = ()

    def each(self, name: str) -> tuple[int, ...]:
        """Return one integer of every node."""
        return tuple(getattr(node, name) for node in self.nodes)

    def measured(self, latencies: Sequence[int]) -> NodeMemory:
        """Return the same with measured latencies, which have row misses and root ports in them."""
        pairs = zip(self.nodes, latencies, strict=True)
        return replace(self, nodes=tuple(node.replaced(latency=cycles, row_miss=0, port=0) for node, cycles in pairs))


def build_memory(spec: MachineDescription, topology: Topology) -> NodeMemory:
    """Return the memory of all nodes of a machine."""
    hz = spec.core.frequency
    entries = node_entries(spec)
    drams = [entry.dram or spec.dram for entry in entries]
    owns = [node.memory > 0 for node in topology.nodes]
    nodes = [_node(dram, entry.root_port, own, hz) for dram, entry, own in zip(drams, entries, owns, strict=True)]
    curves = [curve_delays(dram.queue, hz) if own else () for dram, own in zip(drams, owns, strict=True)]
    if not any(curves):
        return NodeMemory(tuple(nodes))
    served = [
        served_by_curve(node, dram.queue, hz) if dram.queue is not None and curve else node
        for node, dram, curve in zip(nodes, drams, curves, strict=True)
    ]
    return NodeMemory(tuple(served), tuple(curves))


def _node(dram: DramSpec, port: RootPortSpec | None, has_memory: bool, hz: int) -> Integers:
    node = integers(dram, hz).replaced(port=0 if port is None else port.latency.cycles(hz))
    if has_memory:
        return node
    return node.replaced(latency=0, line_q10=0, write_line_q10=0, stream_write_line_q10=0)
