"""Allocator operations per second of host CPU time, one core; boot, streams and reports are not counted.

    python benchmarks/allocator.py [SCALE] [--repeat N] [--json FILE]

SCALE multiplies the operations (default 20 compiled, 0.5 plain). "events" are context switches per 1,000 operations.
With --repeat each case is run N times, the cases in turn, and its median told. --json writes every sample with the
yardstick timed just before it (`yardsticks.py`), and the counts that no host changes, for `compare.py`.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from statistics import median

from yardsticks import YARDSTICKS

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


CASES = (
    ("1 CPU, warm pairs", "one-node", None, 10_000),
    ("4 CPUs, local, 500 live", "two-socket", "local-churn", 10_000),
    ("8 CPUs, 2 nodes, 20 % remote", "two-socket", "mixed-remote", 10_000),
    ("the same, quantum 0", "two-socket", "mixed-remote", 0),
    ("producer and consumer", "two-socket", "producer-consumer", 10_000),
)


def measured(machine, workload, scale, quantum):
    """Process seconds of one run, and its counts: they depend on the inputs alone, not on host or build."""
    spec = load_workload(workload, [f"scale={scale}"])
    run = prepare(load_machine(machine), spec, quantum=quantum)
    start = time.process_time()
    run.execute()
    seconds = time.process_time() - start
    rows = run.collector.measurement(run.threads, run.trace).attribution
    engine = run.system.machine.engine
    return seconds, {
        "operations": sum(row.operations for row in rows),
        "cycles": max(thread.ended for thread in run.threads),
        "switches": engine.switches,
        "settles": engine.settles,
    }


def one_round(scale, folder):
    """Case -> (sample, counts) of each case run once."""
    pairs = Path(folder) / "pairs.yaml"
    pairs.write_text(PAIRS)
    found = {}
    for name, machine, workload, quantum in CASES:
        beside = {yardstick: timed() for yardstick, timed in YARDSTICKS.items()}
        seconds, counts = measured(machine, workload or str(pairs), scale, quantum)
        found[name] = ({"rate": counts["operations"] / seconds, **beside}, counts)
    return found


def main():
    compiled = running_build().kind == "compiled"
    parser = argparse.ArgumentParser()
    parser.add_argument("scale", nargs="?", type=float, default=20 if compiled else 0.5)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    print(f"build: {running_build()}")
    with tempfile.TemporaryDirectory() as folder:
        rounds = [one_round(given.scale, folder) for _ in range(given.repeat)]
    cases = {name: [found[name][0] for found in rounds] for name in rounds[0]}
    counts = {name: counts for name, (_, counts) in rounds[0].items()}
    for name, samples in cases.items():
        rate, operations = median(one["rate"] for one in samples), counts[name]["operations"]
        events = 1000 * counts[name]["switches"] / operations
        print(f"{name:30s} {rate / 1e6:7.3f} M operations/s  ({operations:,} operations, {events:.1f} events)")
    if given.json is not None:
        document = {"build": str(running_build()), "scale": given.scale, "cases": cases, "counts": counts}
        given.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
