"""What the default quantum changes: every shipped workload at 10,000 cycles against quantum 0, the reference.

    python benchmarks/quantum.py [MACHINE] [SCALE] [slab | slub]

SLUB does without memory-bugs, which is for SLAB's debugging. Columns: latency percentiles of all operations (cycles),
lock wait per operation, remote frees, host seconds.
"""

import sys
import time

from simslab.machine.library import load_machine
from simslab.result.latency import merge_rows
from simslab.workload.description.library import load_workload, workload_names
from simslab.workload.run.runner import run_workload

QUANTA = (0, 10_000)


def figures(machine, workload, options, quantum, seed):
    """Percentiles and mean in cycles, lock wait per operation, share of frees that were remote, host seconds."""
    start = time.process_time()
    measured = run_workload(machine, load_workload(workload, options), quantum=quantum, seed=seed)
    seconds = time.process_time() - start
    latencies = merge_rows(measured.latency)
    total = latencies.count
    ranks = [latencies.percentile(share) for share in (50_000, 90_000, 99_000, 99_900)]
    wait = sum(lock.wait_total for lock in measured.locks) / total
    remote = sum(n.freed[j] for n in measured.nodes for j in range(len(n.freed)) if j != n.node)
    return [latencies.total / total, *ranks, wait, remote], seconds


def main():
    machine = load_machine(sys.argv[1] if len(sys.argv) > 1 else "two-socket")
    scale = float(sys.argv[2]) if len(sys.argv) > 2 else 1
    allocator = sys.argv[3] if len(sys.argv) > 3 else "slab"
    options = [f"scale={scale}", f"kernel.allocator={allocator}"]
    names = ("mean", "p50", "p90", "p99", "p99.9", "lock wait/op", "remote frees")
    print(f"{'workload':18s} quantum " + " ".join(f"{name:>12s}" for name in names) + "   host s")
    for workload in workload_names():
        if allocator == "slub" and workload == "memory-bugs":
            continue
        for quantum in QUANTA:
            row, seconds = figures(machine, workload, options, quantum, seed=1)
            print(f"{workload:18s} {quantum:7,d} " + " ".join(f"{value:12,.2f}" for value in row) + f" {seconds:8.2f}")


if __name__ == "__main__":
    main()
