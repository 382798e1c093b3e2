"""SLUB beside SLAB: warm pairs of 256 bytes on one CPU, and 8 CPUs on 2 nodes of whose frees a fifth are remote.

    python benchmarks/slub.py [--pairs N] [--scale X] [--only slab|slub] [--repeat N]

Simulated cycles, and operations per second of process time. The loop of pairs is in Python, at about 0.1 us a pair; an
operation costs the rest. Of the 8 CPUs (`mixed-remote` on `two-socket`) context switches per 1,000 operations are told,
too. With --repeat every case is run N times in turn and the medians are told.
"""

import argparse
import time
from functools import partial
from statistics import median

from simslab.base.build import running_build
from simslab.kernel.kernel import Kernel
from simslab.kernel.mm import gfp
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine
from simslab.slab.allocator import SlabAllocator
from simslab.slub import layout
from simslab.slub.allocator import SlubAllocator
from simslab.workload.description.library import load_workload
from simslab.workload.run.runner import prepare

MACHINES = ("one-node", "i7-4790k")
WARM_UP = 2000


def pairs(allocator, cpu, cache, count):
    """Allocate and free an object at once, `count` times."""
    for _ in range(count):
        allocator.kmem_cache_free(cpu, cache, allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL))


def measure(name, make, stride, count):
    """Cycles of a pair and operations per second."""
    allocator = make(Kernel(build_machine(load_machine(name)), page_stride=stride))
    allocator.boot(standing=False)
    cache = allocator.kmem_cache_create("pairs", 256)
    cpu = allocator.kernel.machine.cpus[0]
    pairs(allocator, cpu, cache, WARM_UP)
    before, start = cpu.now, time.process_time()
    pairs(allocator, cpu, cache, count)
    seconds = time.process_time() - start
    return (cpu.now - before) / count, 2 * count / seconds


def measure_mixed(allocator, scale):
    """Context switches per 1,000 operations and operations per second."""
    run = prepare(
        load_machine("two-socket"), load_workload("mixed-remote", [f"scale={scale}", f"kernel.allocator={allocator}"])
    )
    start = time.process_time()
    run.execute()
    seconds = time.process_time() - start
    rows = run.collector.measurement(run.threads, run.trace).attribution
    operations = sum(row.operations for row in rows)
    return 1000 * run.system.machine.engine.switches / operations, operations / seconds


def cases(count, scale, only):
    """(what is told, its unit, measurement) of every case."""
    for allocator, make, stride in (("slub", SlubAllocator, layout.PAGE_STRIDE), ("slab", SlabAllocator, 56)):
        if only in (None, allocator):
            for name in MACHINES:
                yield f"{allocator}, {name}, warm pairs", "cycles a pair", partial(measure, name, make, stride, count)
            yield f"{allocator}, 8 CPUs, 20 % remote", "switches", partial(measure_mixed, allocator, scale)


def main():
    compiled = running_build().kind == "compiled"
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=1_000_000 if compiled else 5_000)
    parser.add_argument("--scale", type=float, default=4 if compiled else 0.1)
    parser.add_argument("--only", choices=("slab", "slub"))
    parser.add_argument("--repeat", type=int, default=1)
    given = parser.parse_args()
    print(f"build: {running_build()}")
    samples = {}
    for _ in range(given.repeat):
        for name, unit, run in cases(given.pairs, given.scale, given.only):
            samples.setdefault((name, unit), []).append(run())
    for (name, unit), found in samples.items():
        rate = median(rate for _, rate in found)
        print(f"{name:32s} {found[0][0]:8.1f} {unit:14s} {rate / 1e6:6.2f} M operations/s")


if __name__ == "__main__":
    main()
