"""The page of a sweep or a comparison: what was run, what may be claimed, figures and a table for each metric."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape
from typing import Final

from simslab.report.comparison.numbers import in_percent, number
from simslab.report.comparison.sweep_text import MetricTable, PointRow, SweepTable
from simslab.report.page.parts import closing, figure, opening
from simslab.report.page.tables_html import table_html
from simslab.report.plot.sources import Sources
from simslab.report.plot.sweep_axes import short
from simslab.report.tables import Table

DRAWN: Final = 4  # metrics with figures; the others have tables alone
COLUMNS: Final = ("point", "verdict", "seeds", "mean", "low", "high", "difference", "from", "to", "%")


def points_page(sources: Sources, table: SweepTable, told: Sequence[tuple[str, str]] = ()) -> str:
    """Return the page; `told` is what else a reader should know of how it was made."""
    return "\n".join(_page(sources, table, told))


def _page(sources: Sources, table: SweepTable, told: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield opening(" on ".join(part for part in (table.workload, table.machine) if part) or "sweep")
    yield "<h2>What was run</h2>"
    rows = [*told, *(("everywhere", setting) for setting in table.settings), ("base", table.base)]
    yield table_html(Table("Inputs", ("what", "value"), tuple(rows), texts=2))
    yield "<h2>What may be claimed</h2>"
    held = f"held together ({table.correction})" if table.correction else "each for itself"
    lines = [
        *table.best,
        f"Differences are from the base, paired by seed, with 95 % t-intervals, {held}.",
        *table.levelled,
        *table.notes,
    ]
    yield f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul><h2>Figures</h2>"
    yield from _figures(sources, table)
    yield "<h2>Tables</h2><p class=note>A click on a head sorts.</p>"
    for metric in table.metrics:
        yield table_html(_table(metric))
    yield closing()


def _figures(sources: Sources, table: SweepTable) -> Iterator[str]:
    """Yield for each of the first metrics its lines, its heat map where two things vary, and its differences."""
    names = {name for row in table.metrics[0].rows for name in row.parameters} if table.metrics else set()
    kinds = (["lines"] if names - {"arm"} else []) + (["heat-map"] if len(names) > 1 else []) + ["effects"]
    number = 0
    for metric in table.metrics[:DRAWN]:
        alone = Sources(tables=(replace(table, metrics=(metric,)),))
        for kind in kinds:
            yield figure(alone, kind, f"{metric.metric}: {kind}", number)
            number += 1
    if sources.arms:
        yield figure(replace(sources, tables=()), "ccdf", "Tail of the latency, by arm", number)


def _table(metric: MetricTable) -> Table:
    unit = f" ({metric.unit})" if metric.unit else ""
    better = f", {metric.better} is better" if metric.better else ""
    return Table(f"{metric.metric}{unit}{better}", COLUMNS, tuple(map(_cells, metric.rows)), texts=2)


def _cells(row: PointRow) -> tuple[str, ...]:
    figures = (row.mean, row.low, row.high, row.difference, row.difference_low, row.difference_high)
    known = (*figures, in_percent(row.difference, row.base_mean))
    return (short(row), row.verdict(), str(row.seeds), *("" if value is None else number(value) for value in known))
