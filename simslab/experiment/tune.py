"""Tuning: which `limit`, `batchcount`, `shared` of a cache suit a load, and what they cost elsewhere.

The grid is a sweep like any other, in a store like any other. Of its points the ones that are worst in nothing make up
the Pareto front: latency, throughput, longest masked stretch and memory parked pull in different directions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

from simslab.base.errors import BadValue, UserError
from simslab.experiment.figures.metrics import metric
from simslab.experiment.grid.axes import Axis, make_axis
from simslab.experiment.grid.design import Design, Point, make_grid, short_label
from simslab.experiment.inputs import InputReader, Inputs
from simslab.experiment.paired import CORRECTION, PairedDifference, paired_difference
from simslab.experiment.store.store import Store
from simslab.experiment.sweep import Progress, sweep
from simslab.experiment.table import Samples, samples
from simslab.machine.machine import DEFAULT_QUANTUM
from simslab.report.comparison.tuning_text import ObjectiveCell, TuningRow, TuningTable
from simslab.workload.run.system import boot_system, create_caches, named_cache

Numbers: TypeAlias = tuple[int, int, int]  # limit, batchcount, shared
OBJECTIVES: Final = ("latency.p99", "throughput", "irqs_off.max", "memory.arrays:{cache}")
TUNABLES: Final = ("limit", "batchcount", "shared")
FACTORS: Final = {"limit": ("x0.25", "x0.5", "x1", "x2", "x4")}


@dataclass(frozen=True)
class Candidate:
    """One tuning: its values by cache, means of the objectives, whether it is on the front, and against the default."""

    label: str
    numbers: Numbers
    means: Mapping[str, float]
    front: bool
    against_default: Mapping[str, PairedDifference]

    def line(self, cache: str) -> str:
        """Return the shell line that applies it to a cache of a running kernel."""
        return f'echo "{cache} {told(self.numbers)}" > /proc/slabinfo'


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


def own_tunables(inputs: Inputs, cache: str) -> tuple[str, Numbers]:
    """Return a cache's name in the kernel (another's, where it was merged) and the numbers that the kernel chooses.

    UserErrors if a freshly booted kernel with the workload's caches has none of that name.
    """
    if inputs.workload.kernel.allocator != "slab":
        told = "tune searches limit, batchcount and shared of SLAB; the workload runs on "
        expected = "kernel.allocator 'slab', or a sweep over tunables.CACHE.cpu_partial"
        raise UserError(told + inputs.workload.kernel.allocator, expected=expected)
    system = boot_system(inputs.machine, inputs.workload.kernel, DEFAULT_QUANTUM)
    made = create_caches(system, inputs.workload.caches)
    try:
        found = named_cache(system, cache, made)
    except BadValue as error:
        raise UserError(error.message, file="CACHE", expected=error.expected, near=error.near) from None
    numbers = system.allocator.tunables(found)
    return found.name, (numbers["limit"], numbers["batchcount"], numbers["shared"])


def tune_design(base: Design, cache: str, own: Numbers, grid: Mapping[str, Sequence[str]]) -> Design:
    """Return the design of a search over `grid` (tunable -> values, or factors such as `x2` of the cache's `own`).

    The kernel's own choice is its first point. Combinations that the kernel would refuse (batchcount above limit) are
    left out.
    """
    points = tuple(
        {f"tunables.{cache}.{name}": str(value) for name, value in zip(TUNABLES, row, strict=True)}
        for row in _rows(own, grid)
    )
    return replace(base, axes=(), points=points)


def numbers_of(point: Point, cache: str) -> Numbers:
    """Return the three numbers of a point of such a design."""
    limit, batchcount, shared = (int(point.parameters[f"tunables.{cache}.{name}"]) for name in TUNABLES)
    return limit, batchcount, shared


def told(numbers: Numbers) -> str:
    """Return the three numbers as reports write them."""
    return "{} {} {}".format(*numbers)


def _rows(own: Numbers, grid: Mapping[str, Sequence[str]]) -> list[Numbers]:
    """Return the combinations of a cache's values, its own first, each once."""
    axes = [
        _values(make_axis(name, grid[name]), value) if name in grid else [value]
        for name, value in zip(TUNABLES, own, strict=True)
    ]
    rows = [
        (limit, batchcount, shared)
        for limit in axes[0]
        for batchcount in (axes[1] if "batchcount" in grid else [min(own[1], limit)])
        for shared in axes[2]
        if 1 <= batchcount <= limit
    ]
    return list(dict.fromkeys([own, *rows]))


def _values(axis: Axis, own: int) -> list[int]:
    """Return an axis' whole numbers; UserError for what is none."""
    values = []
    for text in axis.values:
        try:
            factor = text.startswith("x")
            least = 0 if axis.path == "shared" else 1
            value = max(least, round(float(text.removeprefix("x")) * own)) if factor else int(text)
            if value < least:
                raise ValueError
            values.append(value)
        except (ValueError, OverflowError):  # OverflowError: an infinite factor
            expected = "whole numbers, or factors such as x2"
            raise UserError(f"'{text}' is no {axis.path}", file=f"--{axis.path}", expected=expected) from None
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
    name, own = own_tunables(reader.load(design.machine, design.workload, design.settings), cache)
    chosen = tuple(each.replace("{cache}", name) for each in design.metrics)
    points = make_grid(tune_design(replace(design, metrics=chosen), cache, own, grid), reader)
    with Store.create(store) as opened:
        swept = sweep(points, opened, processes=processes, progress=progress)
        if swept.failures:
            return Found(None, swept.failures)
        numbers = {short_label(p, points.design.varying): numbers_of(p, cache) for p in points.points}
        tuning = judge(samples(opened, points), numbers, chosen)
    title = f"{cache} for {points.points[0].inputs.workload.name} on {points.points[0].inputs.machine.name}"
    head = f"{title}, {len(points.seeds)} seeds a point"
    return Found(_table(tuning, head, name, cache if cache != name else "", points.notes), [])


def _table(tuning: Tuning, title: str, name: str, alias: str, notes: Sequence[str]) -> TuningTable:
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
    chosen = tuning.recommended
    return TuningTable(title, name, alias, rows, chosen.numbers, tuning.correction, chosen.line(name), tuple(notes))
