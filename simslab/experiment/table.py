"""The table of a sweep: each point's figures over seeds with intervals, and paired differences from the base point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from simslab.base.errors import UserError, near_miss
from simslab.experiment.figures.metrics import NO_FIGURE, Metric, metrics
from simslab.experiment.grid.axes import MACHINE, TRACE, WORKLOAD, parse_point
from simslab.experiment.grid.design import Grid, Point, short_label
from simslab.experiment.grid.in_force import said_in_force
from simslab.experiment.paired import CORRECTION, SHOWN, best_of, level, paired_difference
from simslab.experiment.store.store import DONE, Store
from simslab.report.comparison.sweep_text import MetricTable, PointRow, SweepTable

Seeds: TypeAlias = Mapping[str, Sequence[int]]  # label of a point -> the seeds that count


@dataclass(frozen=True)
class Samples:
    """The figures of a grid's points that are stored: point label -> seed -> metric -> value."""

    labels: tuple[str, ...]  # of the points, as a reader wants them, in the grid's order
    values: dict[str, dict[int, dict[str, float | None]]]
    parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # label -> what varies -> its value

    def paired(self, metric: str, label: str, base: str) -> tuple[list[float], list[float]]:
        """Return the values of base and point for the seeds that both have."""
        ours, theirs = self.of(metric, label), self.of(metric, base)
        seeds = [seed for seed in theirs if seed in ours]
        return [theirs[seed] for seed in seeds], [ours[seed] for seed in seeds]

    def of(self, metric: str, label: str) -> dict[int, float]:
        """Return a point's values by seed; seeds without one are left out."""
        found = {seed: figures.get(metric) for seed, figures in sorted(self.values[label].items())}
        return {seed: value for seed, value in found.items() if value is not None}


def asked(grid: Grid, seeds: Seeds | None = None) -> Seeds:
    """Return the seeds of each point that count, by its label: `seeds`, by default those that the grid asks for."""
    return seeds or {point.label: grid.seeds_of(point) for point in grid.points}


def samples(store: Store, grid: Grid, seeds: Seeds | None = None) -> Samples:
    """Return what the store holds of a grid's points with the seeds of each; by default those that the grid asks for.

    What else an earlier sweep left there is no part of it: a table would depend on what was run before.
    """
    names = {point.label: short_label(point, grid.design.varying) for point in grid.points}
    wanted = {label: frozenset(listed) for label, listed in asked(grid, seeds).items()}
    values: dict[str, dict[int, dict[str, float | None]]] = {name: {} for name in names.values()}
    for cell in store.cells():
        if cell.label in names and cell.status == DONE and cell.seed in wanted[cell.label]:
            values[names[cell.label]][cell.seed] = dict(cell.figures)
    return Samples(tuple(values), values, {names[point.label]: _parameters(point, grid) for point in grid.points})


def _parameters(point: Point, grid: Grid) -> dict[str, str]:
    """Return what varies with a point's values: absolute ones, or as typed where they depend on the machine."""
    names = [WORKLOAD if name == TRACE else name for name in grid.design.varying]
    shown = point.parameters if MACHINE in names else point.values
    return {name: shown[name] for name in dict.fromkeys(names) if name in shown}


def compared(found: Samples, correct: bool) -> int:
    """Return how many differences of a metric hold together: all with `correct`, else each stands for itself."""
    return max(1, len(found.labels) - 1) if correct else 1


def metric_table(found: Samples, metric: Metric, base: str, correct: bool = False) -> MetricTable:
    """Return a metric at every point; with `correct` its differences hold together (Bonferroni-t)."""
    comparisons = compared(found, correct)
    rows = (_row(found, metric.name, label, base, comparisons) for label in found.labels)
    named = tuple(replace(row, parameters=found.parameters.get(row.label, {})) for row in rows)
    return MetricTable(metric.name, metric.unit, metric.better, named)


