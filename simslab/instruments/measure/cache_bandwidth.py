"""What caches deliver: cores that read working sets held by one level, with all their misses in flight."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final

from simslab.instruments.measure.chase import nearest_memory
from simslab.instruments.measure.prober import LINE_SHIFT, PAUSE, Prober

if TYPE_CHECKING:
    from collections.abc import Sequence

READS: Final = 2048  # lines that each core reads in the measured time


def cache_bandwidth(prober: Prober, cpus: Sequence[int], size: int) -> float:
    """Return the bytes/s that `cpus` read together, each around `size` bytes of its own, after one round untimed."""
    count = size >> LINE_SHIFT
    firsts = [prober.fresh_lines(nearest_memory(prober, cpu), count) for cpu in cpus]
    for cpu, first in zip(cpus, firsts, strict=True):
        for line in range(count):
            prober.read(cpu, first + line)
    start = prober.now + PAUSE
    places = prober.machine.timing.core.outstanding
    flights = [[start] * places for _ in cpus]
    issued = [0] * len(cpus)
    heap = [(start, index) for index in range(len(cpus))]
    end = start
    while heap:
        now, index = heapq.heappop(heap)
        line = firsts[index] + issued[index] % count
        latency = prober.machine.memory.access(prober.place(cpus[index]).core, line, 0, now)
        latency = latency or prober.machine.timing.caches.l1.latency
        heapq.heapreplace(flights[index], now + latency)
        end = max(end, now + latency)
        issued[index] += 1
        if issued[index] < READS:
            heapq.heappush(heap, (max(now, flights[index][0]), index))
    prober.now = end
    return READS * len(cpus) * 64 * prober.machine.frequency_hz / (end - start)
