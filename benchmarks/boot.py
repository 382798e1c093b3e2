"""Seconds of host CPU time and peak memory to boot a machine: its model, its kernel, the allocator's standing caches.

    python benchmarks/boot.py [MACHINE...]

By default two-socket, uv-2000 and generic-64, each in a process of its own.
"""

import multiprocessing
import resource
import sys
import time

from simslab.base.build import running_build
from simslab.machine.library import load_machine
from simslab.workload.description.kernel_options import KernelOptions
from simslab.workload.run.system import boot_system

QUANTUM = 10_000  # cycles; a boot has one CPU at work


def boot(name):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spec = load_machine(name)
    start = time.process_time()
    kernel = boot_system(spec, KernelOptions(), QUANTUM).kernel
    seconds = time.process_time() - start
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    shape = f"{kernel.nr_cpu_ids} CPUs, {kernel.nr_node_ids} nodes"
    print(f"{name:12s} {shape:22s} {seconds:6.3f} s {peak:7.0f} MiB", flush=True)


def main():
    print(f"build: {running_build()}", flush=True)
    for name in sys.argv[1:] or ("two-socket", "uv-2000", "generic-64"):
        child = multiprocessing.get_context("spawn").Process(target=boot, args=(name,))
        child.start()
        child.join()


if __name__ == "__main__":
    main()
