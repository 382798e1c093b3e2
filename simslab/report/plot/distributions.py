"""Distributions of latency: histogram, cumulative share, tail, and percentiles where lines would be too many."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from simslab.base.errors import UserError
from simslab.report.canvas import (
    LINES,
    draw_tail,
    legend_above,
    line_look,
    log_time_axis,
    new_figure,
    place_legend,
    plain_log_ticks,
    steps,
)
from simslab.report.fitting import folded_names
from simslab.report.plot.drawn import Drawn, Row
from simslab.report.plot.options import Options, set_limits
from simslab.report.plot.series import Panel, Series
from simslab.result.latency import PERCENTILES, cumulative
from simslab.result.nanoseconds import nanoseconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANEL_HEIGHT: Final = 1.45  # inches
HIGH_PANELS: Final = 3  # of more panels each is lower
LOW_PANEL: Final = 1.1
MANY_PANELS: Final = 6
LOWEST_PANEL: Final = 0.8
MOST_PANELS: Final = 14
Y_LABELS: Final = {
    "histogram": "share of operations",
    "cdf": "share at most so long",
    "ccdf": "share at least so long",
}
MOST_ROWS: Final = 120  # of a plot of percentiles
BINS_PER_DECADE: Final = 20
LINEAR_BINS: Final = 60
MARKERS: Final = {"p50": "o", "p90": "s", "p99": "^", "p99.9": "D", "max": "x"}


def draw_distribution(kind: str, title: str, panels: Sequence[Panel], options: Options) -> Drawn:
    """Draw `histogram`, `cdf`, `ccdf` or `percentiles`; with more lines than can be told apart always percentiles."""
    most = max(len(panel.series) for panel in panels)
    if kind != "percentiles" and most > len(LINES):
        told = f"{most} lines in one plot cannot be told apart (at most {len(LINES)}): percentiles are drawn instead"
        return _percentiles(title, panels, options, (told,))
    if kind == "percentiles":
        return _percentiles(title, panels, options, ())
    if kind == "histogram":
        panels = _apart(panels)
    if len(panels) > MOST_PANELS:
        told = f"{len(panels)} panels do not fit on a page (at most {MOST_PANELS})"
        raise UserError(told, expected="--kind percentiles, or fewer with --operation, --path, --cache")
    return _lines(kind, title, panels, options)


def _apart(panels: Sequence[Panel]) -> list[Panel]:
    """Return a panel for each line where these are paths or caches: steps one over another cannot be read."""
    if all(panel.of_arms for panel in panels):
        return list(panels)
    return [
        Panel(f"{panel.title} {series.label}".strip(), (Series("", series.cycles, series.frequency_hz),))
        for panel in panels
        for series in panel.series
    ]


def _lines(kind: str, title: str, panels: Sequence[Panel], options: Options) -> Drawn:
    legends = _legend_panels(panels, options)
    each = PANEL_HEIGHT if len(panels) <= HIGH_PANELS else LOW_PANEL if len(panels) <= MANY_PANELS else LOWEST_PANEL
    height = options.height or sum(each + 0.12 * legends[i] for i in range(len(panels))) + 0.3
    figure = new_figure(height, options.width)
    all_axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    draw = {"histogram": _histogram, "cdf": _cumulative, "ccdf": _beyond}[kind]
    rows: list[Row] = []
    for axes, panel in zip(all_axes, panels, strict=True):
        told = [(series.label, *row) for index, series in enumerate(panel.series)
                for row in draw(axes, index, series, panel, options)]  # fmt: skip
        rows += [(panel.title, *row) for row in told]
        _dress(axes, kind, options)
        if kind == "histogram" and axes.get_yscale() == "log":
            _hold_shares(axes, [float(row[-1]) for row in told])
    for number, (axes, panel) in enumerate(zip(all_axes, panels, strict=True)):
        set_limits(axes, options)
        heading = "\n".join(part for part in (options.titled(title) if number == 0 else "", panel.title) if part)
        place_legend(axes, heading, options.legend if legends[number] else "none")
        axes.set_xlabel("latency (ns)" if number == len(panels) - 1 else "")
    _label_shares(figure, list(all_axes), Y_LABELS[kind], options)
    columns = {
        "histogram": ("panel", "series", "from_ns", "to_ns", "operations", "share"),
        "cdf": ("panel", "series", "ns", "operations", "cumulative_share"),
        "ccdf": ("panel", "series", "ns", "operations", "share_at_least_as_long"),
    }[kind]
    return Drawn(figure, columns, tuple(rows))


def _label_shares(figure: Figure, all_axes: Sequence[Axes], label: str, options: Options) -> None:
    """Name the y axes: each of few, or all together where the panels are too low for it."""
    if len(all_axes) > HIGH_PANELS:
        figure.supylabel(label, fontsize=options.font_size)
        return
    for axes in all_axes:
        axes.set_ylabel(label)


def _legend_panels(panels: Sequence[Panel], options: Options) -> list[int]:
    """Return how many rows of legend stand above each panel: none where it is that of the panel before."""
    rows, before = [], None
    for panel in panels:
        labels = [series.label for series in panel.series]
        needed = len(labels) > 1 or bool(labels[0])
        rows.append(-(-len(labels) // 2) if labels != before and needed and options.legend != "none" else 0)
        before = labels
    return rows


def _dress(axes: Axes, kind: str, options: Options) -> None:
    from matplotlib.ticker import FuncFormatter

    if options.x_scale == "linear":
        axes.set_xlim(left=0)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    else:
        log_time_axis(axes)
    scale = options.y_scale or {"histogram": "log", "cdf": "linear", "ccdf": "log"}[kind]
    axes.set_yscale(scale)
    if kind != "histogram" and scale == "linear":
        axes.set_ylim(0, 1.02)
    if scale == "log":
        plain_log_ticks(axes.yaxis, share=True)
    else:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.10g}%"))


def _hold_shares(axes: Axes, shares: Sequence[float]) -> None:
    """Let a logarithmic axis begin below the least share, which is seen as a bar, and end above the largest."""
    least = min((share for share in shares if share), default=1.0)
    axes.set_ylim(least / 1.6, max([least, *shares]) * 1.4)


def _cumulative(axes: Axes, index: int, series: Series, panel: Panel, options: Options) -> Iterator[Row]:
    values, shares = cumulative(series.cycles, series.frequency_hz)
    axes.plot(*steps(values, shares), drawstyle="steps-post", label=series.label, **line_look(index))
    for value, count, share in zip(values, series.cycles.counts, shares, strict=True):
        yield value, count, round(share, 9)


def _beyond(axes: Axes, index: int, series: Series, panel: Panel, options: Options) -> Iterator[Row]:
    values, shares = cumulative(series.cycles, series.frequency_hz)
    draw_tail(axes, values, shares, index, series.label)
    axes.set_ylabel("")
    total, left = series.cycles.count, series.cycles.count
    for value, count in zip(values, series.cycles.counts, strict=True):
        yield value, count, round(left / total, 9)
        left -= count


def _histogram(axes: Axes, index: int, series: Series, panel: Panel, options: Options) -> Iterator[Row]:
    """Draw the share of operations in bins that are the same for all series of a panel."""
    edges = _edges(panel, options.x_scale == "linear", options.x_limits[1])
    counts = [0] * (len(edges) - 1)
    for cycles, count in zip(series.cycles.values, series.cycles.counts, strict=True):
        counts[bisect.bisect_right(edges, nanoseconds(cycles, series.frequency_hz)) - 1] += count
    total = series.cycles.count
    shares = [count / total for count in counts]
    look = line_look(index)
    alone: dict[str, Any] = {"fill": True, "facecolor": "#B7D3E8"} if len(panel.series) == 1 else {}
    axes.stairs(shares, edges, label=series.label, baseline=None if not alone else 0, edgecolor=look["color"], **alone,
                linestyle=look["linestyle"], linewidth=look["linewidth"])  # fmt: skip
    for low, high, count in zip(edges, edges[1:], counts, strict=False):
        if count:
            yield round(low, 6), round(high, 6), count, round(count / total, 9)


def _edges(panel: Panel, linear: bool, limit: float | None) -> list[float]:
    """Return the bins' edges in ns, the last above every latency; equal ones divide an axis that ends at `limit`."""
    values = [
        nanoseconds(value, series.frequency_hz)
        for series in panel.series
        for value in (series.cycles.values[0], series.cycles.maximum)
    ]
    if linear:
        shown = min(limit, max(values)) if limit is not None and limit > 0 else max(values)
        step = shown / LINEAR_BINS or 1.0
        edges = [step * number for number in range(LINEAR_BINS + 2)]
        return edges if edges[-1] > max(values) else [*edges, max(values) + max(step, 1.0)]
    low, high = max(min(values), 0.1), max(*values, 0.2)
    first, last = math.floor(math.log10(low) * BINS_PER_DECADE), math.floor(math.log10(high) * BINS_PER_DECADE) + 1
    edges = [10 ** (step / BINS_PER_DECADE) for step in range(first, last + 1)]
    return [min(values[0], edges[0]), *edges[1:]] if edges[0] <= min(values) else [0.0, *edges]


