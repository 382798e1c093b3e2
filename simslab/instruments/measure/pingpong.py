"""Core-to-core latency: two CPUs hand one line to and fro with compare-and-swap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simslab.instruments.measure.chase import nearest_memory
from simslab.instruments.measure.prober import Prober
from simslab.instruments.measure.transfer import RELATIONS, partner

if TYPE_CHECKING:
    from simslab.machine.spec import MachineSpec

ROUNDS: Final = 16


def ping_pong(prober: Prober, a: int, b: int) -> float:
    """Return half the round trip in cycles; the line's home is the first CPU's node.

    Each swap is blind, so that the line moves once for each: read for ownership, no load before it. Both sides spin:
    the request of the one is under way while the other still swaps. So the locked operation counts only where it takes
    longer than the line's way, as between threads of a core.
    """
    line = prober.fresh_lines(nearest_memory(prober, a), 1)
    swap = prober.machine.timing.kernel.atomic
    prober.atomic(a, line)
    total = sum(max(prober.atomic(cpu, line) - swap, swap) for _ in range(ROUNDS) for cpu in (b, a))
    return total / (2 * ROUNDS)


def ping_pong_by_relation(spec: MachineSpec, cpu: int = 0) -> dict[str, float]:
    """Return ns for one CPU in each relation to `cpu`."""
    prober = Prober(spec)
    pairs = ((wanted, partner(prober.topology, cpu, wanted)) for wanted in RELATIONS)
    return {wanted: prober.ns(ping_pong(prober, cpu, other)) for wanted, other in pairs if other is not None}


def ping_pong_matrix(spec: MachineSpec) -> list[list[float | None]]:
    """Return ns for every pair of CPUs; None on the diagonal."""
    prober = Prober(spec)
    cpus = range(len(prober.topology.cpus))
    return [[prober.ns(ping_pong(prober, a, b)) if a != b else None for b in cpus] for a in cpus]
