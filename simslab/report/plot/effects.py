"""Differences from the base with their intervals, a row for each arm or point: what is real, and how large it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from simslab.base.errors import UserError
from simslab.report.canvas import new_figure
from simslab.report.comparison.sweep_text import MetricTable, PointRow, SweepTable
from simslab.report.plot.drawn import Drawn, Row
from simslab.report.plot.options import Options, set_limits
from simslab.report.plot.sweep_axes import short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_ROWS: Final = 120
ONE_SCALE: Final = 8  # the largest reach of one metric over that of another that one axis shows
LABEL_SHARE: Final = 0.45  # of the width that names of points may take before they are folded
COLUMNS: Final = ("metric", "unit", "point", "seeds", "base_mean", "difference", "low", "high", "percent", "verdict")


def draw_effects(table: SweepTable, options: Options) -> Drawn:
    """Draw, for each metric, every point's difference from the base in % of the base's mean with its interval.

    Metrics whose differences are of very unlike size have a scale each.
    Filled marks are differences that are no noise; a hollow one's interval holds 0.
    """
    shown = [(metric, _compared(metric)) for metric in table.metrics]
    shown = [(metric, rows) for metric, rows in shown if rows]
    total = sum(len(rows) for _, rows in shown)
    if not shown:
        raise UserError("there is nothing to compare", expected="several points or arms, and a base that is not 0")
    if total > MOST_ROWS:
        told = f"{total} rows do not fit on a page (at most {MOST_ROWS})"
        raise UserError(told, expected="fewer with --metric, or with --at NAME=VALUE")
    together = _fit_one_scale([rows for _, rows in shown]) or options.x_limits != (None, None)
    scales = 0.0 if together else 0.16 * (len(shown) - 1)
    letters = int(LABEL_SHARE * options.width * 72 / (0.5 * options.font_size))
    names = {row.label: folded(short(row), letters) for _, rows in shown for row in rows}
    lines = max(name.count("\n") + 1 for name in names.values())
    height = options.height or 0.5 + scales + sum(0.32 + (0.03 + 0.12 * lines) * len(rows) for _, rows in shown)
    figure = new_figure(height, options.width)
    ratios = [0.6 / lines + len(rows) for _, rows in shown]
    all_axes = figure.subplots(len(shown), 1, sharex=together, squeeze=False, height_ratios=ratios)[:, 0]
    data: list[Row] = []
    for axes, (metric, rows) in zip(all_axes, shown, strict=True):
        data += _effects(axes, metric, rows)
        axes.set_yticks(range(len(rows)), [names[row.label] for row in rows], linespacing=1.0)
        set_limits(axes, options)
    all_axes[-1].set_xlabel("difference from the base (%)")
    own = " on ".join(part for part in (table.workload, table.machine) if part)
    if options.titled(own):
        figure.suptitle(options.titled(own), fontsize=options.font_size * 7.5 / 7)
    return Drawn(figure, COLUMNS, tuple(data), (f"base: {table.base}",))


def folded(name: str, letters: int) -> str:
    """Return a point's name in lines of so many letters, broken behind commas only."""
    lines = [""]
    for part in name.split(", "):
        longer = f"{lines[-1]}, {part}" if lines[-1] else part
        if len(longer) <= letters or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(part)
    return ",\n".join(lines)


def _fit_one_scale(shown: Sequence[Sequence[PointRow]]) -> bool:
    """Whether the metrics' differences in % are so near in size that all can be read on one axis."""
    largest = [max(map(_reach, rows)) for rows in shown]
    real = [reach for reach in largest if reach]
    return not real or max(real) <= ONE_SCALE * min(real)


def _reach(row: PointRow) -> float:
    """Return how far from 0 a difference and its interval reach, in % of the base."""
    ends = (row.difference, row.difference_low, row.difference_high)
    return max(abs(end) for end in ends if end is not None) * 100 / abs(row.base_mean or 1.0)


def _compared(metric: MetricTable) -> list[PointRow]:
    return [row for row in metric.rows if row.difference is not None and row.base_mean]


def _effects(axes: Axes, metric: MetricTable, rows: Sequence[PointRow]) -> list[Row]:
    data: list[Row] = []
    axes.axvline(0, color="#222222", linewidth=0.7)
    for place, row in enumerate(rows):
        base, difference = row.base_mean or 1.0, row.difference or 0.0
        share = 100 / abs(base)
        real = row.verdict() in ("higher", "lower")
        if row.difference_low is not None and row.difference_high is not None:
            ends = (share * row.difference_low, share * row.difference_high)
            axes.plot(ends, (place, place), color="#222222", linewidth=0.9, marker="|", markersize=4, mew=0.9)
        face = "#222222" if real else "white"
        axes.plot([share * difference], [place], "o", color="#222222", markerfacecolor=face, markersize=3.6, mew=0.8)
        data.append(
            (metric.metric, metric.unit, row.label, row.seeds, base, difference,
             *("" if end is None else end for end in (row.difference_low, row.difference_high)),
             round(share * difference, 6), row.verdict())
        )  # fmt: skip
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_title(metric.metric + (f" ({metric.better} is better)" if metric.better else ""))
    return data
