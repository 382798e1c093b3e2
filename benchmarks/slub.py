"""Warm pairs of 256 bytes on one CPU, SLUB beside SLAB: simulated cycles, and operations per second of host time.

    python benchmarks/slub.py [PAIRS]

The loop is in Python, at about 0.1 us a pair; an operation costs the rest.
"""

import sys
import time

from simslab.base.build import running_build
from simslab.kernel.kernel import Kernel
from simslab.kernel.mm import gfp
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine
from simslab.slab.allocator import SlabAllocator
from simslab.slub import layout
from simslab.slub.allocator import SlubAllocator

MACHINES = ("one-node", "i7-4790k")
WARM_UP = 2000


def pairs(allocator, cpu, cache, count):
    """Allocate and free an object at once, `count` times."""
    for _ in range(count):
        allocator.kmem_cache_free(cpu, cache, allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL))


def measure(name, make, stride, count):
    """Print one row."""
    allocator = make(Kernel(build_machine(load_machine(name)), page_stride=stride))
    allocator.boot(standing=False)
    cache = allocator.kmem_cache_create("pairs", 256)
    cpu = allocator.kernel.machine.cpus[0]
    pairs(allocator, cpu, cache, WARM_UP)
    before, start = cpu.now, time.process_time()
    pairs(allocator, cpu, cache, count)
    seconds = time.process_time() - start
    cycles = (cpu.now - before) / count
    print(
        f"{name:10s} {make.__name__:14s} {cycles:6.1f} cycles a pair  {2 * count / seconds / 1e6:6.2f} M operations/s"
    )


def main():
    compiled = running_build().kind == "compiled"
    count = int(sys.argv[1]) if len(sys.argv) > 1 else (1_000_000 if compiled else 5_000)
    print(f"build: {running_build()}")
    for name in MACHINES:
        measure(name, SlubAllocator, layout.PAGE_STRIDE, count)
        measure(name, SlabAllocator, 56, count)


if __name__ == "__main__":
    main()
