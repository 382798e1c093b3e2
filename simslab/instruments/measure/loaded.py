"""Loaded latency: one core chases while all others load the memory more and more (Intel MLC's inject-delay sweep)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from simslab.instruments.measure.bandwidth import TIMED_NS, WARM_NS, first_threads
from simslab.instruments.measure.chase import nearest_memory
from simslab.instruments.measure.idle import ROW_LINES
from simslab.instruments.measure.prober import Prober
from simslab.instruments.measure.streams import Stream, run_streams

if TYPE_CHECKING:
    from simslab.machine.spec import MachineSpec

DELAYS: Final = (0, 2, 8, 15, 50, 100, 200, 300, 400, 500, 700, 1000, 1300, 1700, 2500, 3500, 5000, 9000, 20000)
BURST: Final = 4  # lines between two delays
LOOP: Final = 80  # cycles of the loop around a burst; measured curves show 80 to 100


@dataclass(frozen=True, slots=True)
class LoadPoint:
    """Latency at one inject delay; the bandwidth includes the chase's own."""

    delay: int
    ns: float
    gb_per_second: float


def loaded_latency(spec: MachineSpec, delay: int, sequential: bool = False) -> LoadPoint:
    """Return the point at which every core but the first waits `delay` cycles after each burst of local reads.

    The first core's chase is sequential or opens a DRAM row with every load.
    """
    prober = Prober(spec)
    topology = prober.topology
    timing = prober.machine.timing
    cores = first_threads(topology, range(len(topology.cpus)))
    streams = [Stream(cores[0], nearest_memory(prober, cores[0]), 1, step=1 if sequential else ROW_LINES)]
    pause = delay + LOOP if delay >= 50 else delay
    for cpu in cores[1:]:
        streams.append(Stream(cpu, nearest_memory(prober, cpu), timing.core.outstanding, burst=BURST, delay=pause))
    scale = 1 + min(delay, 5000) // 1000  # rare injections need longer to show their mean
    flow = run_streams(prober, streams, prober.cycles(WARM_NS), prober.cycles(TIMED_NS * scale))
    return LoadPoint(delay, prober.ns(flow.latencies[0]), flow.bytes_per_second / 1e9)


def loaded_curve(spec: MachineSpec, delays: Sequence[int] = DELAYS, sequential: bool = False) -> list[LoadPoint]:
    """Return the sweep, highest load first."""
    return [loaded_latency(spec, delay, sequential) for delay in delays]


def knee(points: Sequence[tuple[float, float]]) -> float:
    """Return the bandwidth at which a curve of (GB/s, ns) first reaches 1.5 times its lowest latency."""
    ordered = sorted(points)
    limit = 1.5 * min(ns for _, ns in ordered)
    for (low, below), (high, above) in pairwise(ordered):
        if above >= limit:
            return high if above == below else low + (high - low) * max(0.0, limit - below) / (above - below)
    return ordered[-1][0]


def latency_at(points: Sequence[tuple[float, float]], bandwidth: float) -> float:
    """Return a curve's latency at `bandwidth`, interpolated; beyond its ends that of the end."""
    ordered = sorted(points)
    for (low, below), (high, above) in pairwise(ordered):
        if bandwidth <= high:
            share = (bandwidth - low) / (high - low) if high > low else 1.0
            return below + (above - below) * min(1.0, max(0.0, share))
    return ordered[-1][1]