def base_point(grid: Grid, text: str) -> Point:
    """Return the point that others are compared with: the one whose values `text` gives, or the first."""
    if not text:
        return grid.points[0]
    wanted = {_path(name, grid, text): value for name, value in parse_point(text, "--base").items()}
    found = [point for point in grid.points if all(_has(point, path, value) for path, value in wanted.items())]
    if len(found) != 1:
        labels = [short_label(point, grid.design.varying) for point in grid.points]
        told = "is no point" if not found else f"could mean {len(found)} points"
        raise UserError(f"'{text}' {told}", file="--base", expected="one of the points", near=near_miss(text, labels))
    return found[0]


def _path(name: str, grid: Grid, text: str) -> str:
    """Return the parameter that is called by its path or the last part of it, of several the one that varies."""
    known = dict.fromkeys(path for point in grid.points for path in point.parameters)
    ends = [path for path in known if path.rpartition(".")[2] == name]
    meant = [name] if name in known else [path for path in ends if path in grid.design.varying] or ends
    if len(meant) > 1:
        raise UserError(f"'{text}': '{name}' could mean several", file="--base", expected=" or ".join(meant))
    return meant[0] if meant else name


def _has(point: Point, path: str, value: str) -> bool:
    """Whether a parameter has a value, as typed or absolute."""
    return path in point.parameters and value in (point.parameters[path], point.values.get(path))


def sweep_table(
    store: Store, grid: Grid, *, base: str = "", correct: bool = False, seeds: Seeds | None = None
) -> SweepTable:
    """Return the table of a grid's metrics; with `correct` all differences of a metric hold together (Bonferroni-t).

    `seeds` are each point's (its label -> seeds), by default the grid's.
    """
    found = samples(store, grid, seeds)
    reference = short_label(base_point(grid, base), grid.design.varying)
    comparisons = compared(found, correct)
    return SweepTable(
        machine=grid.design.machine or "",
        workload=grid.design.workload or "",
        settings=tuple(said_in_force(grid.design.settings, grid.design.varying)),
        base=reference,
        correction=f"{CORRECTION}, {comparisons} comparisons" if correct else "",
        metrics=tuple(metric_table(found, each, reference, correct) for each in metrics(grid.design.metrics)),
        best=best_lines(found, metrics(grid.design.metrics), reference),
        notes=grid.notes,
    )


def _row(found: Samples, metric: str, label: str, base: str, comparisons: int) -> PointRow:
    values = found.of(metric, label)
    if not values:
        return PointRow(label, 0)
    reference = found.of(metric, base)
    at = level(reference, values)
    before, after = found.paired(metric, label, base)
    apart = bool(reference) and not before
    plain = PointRow(label, at.seeds, at.mean, at.low, at.high, levelled=at.levelled, apart=apart)
    if label == base or not before:
        return plain
    paired = paired_difference(before, after, comparisons)
    return replace(
        plain,
        base_mean=paired.base_mean,
        difference=paired.mean,
        difference_low=paired.low,
        difference_high=paired.high,
        equal=before == after,
    )


def best_lines(found: Samples, chosen: Sequence[Metric], base: str = "") -> tuple[str, ...]:
    """Return what may be claimed about the best point by each metric that has a better end."""
    return tuple(_best(found, each, base) for each in chosen if each.better and len(found.labels) > 1)


def _best(found: Samples, metric: Metric, base: str) -> str:
    """Return what may be claimed about the best point, each two compared over the seeds that both have.

    Points without a figure are named, and left out.
    """
    every = {label: found.of(metric.name, label) for label in found.labels}
    arms = {label: values for label, values in every.items() if values}
    if not arms:
        return f"{metric.name}: {NO_FIGURE}"
    without = [label for label in every if label not in arms]
    named = "; ".join(without) if len(without) < SHOWN else f"{len(without)} points"
    left_out = f"; no run of {named} has a figure for it" if without else ""
    if len(arms) == 1:
        return f"{metric.name}: {next(iter(arms))} alone has a figure for it"
    if len(set().union(*arms.values())) == sum(map(len, arms.values())):
        return f"{metric.name}: the points have no seed in common{left_out}"
    return best_of(metric.name, metric.better, arms, base if base in arms else "").told + left_out
