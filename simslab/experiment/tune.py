"""Tuning: which tunables of a cache (SLAB's limit, batchcount, shared; SLUB's attributes) suit a load, and their cost.

The grid is a sweep like any other, in a store like any other. Of its points the ones that are worst in nothing make up
the Pareto front: latency, throughput, longest masked stretch and memory parked pull in different directions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Final

from simslab.base.errors import BadValue, UserError
from simslab.experiment.figures.metrics import metric
from simslab.experiment.grid.axes import Axis, make_axis
from simslab.experiment.grid.design import Design, make_grid, short_label
from simslab.experiment.grid.knobs import FACTORS, LEAST, ORDER, TUNABLES, Knobs, Numbers, option
from simslab.experiment.inputs import InputReader, Inputs
from simslab.experiment.paired import CORRECTION, PairedDifference, paired_difference
from simslab.experiment.store.store import Store
from simslab.experiment.sweep import Progress, sweep
from simslab.experiment.table import Samples, samples
from simslab.machine.machine import DEFAULT_QUANTUM
from simslab.report.comparison.tuning_text import ObjectiveCell, TuningRow, TuningTable
from simslab.slub.kmem_cache import KmemCache as SlubCache
from simslab.workload.run.system import boot_system, create_caches, named_cache

OBJECTIVES: Final = ("latency.p99", "throughput", "irqs_off.max", "memory.arrays:{cache}")


@dataclass(frozen=True)
class Candidate:
    """One tuning: its values by cache, means of the objectives, whether it is on the front, and against the default."""

    label: str
    numbers: Numbers
    means: Mapping[str, float]
    front: bool
    against_default: Mapping[str, PairedDifference]


@dataclass(frozen=True)
class Tuning:
    """What a search found: all candidates, the default first, the recommended one, and how sure that is."""

    objectives: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    recommended: Candidate
    correction: str

    @property
    def default(self) -> Candidate:
        """The tuning that the kernel chooses."""
        return self.candidates[0]


def own_tunables(inputs: Inputs, cache: str) -> Knobs:
    """Return the tunables of a cache, by the workload's name of it, with the numbers that the kernel chooses.

    UserErrors if a freshly booted kernel with the workload's caches has none of that name.
    """
    allocator = inputs.workload.kernel.allocator
    system = boot_system(inputs.machine, inputs.workload.kernel, DEFAULT_QUANTUM)
    made = create_caches(system, inputs.workload.caches)
    try:
        found = named_cache(system, cache, made)
    except BadValue as error:
        raise UserError(error.message, file="CACHE", expected=error.expected, near=error.near) from None
    numbers = system.allocator.tunables(found)
    if isinstance(found, SlubCache):
        numbers[ORDER] = found.oo_order
    return Knobs(allocator, found.name, tuple(numbers[name] for name in TUNABLES[allocator]))


def tune_rows(knobs: Knobs, grid: Mapping[str, Sequence[str]]) -> list[Numbers]:
    """Return the combinations of `grid` (tunable -> values, or factors such as `x2` of the cache's own), each once.

    The kernel's own choice comes first; what the kernel would refuse (batchcount above limit) is left out.
    """
    knobs.check(grid)
    axes = [
        _values(make_axis(name, grid[name]), value) if name in grid else [value]
        for name, value in zip(knobs.names, knobs.own, strict=True)
    ]
    rows: list[Numbers] = list(product(*axes))
    if knobs.allocator == "slab":
        rows = [fitting for row in rows if (fitting := _fitting(row, "batchcount" in grid)) is not None]
    return list(dict.fromkeys([knobs.own, *rows]))


def _fitting(row: Numbers, asked: bool) -> Numbers | None:
    """Return SLAB's numbers with a batchcount that nobody `asked` for lowered to the limit; None if it is above."""
    limit, batchcount, shared = row
    batchcount = batchcount if asked else min(batchcount, limit)
    return (limit, batchcount, shared) if 1 <= batchcount <= limit else None


def tune_design(base: Design, called: str, knobs: Knobs, rows: Sequence[Numbers]) -> Design:
    """Return the design whose points are `rows`, in order; `called` is the workload's name of the cache."""
    return replace(base, axes=(), points=tuple(knobs.point(called, row) for row in rows))


def _values(axis: Axis, own: int) -> list[int]:
    """Return an axis' whole numbers; UserError for what is none."""
    values = []
    for text in axis.values:
        try:
            factor = text.startswith("x")
            least = LEAST.get(axis.path, 0)
            value = max(least, round(float(text.removeprefix("x")) * own)) if factor else int(text)
            if value < least:
                raise ValueError
            values.append(value)
        except (ValueError, OverflowError):  # OverflowError: an infinite factor
            expected = "whole numbers, or factors such as x2"
            raise UserError(f"'{text}' is no {axis.path}", file=option(axis.path), expected=expected) from None
    return values


def judge(found: Samples, tunings: Mapping[str, Numbers], objectives: Sequence[str]) -> Tuning:
    """Return the front and the recommendation; `tunings` are the points' numbers by label, the default first.

    Recommended is the point of the front with the best mean of the first objective whose improvement over the default
    is no noise when all comparisons are held together; the default itself where there is none.
    """
    labels = list(tunings)
    means = {label: {name: _mean(found, name, label) for name in objectives} for label in labels}
    default, comparisons = labels[0], max(1, len(labels) - 1)
    candidates = tuple(
        Candidate(
            label,
            tunings[label],
            means[label],
            not any(_dominates(means[other], means[label], objectives) for other in labels if other != label),
            {name: _against(found, name, label, default, comparisons) for name in objectives},
        )
        for label in labels
    )
    return Tuning(tuple(objectives), candidates, _recommended(candidates, objectives[0]),
                  f"{CORRECTION} over {comparisons} comparisons")  # fmt: skip


def _mean(found: Samples, name: str, label: str) -> float:
    values = list(found.of(name, label).values())
    if not values:
        raise UserError(f"no run of {label} has a {name}", expected="an objective that every point has")
    return math.fsum(values) / len(values)


def _against(found: Samples, name: str, label: str, default: str, comparisons: int) -> PairedDifference:
    before, after = found.paired(name, label, default)
    return paired_difference(before, after, comparisons)


def _sign(name: str) -> int:
    return -1 if metric(name).better == "higher" else 1


def _dominates(one: Mapping[str, float], other: Mapping[str, float], objectives: Sequence[str]) -> bool:
    """Whether `one` is nowhere worse and somewhere better."""
    pairs = [(_sign(name) * one[name], _sign(name) * other[name]) for name in objectives]
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


def _recommended(candidates: Sequence[Candidate], objective: str) -> Candidate:
    def surely_better(candidate: Candidate) -> bool:
        difference = candidate.against_default[objective]
        return difference.distinguishable and _sign(objective) * difference.mean < 0

    better = [candidate for candidate in candidates[1:] if candidate.front and surely_better(candidate)]
    return min(better, key=lambda candidate: _sign(objective) * candidate.means[objective], default=candidates[0])


@dataclass
class Found:
    """What a search left: the table to print (None where runs failed), and the failures."""

    table: TuningTable | None
    failures: list[str]


def search(
    design: Design,
    cache: str,
    grid: Mapping[str, Sequence[str]],
    store: Path,
    processes: int,
    progress: Progress | None = None,
) -> Found:
    """Sweep the grid of a cache's tunings into `store` and judge it by the design's metrics, the first deciding."""
    if design.machine is None or design.workload is None:
        raise UserError("one machine and one workload are tuned for", expected="MACHINE and WORKLOAD")
    reader = InputReader()
    knobs = own_tunables(reader.load(design.machine, design.workload, design.settings), cache)
    rows = tune_rows(knobs, grid or FACTORS[knobs.allocator])
    chosen = tuple(each.replace("{cache}", knobs.cache) for each in design.metrics)
    points = make_grid(tune_design(replace(design, metrics=chosen), cache, knobs, rows), reader)
    with Store.create(store) as opened:
        swept = sweep(points, opened, processes=processes, progress=progress)
        if swept.failures:
            return Found(None, swept.failures)
        labels = [short_label(point, points.design.varying) for point in points.points]
        tuning = judge(samples(opened, points), dict(zip(labels, rows, strict=True)), chosen)
    title = f"{cache} for {points.points[0].inputs.workload.name} on {points.points[0].inputs.machine.name}"
    head = f"{title}, {len(points.seeds)} seeds a point"
    return Found(_table(tuning, head, knobs, cache if cache != knobs.cache else "", points.notes), [])


def _table(tuning: Tuning, title: str, knobs: Knobs, alias: str, notes: Sequence[str]) -> TuningTable:
    rows = tuple(
        TuningRow(
            candidate.numbers,
            candidate.front,
            {
                metric(each).label: ObjectiveCell(candidate.means[each], paired.mean, paired.low, paired.high)
                for each, paired in candidate.against_default.items()
            },
        )
        for candidate in tuning.candidates
    )
    chosen = tuning.recommended.numbers
    applied = knobs.lines(chosen)
    return TuningTable(title, knobs.cache, alias, knobs.names, rows, chosen, tuning.correction, applied, tuple(notes))
