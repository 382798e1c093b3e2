"""Host time of a run against its operations, and against the CPUs that share a fixed number of them; draws both.

    python benchmarks/growth.py [--most OPERATIONS] [--draw FILE]

Lifetimes with a fifth of the objects freed on another node, on `uv-2000` (192 CPUs, 24 nodes). Each point is the best
of REPEAT runs, boot left out. The figure (default benchmarks/growth.png) has dashed what is aimed at: time in
proportion to operations, and 1.2 times per doubling of CPUs.
"""

import argparse
import time
from pathlib import Path

import matplotlib as mpl

from simslab.machine.library import load_machine
from simslab.workload.description.spec import Workload
from simslab.workload.run.runner import prepare

mpl.use("agg")
from matplotlib import pyplot as plt

CPUS = (6, 12, 24, 48, 96, 192)
FEWEST = 100_000  # operations
ALLOWED = 1.2  # of the time, per doubling of CPUs
REPEAT = 3


def workload(cpus, operations):
    """A workload of `operations` allocations and frees on `cpus` CPUs, spread over the nodes."""
    step = {
        "pattern": "lifetimes",
        "cache": "c",
        "objects": max(1, operations // 2 // cpus),
        "lifetime": {"exponential": 200},
        "remote": 0.2,
        "remote_to": "other_node",
        "touch": 64,
        "think": "400 cycles",
    }
    group = {"name": "a", "cpus": f"spread {cpus}", "steps": [{"pattern": "barrier", "begin_region": True}, step]}
    return Workload.model_validate({"caches": {"c": {"size": 256}}, "threads": [group]})


def seconds(machine, cpus, operations):
    """Process seconds of the best of REPEAT runs."""
    found = []
    for _ in range(REPEAT):
        run = prepare(machine, workload(cpus, operations))
        start = time.process_time()
        run.execute()
        found.append(time.process_time() - start)
    return min(found)


def draw(file, by_operations, by_cpus):
    """Draw both curves with what is allowed."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for axes, found, label in ((left, by_operations, "operations"), (right, by_cpus, "CPUs")):
        axes.plot(list(found), list(found.values()), "o-")
        axes.set(xscale="log", yscale="log", xlabel=label, ylabel="process seconds")
    first, least = next(iter(by_operations.items()))
    left.plot(list(by_operations), [least * count / first for count in by_operations], "k--", lw=0.8)
    least = next(iter(by_cpus.values()))
    right.plot(list(by_cpus), [least * ALLOWED**doubling for doubling in range(len(by_cpus))], "k--", lw=0.8)
    figure.savefig(file, dpi=120)


def main():
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--most", type=int, default=16 * FEWEST, help="operations of the longest run")
    reader.add_argument("--draw", type=Path, default=Path(__file__).with_name("growth.png"))
    given = reader.parse_args()
    machine = load_machine("uv-2000")
    by_operations, operations = {}, FEWEST
    while operations <= given.most:
        by_operations[operations] = seconds(machine, 24, operations)
        print(f"24 CPUs   {operations:>10,} operations {by_operations[operations]:7.2f} s", flush=True)
        operations *= 2
    by_cpus = {}
    for cpus in CPUS:
        by_cpus[cpus] = seconds(machine, cpus, 4 * FEWEST)
        print(f"{cpus:3d} CPUs  {4 * FEWEST:>10,} operations {by_cpus[cpus]:7.2f} s", flush=True)
    draw(given.draw, by_operations, by_cpus)


if __name__ == "__main__":
    main()