def _percentiles(title: str, panels: Sequence[Panel], options: Options, notes: tuple[str, ...]) -> Drawn:
    """Draw a row for each series with a mark at each percentile: any number of arms in any order of names."""
    names = sum(len(panel.series) for panel in panels)
    if names > MOST_ROWS:
        told = f"{names} rows do not fit on a page (at most {MOST_ROWS})"
        raise UserError(told, expected="fewer with --arm, --operation, --path or --cache")
    labels = [series.label for panel in panels for series in panel.series]
    lines = folded_names(labels, options.width, options.font_size)[1]
    each = 0.15 if lines == 1 else 0.05 + 0.11 * lines
    height = options.height or 0.55 + sum(0.35 + each * len(panel.series) for panel in panels)
    figure = new_figure(height, options.width)
    ratios = [0.8 + len(panel.series) for panel in panels]
    all_axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False, height_ratios=ratios)[:, 0]
    rows: list[Row] = []
    for number, (axes, panel) in enumerate(zip(all_axes, panels, strict=True)):
        rows += _percentile_rows(axes, panel, options)
        if options.x_scale == "linear":
            axes.set_xlim(left=0)
        else:
            log_time_axis(axes)
        set_limits(axes, options)
        heading = "\n".join(part for part in (options.titled(title) if number == 0 else "", panel.title) if part)
        if number == 0 and options.legend != "none":
            legend_above(axes, heading, columns=5 if lines == 1 else 3, handle=1.0)
        else:
            axes.set_title(heading)
        axes.set_xlabel("latency (ns)" if number == len(panels) - 1 else "")
    return Drawn(figure, ("panel", "series", "operations", "percentile", "ns"), tuple(rows), notes)


def _percentile_rows(axes: Axes, panel: Panel, options: Options) -> Iterator[Row]:
    places = range(len(panel.series))
    shares = dict(PERCENTILES) | {"max": 100_000}
    for name, share in shares.items():
        values = [nanoseconds(s.cycles.percentile(share), s.frequency_hz) for s in panel.series]
        axes.plot(values, places, MARKERS[name], color="#222222", markersize=3.2, label=name, fillstyle="none", mew=0.7)
        for series, value in zip(panel.series, values, strict=True):
            yield panel.title, series.label, series.cycles.count, name, value
    names, _ = folded_names([series.label for series in panel.series], options.width, options.font_size)
    axes.set_yticks(places, names, linespacing=1.0)
    axes.set_ylim(len(panel.series) - 0.5, -0.5)
