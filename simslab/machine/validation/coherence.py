"""Whether a memory that is read ahead answers after it was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simslab.base.errors import BadValue

if TYPE_CHECKING:
    from simslab.machine.description.whole import MachineDescription

Faults = list[BadValue]


def ahead_faults(spec: MachineDescription) -> Faults:
    """Return what is wrong with `memory_ahead`: latencies would be negative; beside a matrix it does not count."""
    hz = spec.core.frequency
    drams = [spec.dram, *(node.dram for node in spec.nodes if node.dram is not None)]
    fastest = min(dram.latency.cycles(hz) for dram in drams)
    most = spec.l3.latency.cycles(hz) + spec.coherence.directory.cycles(hz) + fastest
    if spec.idle_latency is not None or spec.coherence.memory_ahead.cycles(hz) <= most:
        return []
    message = f"memory that is read {spec.coherence.memory_ahead} ahead answers before it is asked"
    expected = f"at most L3, directory and memory together, {most} cycles"
    return [BadValue(message, expected=expected, at=("coherence", "memory_ahead"))]
