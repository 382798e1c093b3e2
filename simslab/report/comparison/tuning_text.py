"""The result of `simslab tune` as plain data and as text."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from simslab.report.comparison.numbers import number
from simslab.report.comparison.sweep_text import aligned

FORMAT: Final = "simslab-tuning"
VERSION: Final = 1


@dataclass(frozen=True)
class ObjectiveCell:
    """One objective of one tuning: its mean, and its difference from the default with the interval."""

    mean: float
    difference: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class TuningRow:
    """One tuning: a number for each tunable, whether it is on the Pareto front, and its objectives by label."""

    numbers: tuple[int, ...]
    front: bool
    objectives: dict[str, ObjectiveCell]


@dataclass(frozen=True)
class TuningTable:
    """All tunings, the kernel's own first; `apply` holds the lines for a shell."""

    title: str
    cache: str
    alias: str  # what the workload calls it, where the kernel merged it into another
    tunables: tuple[str, ...]
    rows: tuple[TuningRow, ...]
    recommended: tuple[int, ...]
    correction: str
    apply: str
    notes: tuple[str, ...] = ()


def tuning_text(table: TuningTable) -> str:
    """Return the table as text."""
    labels = list(table.rows[0].objectives)
    heads = [" ".join(table.tunables), "front", *(part for label in labels for part in (label, "against default"))]
    rows = [[_told(row.numbers), "*" if row.front else "", *_figures(row)] for row in table.rows]
    alias = [f"{table.alias} is an alias of {table.cache}: the kernel merged them."] if table.alias else []
    sure = f"95 % t-intervals paired by seed, held together for each metric ({table.correction})"
    return "\n\n".join(
        [
            "\n".join([table.title, *alias]),
            aligned([heads, *rows], texts=2),
            f"The first line is the kernel's own choice; * is not beaten in everything by another (Pareto front).\n"
            f"Differences with {sure}.",
            *table.notes,
            _claim(table),
        ]
    ) + "\n"  # fmt: skip


def _claim(table: TuningTable) -> str:
    first = next(iter(table.rows[0].objectives))
    if table.recommended == table.rows[0].numbers:
        return f"Recommended: the kernel's own. No tuning is better in {first} by more than noise.\n{table.apply}"
    row = next(row for row in table.rows if row.numbers == table.recommended)
    cell = row.objectives[first]
    base = table.rows[0].objectives[first].mean
    return f"Recommended, for {first}: {_told(row.numbers)}, {_change(cell, base)} against the default.\n{table.apply}"


def _figures(row: TuningRow) -> list[str]:
    cells = []
    for cell in row.objectives.values():
        cells += [number(cell.mean), _change(cell, cell.mean - cell.difference)]
    return cells


def _change(cell: ObjectiveCell, base: float) -> str:
    """Return a difference in percent of the base with its interval, or in the metric's unit where the base is 0."""
    if not cell.difference and not cell.low and not cell.high:
        return "-"
    scale, unit = (100 / base, " %") if base else (1, "")
    interval = (
        "" if cell.low is None or cell.high is None else f" ({cell.low * scale:+.1f} .. {cell.high * scale:+.1f})"
    )
    return f"{cell.difference * scale:+.1f}{unit}{interval}"


def _told(numbers: tuple[int, ...]) -> str:
    return " ".join(str(number) for number in numbers)


def tuning_document(table: TuningTable) -> dict[str, Any]:
    """Return the table as plain data for JSON."""
    return {"format": FORMAT, "version": VERSION, **asdict(table)}
