"""The latency figure for papers: how long operations took by path, and what the cycles went to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from simslab.machine.accounting.causes import CAUSE_NAMES
from simslab.report.canvas import (
    COLOURS,
    DASHES,
    draw_tail,
    house_style,
    legend_above,
    log_time_axis,
    new_figure,
    save,
    steps,
)
from simslab.result.latency import Distribution, by_operation, by_path, cumulative
from simslab.result.measurement import AttributionRow, Measurement
from simslab.result.nanoseconds import mean_nanoseconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

CURVES_HEIGHT: Final = 1.45  # inches
PATHS_SHOWN: Final = 7  # lines and bars per figure; the rarest paths are left out, which the legend says
_SHADES: Final = {  # causes that are kin share a hue; hatches tell them apart in print and for the colour-blind
    "instructions": ("#B0B0B0", ""),
    "l1": ("#C6DBEF", ""),
    "l2": ("#9ECAE1", ""),
    "l3": ("#6BAED6", ""),
    "other_core": ("#3182BD", ""),
    "local_dram": ("#08519C", ""),
    "remote_cache": ("#E69F00", ""),
    "remote_dram": ("#D55E00", ""),
    "link_queue": ("#D55E00", "////"),
    "dram_queue": ("#08519C", "////"),
    "lock_wait": ("#CC79A7", ""),
    "lock_handover": ("#CC79A7", "////"),
    "irq_mask": ("#000000", ""),
    "irq_handler": ("#555555", "////"),
    "page_allocator": ("#009E73", ""),
    "locked": ("#CC79A7", "...."),
    "clear": ("#009E73", "////"),
    "wait": ("#E8E8E8", ""),
    "work": ("#E8E8E8", "////"),
    "ipi_wait": ("#000000", "...."),
    "tlb": ("#F0E442", ""),
    "store_buffer": ("#56B4E9", "...."),
    "cache_queue": ("#6BAED6", "////"),
}
_OTHER_SHADE: Final = ("#7F7F7F", "....")


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
    bar_axes, legend_space = lower.subplots(2, 1, height_ratios=(heights[1] - 0.6, 0.6))
    _draw_causes(bar_axes, bars, measurement.frequency_hz)
    _draw_cause_legend(legend_space, bar_axes)
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
        label = f"{path} ({_share(latencies.count, total)})"
        axes.plot(*points, drawstyle="steps-post", color=COLOURS[index], linestyle=DASHES[index], label=label)
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("cumulative share")
    log_time_axis(axes)
    legend_above(axes, f"{operation}: latency by path (share of operations)")


def _share(count: int, total: int) -> str:
    share = 100 * count / total
    return f"{share:.1f}%" if share >= 0.1 else f"{share:.2g}%"


def _draw_beyond(axes: Axes, measurement: Measurement) -> None:
    """Share of operations that took longer, on a logarithmic scale: the tail."""
    for index, (operation, latencies) in enumerate(by_operation(measurement).items()):
        draw_tail(axes, *cumulative(latencies, measurement.frequency_hz), index, operation)
    log_time_axis(axes)
    legend_above(axes, "tail, all paths", columns=4)


def _bars(measurement: Measurement) -> list[AttributionRow]:
    """Return the rows to draw: of each operation the shown paths, most frequent first."""
    rows = {(row.operation, row.path): row for row in measurement.attribution if row.operations}
    return [
        rows[operation, path]
        for operation in by_operation(measurement)
        for path in shown_paths(measurement, operation)
        if (operation, path) in rows
    ]


def _draw_causes(axes: Axes, bars: list[AttributionRow], frequency_hz: int) -> None:
    """One bar a path, split by cause in shares of its mean; the mean in ns stands at its end."""
    present = [name for name in CAUSE_NAMES if any(row.causes.get(name) for row in bars)]
    present += sorted({name for row in bars for name, cycles in row.causes.items() if cycles} - set(present))
    starts = [0.0] * len(bars)
    for name in present:
        widths = [100 * row.causes.get(name, 0) / row.total if row.total else 0.0 for row in bars]
        colour, hatch = _SHADES.get(name, _OTHER_SHADE)
        edge = "white" if hatch else colour
        axes.barh(
            range(len(bars)),
            widths,
            left=starts,
            height=0.72,
            color=colour,
            hatch=hatch,
            edgecolor=edge,
            linewidth=0,
            label=name,
        )
        starts = [start + width for start, width in zip(starts, widths, strict=True)]
    for place, row in enumerate(bars):
        mean = mean_nanoseconds(row.total, row.operations, frequency_hz)
        axes.text(101, place, f"{mean:,.0f} ns", va="center", fontsize=6.0)
    axes.set_yticks(range(len(bars)), [f"{row.operation} {row.path}" for row in bars])
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("% of cycles (right: mean latency)")
    axes.set_title("where the cycles went, by path")


def _draw_cause_legend(space: Axes, bars: Axes) -> None:
    """Put the legend of the causes into a panel of its own, below the bars."""
    space.axis("off")
    handles, labels = bars.get_legend_handles_labels()
    if labels:
        space.legend(
            handles,
            labels,
            loc="upper center",
            ncols=4,
            columnspacing=0.7,
            handlelength=1.0,
            labelspacing=0.3,
            borderaxespad=0,
        )
