"""Loops of the rows in which every CPU frees what it allocated: pair, nn, hist_nn, bulk, churn, burst.

Each returns nanoseconds by metric: the mean over the CPUs and the repeats after the warm-up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from simslab.instruments.validate.rig import LOOP_INSNS, Barrier, Pointers, Rig, arrays_of_pointers, let_in
from simslab.kernel.mm import gfp
from simslab.machine.accounting import causes

if TYPE_CHECKING:
    from simslab.allocator.cache import Cache
    from simslab.machine.core.cpu import Cpu

WARM: Final = 2  # repeats that are not counted, as on silicon
COUNTED: Final = 2
PAIRS: Final = 2000
CHURNS: Final = 4000
BURSTS: Final = 40
BULKS: Final = 200
# A multiplication and a division that wait for each other, for a random number: calibrated on the rows `churn`.
RANDOM_CYCLES: Final = 16
PERCENTILES: Final = {"p50": 500, "p90": 900, "p99": 990, "p999": 999}  # of a thousand
RANDOM: Final = (6364136223846793005, 1442695040888963407)  # Knuth's MMIX generator

Figures = dict[str, float]


@dataclass
class Tally:
    """Cycles and operations of the counted repeats, by metric."""

    sums: dict[str, list[float]] = field(default_factory=dict)

    def add(self, metric: str, cycles: int, operations: int) -> None:
        """Count one CPU's loop."""
        self.sums.setdefault(metric, []).append(cycles / operations)

    def ns(self, rig: Rig) -> Figures:
        """Return the means."""
        return {metric: rig.ns(sum(values) / len(values)) for metric, values in self.sums.items()}


def pair(rig: Rig, cache: Cache, cpus: int) -> Figures:
    """Allocate, free, in a loop."""
    tally, barrier = Tally(), Barrier(rig, cpus)

    def loop(cpu: Cpu) -> None:
        for repeat in range(WARM + COUNTED):
            barrier.meet(cpu)
            start = cpu.now
            for _ in range(PAIRS):
                let_in(cpu)
                cpu.insn(LOOP_INSNS)
                objp = rig.allocate(cpu, cache)
                rig.free(cpu, cache, objp)
            if repeat >= WARM:
                tally.add("op", cpu.now - start, PAIRS)

    rig.run((number, loop) for number in range(cpus))
    return tally.ns(rig)


def nn(rig: Rig, cache: Cache, cpus: int, n: int) -> Figures:
    """All at once: N allocations with a byte written; barrier; a byte written and freed, in the order of allocation."""
    tally, barrier, arrays = Tally(), Barrier(rig, cpus), arrays_of_pointers(rig, cpus, n)

    def loop(cpu: Cpu) -> None:
        pointers = arrays[cpu.id]
        for repeat in range(WARM + COUNTED):
            for metric, part in (("alloc", allocate_all), ("free", free_all)):
                barrier.meet(cpu)
                start = cpu.now
                part(rig, cpu, cache, pointers)
                if repeat >= WARM:
                    tally.add(metric, cpu.now - start, n)

    rig.run((number, loop) for number in range(cpus))
    return tally.ns(rig)


