"""Wall time, CPU time and peak memory of a large run: 1,024 CPUs, 64 nodes, 20 million operations, boot included.

    python benchmarks/large.py [OPERATIONS]

The workload is that of growth.py: lifetimes, a fifth of the objects freed on another node.
"""

import resource
import sys
import time

from growth import workload

from simslab.base.build import running_build
from simslab.machine.library import load_machine
from simslab.workload.run.runner import prepare

CPUS = 1024


def main():
    operations = int(float(sys.argv[1])) if len(sys.argv) > 1 else 20_000_000
    print(f"build: {running_build()}")
    wall, cpu = time.perf_counter(), time.process_time()
    run = prepare(load_machine("generic-64"), workload(CPUS, operations))
    boot = time.process_time() - cpu
    run.execute()
    made = run.collector.measurement(run.threads, run.trace).conservation
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    done = made["allocated"] + made["freed"]
    seconds = time.process_time() - cpu
    told = f"{seconds:.1f} s of CPU time ({boot:.1f} s until the first operation), {time.perf_counter() - wall:.1f} s"
    print(f"{done:,} operations: {told}, {peak:,.0f} MiB")


if __name__ == "__main__":
    main()
