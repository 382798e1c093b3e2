"""Idle memory latency, node by node: one CPU, dependent loads, nothing cached, no prefetch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simslab.instruments.measure.prober import Prober, scattered

if TYPE_CHECKING:
    from simslab.machine.spec import MachineSpec

LOADS: Final = 128  # timed per pair
ROW_LINES: Final = 256  # between two loads of a random chase: never the same DRAM row


def idle_latency(prober: Prober, cpu: int, node: int, sequential: bool = False) -> float:
    """Return the mean latency in cycles of a chase through untouched memory of `node`.

    Sequential: line by line, so that most loads find their DRAM row open. Otherwise every load opens one.
    """
    stride = 1 if sequential else ROW_LINES
    first = prober.fresh_lines(node, LOADS * stride)
    order = range(LOADS) if sequential else scattered(LOADS)
    return sum(prober.read(cpu, first + step * stride) for step in order) / LOADS


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