def hist_nn(rig: Rig, cache: Cache, cpus: int, n: int, operation: str, timer_ps: int) -> Figures:
    """`nn` with each allocation or each free timed by itself: percentiles and the mean over all CPUs and repeats.

    Reading the clock before and after takes `timer_ps`, which is in every figure.
    """
    times: list[int] = []
    barrier, arrays = Barrier(rig, cpus), arrays_of_pointers(rig, cpus, n)

    def loop(cpu: Cpu) -> None:
        pointers = arrays[cpu.id]
        for repeat in range(WARM + COUNTED):
            for metric, turn in (("alloc", allocate_one), ("free", free_one)):
                barrier.meet(cpu)
                timed = metric == operation and repeat >= WARM
                for number in range(n):
                    start = cpu.now
                    turn(rig, cpu, cache, pointers, number)
                    if timed:
                        times.append(cpu.now - start)

    rig.run((number, loop) for number in range(cpus))
    times.sort()
    figures = {name: times[len(times) * share // 1000] for name, share in PERCENTILES.items()}
    return {
        name: rig.ns(cycles) + timer_ps / 1e3 for name, cycles in {**figures, "mean": sum(times) / len(times)}.items()
    }


def allocate_all(rig: Rig, cpu: Cpu, cache: Cache, pointers: Pointers) -> None:
    """Allocate an object for every entry and write a byte of each."""
    for number in range(len(pointers.objects)):
        allocate_one(rig, cpu, cache, pointers, number)


def allocate_one(rig: Rig, cpu: Cpu, cache: Cache, pointers: Pointers, number: int) -> None:
    """One turn of it."""
    let_in(cpu)
    cpu.insn(LOOP_INSNS)
    objp = rig.allocate(cpu, cache)
    cpu.write(objp)
    pointers.store(cpu, number)
    pointers.objects[number] = objp


def free_all(rig: Rig, cpu: Cpu, cache: Cache, pointers: Pointers) -> None:
    """Write a byte of each object and free it, in order."""
    for number in range(len(pointers.objects)):
        free_one(rig, cpu, cache, pointers, number)


def free_one(rig: Rig, cpu: Cpu, cache: Cache, pointers: Pointers, number: int) -> None:
    """One turn of it."""
    let_in(cpu)
    cpu.insn(LOOP_INSNS)
    objp = pointers.objects[number]
    pointers.load(cpu, number)
    cpu.write(objp)
    rig.free(cpu, cache, objp)


def bulk(rig: Rig, cache: Cache, k: int) -> Figures:
    """Bulk allocate k, bulk free k; ns per object."""
    tally = Tally()

    def loop(cpu: Cpu) -> None:
        for repeat in range(WARM + COUNTED):
            start = cpu.now
            for _ in range(BULKS):
                let_in(cpu)
                cpu.insn(LOOP_INSNS)
                objects = rig.allocator.kmem_cache_alloc_bulk(cpu, cache, gfp.GFP_KERNEL, k)
                rig.allocator.kmem_cache_free_bulk(cpu, cache, objects)
            if repeat >= WARM:
                tally.add("op", cpu.now - start, BULKS * k)

    rig.run([(0, loop)])
    return tally.ns(rig)


def chooser(seed: int, below: int) -> Callable[[], int]:
    """Return a source of numbers from 0 to `below` - 1 that look random and are always the same."""
    state = seed

    def draw() -> int:
        nonlocal state
        state = (state * RANDOM[0] + RANDOM[1]) & (1 << 64) - 1
        return (state >> 33) % below

    return draw


def churn(rig: Rig, cache: Cache, cpus: int, live: int) -> Figures:
    """`live` objects; a random one is freed and a new one allocated in its place, one byte written."""
    tally, barrier, arrays = Tally(), Barrier(rig, cpus), arrays_of_pointers(rig, cpus, live)

    def loop(cpu: Cpu) -> None:
        pointers, draw = arrays[cpu.id], chooser(cpu.id + 1, live)
        allocate_all(rig, cpu, cache, pointers)
        for repeat in range(WARM + COUNTED):
            barrier.meet(cpu)
            start = cpu.now
            for _ in range(CHURNS):
                let_in(cpu)
                cpu.insn(2 * LOOP_INSNS)
                cpu.charge(causes.WORK, RANDOM_CYCLES)
                number = draw()
                cpu.read(pointers.addr + 8 * number)
                rig.free(cpu, cache, pointers.objects[number])
                objp = rig.allocate(cpu, cache)
                cpu.write(objp)
                cpu.write(pointers.addr + 8 * number)
                pointers.objects[number] = objp
            if repeat >= WARM:
                tally.add("op", cpu.now - start, CHURNS)

    rig.run((number, loop) for number in range(cpus))
    return tally.ns(rig)


def burst(rig: Rig, cache: Cache, cpus: int, k: int) -> Figures:
    """k allocations, then k frees in the same order, again and again, all CPUs at once."""
    tally, barrier, arrays = Tally(), Barrier(rig, cpus), arrays_of_pointers(rig, cpus, k)

    def loop(cpu: Cpu) -> None:
        pointers = arrays[cpu.id]
        for repeat in range(WARM + COUNTED):
            barrier.meet(cpu)
            spent = [0, 0]
            for _ in range(BURSTS):
                for phase, part in enumerate((allocate_all, free_all)):
                    start = cpu.now
                    part(rig, cpu, cache, pointers)
                    spent[phase] += cpu.now - start
            if repeat >= WARM:
                tally.add("alloc", spent[0], BURSTS * k)
                tally.add("free", spent[1], BURSTS * k)

    rig.run((number, loop) for number in range(cpus))
    return tally.ns(rig)
