"""A sweep: every cell of a grid run once, in processes of its own, into a store that nothing is lost from.

A cell is stored as soon as it ends. Whatever ends the sweep, the same command goes on with what is missing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from simslab.base.errors import UserError
from simslab.experiment.figures.metrics import figures, metrics
from simslab.experiment.figures.observation import observe
from simslab.experiment.grid.design import Grid, Point, digest_of
from simslab.experiment.inputs import Inputs
from simslab.experiment.running.cluster import outcomes_on
from simslab.experiment.running.pool import outcomes
from simslab.experiment.running.worker import Failure
from simslab.experiment.store.store import DONE, FAILED, KILLED, Configured, NewRun, Store
from simslab.result.manifest import named_hashes

Progress = Callable[[int, int, int], object]  # (cells done, failed, of how many)


@dataclass(frozen=True)
class Job:
    """One run to be made by a worker."""

    key: str
    inputs: Inputs
    seed: int
    metrics: tuple[str, ...]
    machine: str = ""  # hashes of the configurations
    workload: str = ""


@dataclass(frozen=True)
class Made:
    """What a worker sends back."""

    measured: bytes
    figures: dict[str, float | None]
    seconds: float


def run_job(job: Job) -> Made:
    """Make one run; the same result in any process."""
    started = time.perf_counter()
    observation = observe(job.inputs, job.seed)
    values = figures(observation, metrics(job.metrics))
    return Made(observation.packed(), values, round(time.perf_counter() - started, 3))


@dataclass
class Swept:
    """What a call of `sweep` did: runs made, found in the store, and failed, with one message each."""

    made: int = 0
    found: int = 0
    total: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Shard:
    """Part `index` (from 1) of `count`: every count-th run."""

    index: int = 1
    count: int = 1


def parse_shard(text: str) -> Shard:
    """Return the shard that `i/n` names; UserError if it names none."""
    first, slash, last = text.partition("/")
    if slash and first.isdecimal() and last.isdecimal() and 1 <= int(first) <= int(last):
        return Shard(int(first), int(last))
    raise UserError(f"'{text}' is no shard", file="--shard", expected="i/n with 1 <= i <= n, such as 1/4")


WHOLE: Final = Shard()


def sweep(
    grid: Grid,
    store: Store,
    *,
    processes: int = 1,
    shard: Shard = WHOLE,
    retry: bool = False,
    seeds: Sequence[int] | None = None,
    points: Iterable[Point] | None = None,
    base: Point | None = None,
    scheduler: str = "",
    progress: Progress | None = None,
) -> Swept:
    """Run what the store lacks of a grid; the store's contents do not depend on `processes`, nor on the shards' order.

    Runs whose process was killed are made again; those that failed otherwise only with `retry`. `seeds` and `points`
    stand for the grid's own. `base` is kept as the point that others are compared with. With the address of a Dask
    `scheduler` the runs are made on its cluster.
    """
    # Those of earlier sweeps as well: each metric that a store holds, it holds of all runs.
    chosen = metrics([*grid.design.metrics, *store.units()])
    units = {each.name: each.unit for each in chosen}
    listed = list(grid.points if points is None else points)
    made = [configured(point) for point in listed]
    names = tuple(each.name for each in chosen)
    jobs, cells = _jobs(grid, list(zip(listed, made, strict=True)), names, seeds, shard)
    store.take_inputs(grid.given)
    store.configure(each for pair in made for each in pair)
    store.claim(cells)
    if base is not None:
        store.compare_with(base.label)
    store.measure(chosen)
    status = store.statuses()
    again = {KILLED, FAILED} if retry else {KILLED}
    wanted = [job for job in jobs if status.get(job.key) is None or status[job.key] in again]
    keys = {job.key for job in wanted}
    swept = Swept(found=sum(status.get(job.key) == DONE for job in jobs), total=len(jobs))
    failed = [job.key for job in jobs if status.get(job.key) == FAILED and job.key not in keys]

    def tell() -> None:
        if progress is not None:
            progress(swept.made + swept.found + len(failed), len(failed), swept.total)

    tell()
    here = not scheduler
    ended = outcomes(run_job, wanted, processes, tell) if here else outcomes_on(scheduler, run_job, wanted, tell)
    for job, outcome in ended:
        if isinstance(outcome, Failure):
            status_of = KILLED if outcome.killed else FAILED
            store.add(NewRun(job.key, job.machine, job.workload, job.seed, status_of, outcome.message), {}, {})
            failed.append(job.key)
        else:
            run = NewRun(job.key, job.machine, job.workload, job.seed, DONE, "", outcome.seconds, outcome.measured)
            store.add(run, outcome.figures, units)
            swept.made += 1
        tell()
    told = store.failures() if failed else {}
    swept.failures += [told[key] for key in failed]
    return swept


def _jobs(
    grid: Grid,
    points: Sequence[tuple[Point, tuple[Configured, Configured]]],
    names: tuple[str, ...],
    seeds: Sequence[int] | None,
    shard: Shard,
) -> tuple[list[Job], list[tuple[str, str, int, str]]]:
    """Return the distinct runs of a shard, first seeds first, and the cells that they are for."""
    jobs: dict[str, Job] = {}
    cells: list[tuple[str, str, int, str]] = []
    wanted = grid.seeds if seeds is None else tuple(seeds)
    for seed in wanted:
        for point, (machine, workload) in points:
            if seed in grid.seeds_of(point, wanted):
                key = point.key(seed)
                jobs.setdefault(key, Job(key, point.inputs, seed, names, machine.hash, workload.hash))
                cells.append((point.label, point.values_label, seed, key))
    mine = set(list(jobs)[shard.index - 1 :: shard.count])
    return [job for job in jobs.values() if job.key in mine], [cell for cell in cells if cell[3] in mine]


def configured(point: Point) -> tuple[Configured, Configured]:
    """Return a point's machine and workload as they are stored, with the hashes of the bytes that were read."""
    inputs, content = point.inputs, point.content
    files = (inputs.machine_document.hashes, inputs.workload_document.hashes | inputs.trace_hashes)
    machine, workload = (
        Configured(digest_of([content[kind], sorted(read.items())]), kind, name, content[kind], read)
        for kind, name, read in zip(
            ("machine", "workload"),
            (inputs.machine.name, inputs.workload.name),
            map(named_hashes, files),
            strict=True,
        )
    )
    return machine, workload
