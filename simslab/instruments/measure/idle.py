"""Idle memory latency, node by node: one CPU, dependent loads, nothing cached, no prefetch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simslab.instruments.measure.prober import LINE_SHIFT, Prober, scattered

if TYPE_CHECKING:
    from simslab.machine.spec import MachineSpec

LOADS: Final = 128  # timed per pair, fewer on a node whose memory has no room for them
ROW_LINES: Final = 256  # between two loads of a random chase: never the same DRAM row


def idle_latency(prober: Prober, cpu: int, node: int, sequential: bool = False) -> float:
    """Return the mean latency in cycles of a chase through untouched memory of `node`.

    Sequential: line by line, so that most loads find their DRAM row open. Otherwise every load opens one.
    """
    stride = 1 if sequential else ROW_LINES
    loads = max(1, min(LOADS, (prober.room(node) >> LINE_SHIFT) // stride))
    first = prober.fresh_lines(node, loads * stride)
    order = range(loads) if sequential else scattered(loads)
    return sum(prober.read(cpu, first + step * stride) for step in order) / loads


def idle_matrix(spec: MachineSpec, sequential: bool = False) -> list[list[float | None]]:
    """Return ns by node of the CPU and node of the memory; None where there is no CPU or no memory."""
    prober = Prober(spec)
    return [
        [
            prober.ns(idle_latency(prober, node.cpus[0], other.id, sequential)) if node.cpus and other.memory else None
            for other in prober.topology.nodes
        ]
        for node in prober.topology.nodes
    ]
