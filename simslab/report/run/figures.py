"""The latency figure for papers: how long operations took by path, and what the cycles went to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from simslab.report.canvas import (
    draw_tail,
    house_style,
    legend_above,
    line_look,
    log_time_axis,
    new_figure,
    save,
    steps,
)
from simslab.report.plot.causes import Bar, draw_bars
from simslab.report.tables import share
from simslab.result.latency import Distribution, by_operation, by_path, cumulative
from simslab.result.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

CURVES_HEIGHT: Final = 1.45  # inches
LEGEND: Final = 0.6
PATHS_SHOWN: Final = 7  # lines and bars per figure; how many rarer ones are left out the title says


def save_latency_figure(measurement: Measurement, directory: Path, name: str = "latency") -> list[Path]:
    """Write the latency figure as PDF and PNG into `directory`; return the files."""
    with house_style():
        return save(latency_figure(measurement), directory / name)


def latency_figure(measurement: Measurement) -> Figure:
    """Return the figure: cumulative share, share beyond, and mean by cause. Call it within `house_style`."""
    operations = list(by_operation(measurement))
    bars = _bars(measurement)
    heights = (CURVES_HEIGHT * (len(operations) + 1), 1.1 + 0.16 * len(bars))
    # Parts of their own: the long names beside the bars shall not narrow the curves.
    figure = new_figure(height=sum(heights))
    upper, lower = cast("Sequence[SubFigure]", figure.subfigures(2, 1, height_ratios=heights))
    curves = upper.subplots(len(operations) + 1, 1, sharex=True, squeeze=False)[:, 0]
    for axes, operation in zip(curves, operations, strict=False):
        _draw_cumulative(axes, measurement, operation)
        axes.set_xlabel("")
    _draw_beyond(curves[-1], measurement)
    _draw_causes(lower, bars, heights[1])
    return figure


def shown_paths(measurement: Measurement, operation: str) -> dict[str, Distribution]:
    """Return the most frequent paths of `operation`, at most `PATHS_SHOWN`."""
    paths = {key[1]: latencies for key, latencies in by_path(measurement).items() if key[0] == operation}
    return dict(list(paths.items())[:PATHS_SHOWN])


def _draw_cumulative(axes: Axes, measurement: Measurement, operation: str) -> None:
    """Share of operations that took at most so long, each path on its own scale of 0 to 1."""
    total = by_operation(measurement)[operation].count
    for index, (path, latencies) in enumerate(shown_paths(measurement, operation).items()):
        points = steps(*cumulative(latencies, measurement.frequency_hz))
        label = f"{path} ({share(latencies.count, total)})"
        axes.plot(*points, drawstyle="steps-post", label=label, **line_look(index))
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("cumulative share")
    log_time_axis(axes)
    rarer = len({row.path for row in measurement.latency if row.operation == operation}) - PATHS_SHOWN
    left = f"; {rarer} rarer paths not shown" if rarer > 0 else ""
    legend_above(axes, f"{operation}: latency by path (share of operations{left})")


def _draw_beyond(axes: Axes, measurement: Measurement) -> None:
    """Share of operations that took longer, on a logarithmic scale: the tail."""
    for index, (operation, latencies) in enumerate(by_operation(measurement).items()):
        draw_tail(axes, *cumulative(latencies, measurement.frequency_hz), index, operation)
    log_time_axis(axes)
    legend_above(axes, "tail, all paths", columns=4)


def _bars(measurement: Measurement) -> list[Bar]:
    """Return the bars to draw: of each operation the shown paths, most frequent first."""
    rows = {(row.operation, row.path): row for row in measurement.attribution if row.operations}
    return [
        Bar(f"{operation} {path}", row.operations, row.total, row.causes, measurement.frequency_hz)
        for operation in by_operation(measurement)
        for path in shown_paths(measurement, operation)
        if (row := rows.get((operation, path))) is not None
    ]


def _draw_causes(part: SubFigure, bars: list[Bar], height: float) -> None:
    """Draw the bars with the legend of the causes in a panel of its own below them."""
    axes, space = part.subplots(2, 1, height_ratios=(height - LEGEND, LEGEND))
    if bars:
        draw_bars(axes, bars)
    axes.set_title("where the cycles went, by path")
    space.axis("off")
    handles, labels = axes.get_legend_handles_labels()
    if labels:
        look = {"columnspacing": 0.7, "handlelength": 1.4, "handleheight": 0.9, "labelspacing": 0.3}
        space.legend(handles, labels, loc="upper center", ncols=4, borderaxespad=0, **look)
