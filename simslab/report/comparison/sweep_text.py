"""The table of a sweep as plain data and as text; nothing in it is ever cut, however wide the names are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from simslab.report.comparison.numbers import in_percent, interval, number, signed

LEVELLED: Final = (
    "Where a point has not the seeds of the base, its mean is the base's plus the difference over the seeds of both."
)
APART: Final = "has no seed of the base; its mean stands for itself."
APART_ALL: Final = "have no seed of the base; their means stand for themselves."
NAMED: Final = 4  # points that are named; more are counted


@dataclass(frozen=True)
class PointRow:
    """One metric at one point: mean over seeds with its 95 % interval, and the paired difference from the base."""

    label: str
    seeds: int
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    base_mean: float | None = None  # over the seeds that both have; None at the base itself
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    equal: bool = False  # to the base, seed by seed
    parameters: Mapping[str, str] = field(default_factory=dict)  # what varies -> its value, for figures
    levelled: bool = False  # whether the mean is the base's plus the difference, as the seeds are not the base's
    apart: bool = False  # whether no seed is the base's too: the mean stands for itself

    @property
    def distinguishable(self) -> bool:
        """Whether the difference's interval exists and leaves out 0."""
        low, high = self.difference_low, self.difference_high
        return low is not None and high is not None and not low <= 0 <= high

    def verdict(self) -> str:
        """Return what the interval of the difference says."""
        if self.difference is None:
            return ""
        if self.equal:
            return "equal"
        if self.difference_low is None:
            return "no interval"
        return ("higher" if self.difference > 0 else "lower") if self.distinguishable else "noise"


@dataclass(frozen=True)
class MetricTable:
    """One metric at every point."""

    metric: str
    unit: str
    better: str
    rows: tuple[PointRow, ...]


@dataclass(frozen=True)
class SweepTable:
    """All metrics of a sweep; `best` says in words what may be claimed, `notes` what a reader must know."""

    machine: str
    workload: str
    settings: tuple[str, ...]
    base: str
    correction: str
    metrics: tuple[MetricTable, ...]
    best: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def levelled(self) -> tuple[str, ...]:
        """What to tell of means where points have not the base's seeds."""
        rows = [row for metric in self.metrics for row in metric.rows]
        apart = list(dict.fromkeys(row.label for row in rows if row.apart))
        named = "; ".join(apart) if len(apart) <= NAMED else f"{len(apart)} points"
        told = (f"{named} {APART if len(apart) == 1 else APART_ALL}",) if apart else ()
        return (LEVELLED, *told) if any(row.levelled for row in rows) else told


def table_rows(table: SweepTable) -> Iterator[dict[str, Any]]:
    """Yield the table as plain data, one row a metric and point: means, differences from the base and intervals."""
    for metric in table.metrics:
        for row in metric.rows:
            yield {
                "point": row.label,
                **row.parameters,
                "metric": metric.metric,
                "unit": metric.unit,
                "seeds": row.seeds,
                "mean": row.mean,
                "low": row.low,
                "high": row.high,
                "base": table.base,
                "base_mean": row.base_mean,
                "difference": row.difference,
                "difference_low": row.difference_low,
                "difference_high": row.difference_high,
                "verdict": row.verdict(),
                "correction": table.correction,
            }


def table_lines(table: SweepTable, notes: Sequence[str] = ()) -> str:
    """Return the table as JSON, one row a line, and in a last one what may be claimed and what a reader must know."""
    told = {"best": table.best, "notes": [*table.levelled, *table.notes, *notes]}
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in (*table_rows(table), told))


def sweep_text(table: SweepTable, notes: Sequence[str] = ()) -> str:
    """Return the table as text."""
    head = " on ".join(part for part in (table.workload, table.machine) if part)
    common = f"; everywhere: {', '.join(table.settings)}" if table.settings else ""
    parts = [f"{head}{common}".removeprefix("; ")] if head or common else []
    parts += [_metric_text(metric) for metric in table.metrics]
    parts += ["\n".join(table.best)] if table.best else []
    parts.append("\n".join([_explanation(table), *table.levelled, *table.notes, *notes]))
    return "\n\n".join(parts) + "\n"


def _explanation(table: SweepTable) -> str:
    told = f"Differences are point minus base ({table.base}), paired by seed, with 95 % t-intervals"
    return told + (f", held together ({table.correction})." if table.correction else ", each for itself.")


def _metric_text(table: MetricTable) -> str:
    better = f", {table.better} is better" if table.better else ""
    unit = f" ({table.unit})" if table.unit else ""
    heads = ["point", "verdict", "seeds", "mean", "interval", "difference", "interval", "%", "% interval"]
    return f"{table.metric}{unit}{better}\n" + aligned([heads, *(_cells(row) for row in table.rows)], texts=2)


def _cells(row: PointRow) -> list[str]:
    return [
        row.label,
        row.verdict(),
        str(row.seeds),
        number(row.mean),
        interval(row.low, row.high, number),
        signed(row.difference),
        interval(row.difference_low, row.difference_high),
        signed(in_percent(row.difference, row.base_mean)),
        interval(in_percent(row.difference_low, row.base_mean), in_percent(row.difference_high, row.base_mean)),
    ]


def aligned(rows: Sequence[Sequence[str]], texts: int = 1) -> str:
    """Return rows as lines, the first being the head, ruled; empty columns are left out, no cell is ever cut."""
    used = [i for i in range(len(rows[0])) if any(row[i] not in ("", "-") for row in rows[1:])]
    kept = [[row[i] for i in used] for row in rows]
    widths = [max(len(row[i]) for row in kept) for i in range(len(used))]
    lines = []
    for row in kept:
        cells = [
            cell.ljust(width) if used[i] < texts else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines)
