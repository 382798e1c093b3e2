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

# mixed-remote, on 64 CPUs.
MIXED = """
description: 64 CPUs on 8 nodes; one object in five is freed on another node
caches:
  mixed: {size: 256, flags: [HWCACHE_ALIGN]}
threads:
  - name: workers
    cpus: spread 64
    steps:
      - {pattern: barrier, begin_region: true}
      - pattern: lifetimes
        cache: mixed
        objects: 1250
        lifetime: {exponential: 200}
        remote: 0.2
        remote_to: other_node
        touch: 64
        think: 400 cycles
"""

CONTENDED = """
description: Eight CPUs of a node, one cache, every second allocation or free takes the node's lock
caches:
  contended: {size: 256}
tunables:
  contended: {limit: 2, batchcount: 1, shared: 0}
threads:
  - name: workers
    cpus: "0-7"
    steps:
      - {pattern: barrier, begin_region: true}
      - {pattern: alloc_free, cache: contended, operations: 10000, live: 50, order: random}
"""

CASES = (
    ("1 CPU, warm pairs", "one-node", PAIRS, 10_000),
    ("4 CPUs, local, 500 live", "two-socket", "local-churn", 10_000),
    ("8 CPUs, 2 nodes, 20 % remote", "two-socket", "mixed-remote", 10_000),
    ("the same, quantum 0", "two-socket", "mixed-remote", 0),
    ("producer and consumer", "two-socket", "producer-consumer", 10_000),
    ("64 CPUs, 8 nodes, 20 % remote", "opteron-6276", MIXED, 10_000),
    ("8 CPUs, one cache, batchcount 1", "two-socket", CONTENDED, 10_000),
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


def described(text, folder):
    """The path of a workload's description, written into `folder`."""
    file = Path(folder) / "workload.yaml"
    file.write_text(text)
    return str(file)


def one_round(scale, folder):
    """Case -> (sample, counts) of each case run once."""
    found = {}
    for name, machine, workload, quantum in CASES:
        beside = {yardstick: timed() for yardstick, timed in YARDSTICKS.items()}
        where = described(workload, folder) if "\n" in workload else workload
        seconds, counts = measured(machine, where, scale, quantum)
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
