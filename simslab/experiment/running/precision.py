"""Seeds until it is precise enough: `--precision 1%`.

The interval of each point's difference from the base (of the mean itself, where there is one point) is narrowed by
more seeds until half its width is at most that share of the base's mean. How many are missing is estimated from the
spread so far, and never more than doubled at once. Looking after each round makes intervals a little too narrow; the
note says how many looks there were.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from simslab.base.errors import UserError
from simslab.experiment.figures.metrics import metrics
from simslab.experiment.grid.design import Grid, Point, short_label
from simslab.experiment.paired import mean_interval
from simslab.experiment.store.store import Store
from simslab.experiment.sweep import WHOLE, Shard, Swept, sweep
from simslab.experiment.table import Samples, Seeds, base_point, compared, samples

GROWTH = 2  # a round at most doubles the seeds


@dataclass
class Precise(Swept):
    """What was done, and what precision came of it."""

    notes: list[str] = field(default_factory=list)
    seeds: Seeds | None = None  # those that each point has run with, None for the grid's own


def parse_precision(text: str) -> float:
    """Return the share that `1%` or `0.01` means, 0 for nothing; UserError if it is none."""
    if not text:
        return 0.0
    try:
        share = float(text.strip().removesuffix("%")) / (100 if text.strip().endswith("%") else 1)
    except ValueError:
        share = math.nan
    if not 0 < share < 1:
        raise UserError(f"'{text}' is no precision", file="--precision", expected="a share such as 1%")
    return share


def sweep_to_precision(
    grid: Grid,
    store: Store,
    share: float,
    max_seeds: int,
    *,
    base: str = "",
    correct: bool = False,
    shard: Shard = WHOLE,
    **how: Any,
) -> Precise:
    """Sweep, and with a `share` above 0 add seeds until the first metric is so precise, or there are `max_seeds`.

    With `correct` the intervals are those that hold together, as in `sweep_table`.
    """
    reference = base_point(grid, base)
    if not share:
        return Precise(**vars(sweep(grid, store, shard=shard, base=reference, **how)))
    if shard != WHOLE:
        raise UserError("shards do not know one another's results", file="--precision", expected="no --shard")
    count, looks, points = max(2, len(grid.seeds)), 0, list(grid.points)
    done, ran = Precise(), dict[str, Sequence[int]]()
    while True:
        seeds = range(grid.seeds[0], grid.seeds[0] + count)
        swept = sweep(grid, store, seeds=seeds, points=points, base=reference, **how)
        looks += 1
        ran |= {point.label: grid.seeds_of(point, seeds) for point in points}
        found = samples(store, grid, ran)
        done.made, done.failures = done.made + swept.made, swept.failures
        done.found, done.total = max(0, swept.total - swept.made), swept.total
        needed = _needed(found, grid, reference, share, correct)
        if not needed or count >= max_seeds or done.failures:
            seen, without = _compared(found, grid, reference)
            done.seeds = ran
            done.notes = [precision_note(grid.design.metrics[0], share, count, looks, needed, without, bool(seen))]
            return done
        count = min(max_seeds, max(count + 1, min(GROWTH * count, max(needed.values()))))
        points = [point for point in grid.points if point is reference or _name(point, grid) in needed]


def _name(point: Point, grid: Grid) -> str:
    return short_label(point, grid.design.varying)


def _needed(found: Samples, grid: Grid, base: Point, share: float, correct: bool) -> dict[str, int]:
    """Return how many seeds each point that is not precise yet is likely to need."""
    metric, reference = metrics(grid.design.metrics)[0].name, _name(base, grid)
    comparisons, needed = compared(found, correct), {}
    for point in grid.points:
        label = _name(point, grid)
        if (label == reference and len(grid.points) > 1) or not point.drawn:
            continue
        before, after = found.paired(metric, label, reference)
        values = after if label == reference else [b - a for a, b in zip(before, after, strict=True)]
        wanted = share * abs(math.fsum(before) / len(before)) if before else 0.0
        seeds = seeds_needed(values, wanted, comparisons, len(found.values[label])) if before else 0
        if seeds:
            needed[label] = seeds
    return needed


def _compared(found: Samples, grid: Grid, base: Point) -> tuple[list[str], list[str]]:
    """Return the points that the first metric's intervals are of, and those that it cannot be compared at.

    Of points that draw nothing from the seed there is no interval to be narrowed.
    """
    metric, reference = metrics(grid.design.metrics)[0].name, _name(base, grid)
    names = [_name(point, grid) for point in grid.points if point.drawn]
    wanted = [name for name in names if name != reference] or names
    seen = [name for name in wanted if found.paired(metric, name, reference)[0]]
    return seen, [name for name in wanted if name not in seen]


def seeds_needed(values: Sequence[float], wanted: float, comparisons: int = 1, seeds: int = 0) -> int:
    """Return about how many seeds give an interval of half width `wanted`; 0 where `values` do.

    `seeds` is how many have been run for them, where not each has a figure; the next are expected to have as many.
    """
    low, high = mean_interval(values, comparisons)
    run = max(seeds, len(values))
    if low is None or high is None:
        return run + 1
    half = (high - low) / 2
    if half <= wanted:
        return 0
    return math.ceil(run * min(GROWTH, (half / wanted) ** 2 if wanted else GROWTH))


def precision_note(
    metric: str,
    share: float,
    count: int,
    looks: int,
    needed: Collection[str],
    without: Collection[str] = (),
    measured: bool = True,
) -> str:
    """Return whether the intervals of a metric are as narrow as wanted, of all points but those in `needed`.

    Those `without` cannot be compared by it. `measured` is false where there is no interval at all: nothing was drawn,
    or no run has the metric beside one of the base.
    """
    told = f"precision {100 * share:g} % of {metric}: "
    looked = f"{count} seeds, looked at {looks} time{'s' * (looks > 1)}"
    if not measured:
        return f"{told}not reached: there is no interval, as no seed draws anything or no run has the metric"
    if not needed and not without:
        return f"{told}reached ({looked})"
    reasons = [f"by {'; '.join(needed)}"] if needed else []
    reasons += [f"by {'; '.join(without)} (no figure with a seed of the base)"] if without else []
    return f"{told}not reached ({looked}) {', '.join(reasons)}"
