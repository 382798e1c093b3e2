"""Seconds of host CPU time to boot a machine: its model and kernel, then the slab allocator with all standing caches.

    python benchmarks/boot.py [MACHINE...]

By default two-socket, uv-2000 and generic-64.
"""

import sys
import time

from simslab.base.build import running_build
from simslab.kernel.kernel import Kernel
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine
from simslab.slab.allocator import SlabAllocator


def main():
    print(f"build: {running_build()}")
    for name in sys.argv[1:] or ("two-socket", "uv-2000", "generic-64"):
        start = time.process_time()
        kernel = Kernel(build_machine(load_machine(name)))
        middle = time.process_time()
        SlabAllocator(kernel).boot()
        end = time.process_time()
        shape = f"{kernel.nr_cpu_ids} CPUs, {kernel.nr_node_ids} nodes"
        print(f"{name:12s} {shape:22s} machine {middle - start:5.1f} s  allocator {end - middle:5.1f} s")


if __name__ == "__main__":
    main()
