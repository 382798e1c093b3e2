"""Pointer chase by working-set size: the latency steps of L1, L2, L3 and DRAM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from simslab.instruments.measure.prober import LINE_SHIFT, PAGE, Prober, scattered

if TYPE_CHECKING:
    from simslab.machine.description.caches import CacheSpec
    from simslab.machine.spec import MachineSpec

ACCESSES: Final = 2048  # timed at each size
SMALLEST: Final = 4096  # bytes of a chase


@dataclass(frozen=True, slots=True)
class ChasePoint:
    """Mean latency of one load of a chase through `bytes` of memory."""

    bytes: int
    cycles: float
    ns: float


@dataclass(frozen=True, slots=True)
class LevelLatency:
    """Latency of a hit in one cache level."""

    level: str
    cycles: float
    ns: float


def chase(prober: Prober, cpu: int, size: int, accesses: int = ACCESSES) -> ChasePoint:
    """Chase through `size` bytes on the CPU's own node, each line once a round, after a round that is not timed.

    Every line comes back after all others, so a level that is too small never hits: the steps are sharp.
    """
    count = size >> LINE_SHIFT
    first = prober.fresh_lines(nearest_memory(prober, cpu), count)
    order = scattered(count)
    if size <= prober.cached:  # beyond the caches an untouched line is no farther than one that has been evicted
        for step in order:
            prober.read(cpu, first + step)
    timed = order * (accesses // count) if count < accesses else order[:accesses]
    cycles = sum(prober.read(cpu, first + step) for step in timed) / len(timed)
    return ChasePoint(size, cycles, prober.ns(cycles))


def nearest_memory(prober: Prober, cpu: int) -> int:
    """Return the nearest node with memory, as the kernel's numa_mem_id."""
    topology = prober.topology
    own = prober.place(cpu).node
    candidates = [node.id for node in topology.nodes if node.memory]
    return min(candidates, key=lambda node: (topology.node_distance(own, node), node))


def chase_curve(spec: MachineSpec, cpu: int = 0, largest: int | None = None) -> list[ChasePoint]:
    """Return the latency at every power of two from 4 KiB to `largest` bytes (default: four times the caches).

    The curve ends earlier where the nearest node's memory does; UserError where it has no room for the first point.
    """
    end = min(largest or _beyond_caches(spec), max(SMALLEST, _room(spec, cpu)))
    sizes = [1 << shift for shift in range(SMALLEST.bit_length() - 1, end.bit_length())]
    return [chase(Prober(spec), cpu, size) for size in sizes]


def memory_end(spec: MachineSpec, cpu: int = 0) -> int | None:
    """Return the bytes of the nearest node's memory where that ends the curve, None where it has room for all of it."""
    if _room(spec, cpu) >= 1 << _beyond_caches(spec).bit_length() - 1:
        return None
    prober = Prober(spec)
    return prober.topology.nodes[nearest_memory(prober, cpu)].memory


def _beyond_caches(spec: MachineSpec) -> int:
    return 4 * (spec.l3.size + spec.l2.size)


def _room(spec: MachineSpec, cpu: int) -> int:
    prober = Prober(spec)
    return prober.room(nearest_memory(prober, cpu))


def level_latencies(spec: MachineSpec, cpu: int = 0) -> list[LevelLatency]:
    """Return the latencies of L1, L2 and L3, each from a working set that it holds and the level above does not.

    A level as small as the one above it (a core complex without a private L2) is left out, and one for whose working
    set the nearest node has no memory.
    """
    found: list[LevelLatency] = []
    room = max(SMALLEST, _room(spec, cpu))
    levels: list[CacheSpec] = []
    for level in (spec.l1d, spec.l2, spec.l3):
        if levels and level.size <= levels[-1].size:
            continue
        working_set = _working_set(level, levels[-1] if levels else None)
        levels.append(level)
        if working_set is not None and working_set <= room:
            point = chase(Prober(spec), cpu, working_set)
            found.append(LevelLatency(f"L{len(levels)}", point.cycles, point.ns))
    return found


def _working_set(level: CacheSpec, above: CacheSpec | None) -> int | None:
    """Return bytes that a level holds and the smaller one above it does not.

    Every set of the level above must miss, so that it takes a line of each more than it has ways. A level that is
    hardly larger has no room for them: None.
    """
    if above is None:
        return max(SMALLEST, _power_below(level.size) // 2)
    least = above.size + above.size // above.ways
    working_set = min(1 << (2 * above.size).bit_length(), _power_below(level.size))
    if working_set >= least:
        return working_set
    return max(least, (above.size + level.size) // 2 & -PAGE) if least <= level.size else None


def _power_below(size: int) -> int:
    return 1 << size.bit_length() - 1
