"""The small figure of a comparison: latency of all operations in each arm, and its tail."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from simslab.report.canvas import COLOURS, DASHES, house_style, legend_above, log_time_axis, new_figure, save, steps
from simslab.report.comparison import Comparison
from simslab.report.latency import cumulative

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save_comparison_figure(comparison: Comparison, directory: Path, name: str = "comparison") -> list[Path]:
    """Write the figure as PDF and PNG into `directory`; return the files."""
    with house_style():
        return save(comparison_figure(comparison), directory / name)


def comparison_figure(comparison: Comparison) -> Figure:
    """Return the figure: cumulative share above, share at least as long below. Call it within `house_style`."""
    figure = new_figure(height=3.1)
    upper, lower = figure.subplots(2, 1, sharex=True)
    for index, arm in enumerate(arm for arm in comparison.arms if arm.latency.count):
        style = {"color": COLOURS[index % len(COLOURS)], "linestyle": DASHES[index % len(DASHES)]}
        times, shares = cumulative(arm.latency, arm.frequency_hz)
        upper.plot(*steps(times, shares), drawstyle="steps-post", label=arm.name, **style)
        lower.plot(times, [1.0, *(1 - share for share in shares[:-1])], drawstyle="steps-pre", **style)
    for axes in (upper, lower):
        log_time_axis(axes)
    upper.set_xlabel("")
    upper.set_ylim(0, 1.02)
    upper.set_ylabel("cumulative share")
    lower.set_yscale("log")
    lower.set_ylabel("share at least as long")
    legend_above(upper, f"{comparison.workload} on {comparison.machine}: all operations", columns=3)
    return figure
