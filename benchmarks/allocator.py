"""Allocator operations per second of host CPU time, one core; boot, streams and reports are not counted.

    python benchmarks/allocator.py [SCALE]

SCALE multiplies the operations (default 20 compiled, 0.5 plain). "events" are context switches per 1,000 operations.
"""

import sys
import tempfile
import time
from pathlib import Path

from simslab.base.build import running_build
from simslab.machine.library import load_machine
from simslab.workload.description.library import load_workload
from simslab.workload.run.runner import prepare

PAIRS = """
description: One CPU allocates and frees 256-byte objects at once
caches:
  pairs: {size: 256}
threads:
  - name: pairs
    cpus: "0"
    steps:
      - {pattern: alloc_free, cache: pairs, operations: 2000}
      - {pattern: barrier, begin_region: true}
      - {pattern: alloc_free, cache: pairs, operations: 100000}
"""


def throughput(machine, workload, scale, quantum):
    """Operations, process seconds and context switches of one run."""
    spec = load_workload(workload, [f"scale={scale}"])
    run = prepare(load_machine(machine), spec, quantum=quantum)
    start = time.process_time()
    run.execute()
    seconds = time.process_time() - start
    measurement = run.collector.measurement(run.threads, run.devices, run.trace)
    operations = sum(row.operations for row in measurement.attribution)
    return operations, seconds, run.system.machine.engine.switches


def main():
    compiled = running_build().kind == "compiled"
    scale = float(sys.argv[1]) if len(sys.argv) > 1 else (20 if compiled else 0.5)
    print(f"build: {running_build()}")
    with tempfile.TemporaryDirectory() as folder:
        pairs = Path(folder) / "pairs.yaml"
        pairs.write_text(PAIRS)
        for name, machine, workload, quantum in (
            ("1 CPU, warm pairs", "one-node", str(pairs), 10_000),
            ("4 CPUs, local, 500 live", "two-socket", "local-churn", 10_000),
            ("8 CPUs, 2 nodes, 20 % remote", "two-socket", "mixed-remote", 10_000),
            ("the same, quantum 0", "two-socket", "mixed-remote", 0),
            ("producer and consumer", "two-socket", "producer-consumer", 10_000),
        ):
            operations, seconds, switches = throughput(machine, workload, scale, quantum)
            print(
                f"{name:30s} {operations / seconds / 1e6:7.3f} M operations/s"
                f"  ({operations:,} operations, {1000 * switches / operations:.1f} events)"
            )


if __name__ == "__main__":
    main()
