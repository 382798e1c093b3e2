"""A sweep of 100 points x 5 seeds on two nodes with 16 CPUs: its time, and what a cell costs beyond its run.

    python benchmarks/sweep.py [POINTS] [SEEDS] [PROCESSES]

Beyond the run: starting workers, sending inputs, packing, storing. Counted in CPU time, so that a busy host does not
matter; the run itself (boot included) is timed alone in this process.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

from simslab.experiment.grid.axes import Axis
from simslab.experiment.grid.design import Design, make_grid
from simslab.experiment.run import measure_once
from simslab.experiment.store.store import Store
from simslab.experiment.sweep import sweep

SETTINGS = ("layout.cores=8", "scale=0.03")


def cpu_seconds():
    """CPU time of this process and of those that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main(points=100, seeds=5, processes=2):
    limits = tuple(str(limit) for limit in range(10, 10 + 5 * (points // 4), 5))
    axes = (Axis("tunables.mixed.limit", limits), Axis("links.upi.latency", ("x1", "x1.5", "x2", "x3")))
    started = time.perf_counter()
    grid = make_grid(Design("two-socket", "mixed-remote", SETTINGS, axes, seeds=seeds))
    loaded = time.perf_counter() - started
    measure_once(grid.points[0].inputs, 1)  # imports and caches
    before = time.process_time()
    for point in grid.points[:: max(1, len(grid.points) // 10)]:
        measure_once(point.inputs, 1)
    run = (time.process_time() - before) / len(grid.points[:: max(1, len(grid.points) // 10)])
    with tempfile.TemporaryDirectory() as folder, Store.create(Path(folder) / "a.db") as store:
        before, started = cpu_seconds(), time.perf_counter()
        swept = sweep(grid, store, processes=processes)
        wall, spent = time.perf_counter() - started, cpu_seconds() - before
        size = (Path(folder) / "a.db").stat().st_size
    print(f"{len(grid.points)} points loaded in {loaded:.1f} s")
    print(f"{swept.made} runs in {wall:.0f} s with {processes} processes")
    print(
        f"a run alone {run:.3f} s of CPU, a cell {spent / swept.made:.3f} s: {spent / swept.made - run:.3f} s beyond it"
    )
    print(f"{size / swept.made / 1000:.1f} kB a cell")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
