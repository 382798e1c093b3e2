"""The small figure of a comparison: latency of each operation in each arm, and the tail of all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simslab.report.canvas import (
    LINES,
    draw_tail,
    house_style,
    legend_above,
    line_look,
    log_time_axis,
    new_figure,
    save,
    steps,
)
from simslab.report.comparison.comparison import Comparison
from simslab.report.plot.distributions import draw_distribution
from simslab.report.plot.options import Options
from simslab.report.plot.series import Panel, Series
from simslab.result.latency import Distribution, cumulative

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


ALL: Final = "all operations"


def save_comparison_figure(comparison: Comparison, directory: Path, name: str = "comparison") -> list[Path]:
    """Write the figure as PDF and PNG into `directory`; return the files."""
    with house_style():
        return save(comparison_figure(comparison), directory / name)


def comparison_figure(comparison: Comparison) -> Figure:
    """Return the figure: cumulative share by operation, and share at least as long of all. Call it in `house_style`.

    Of more arms than lines can be told apart it shows percentiles, a row for each arm.
    """
    panels = _operations(comparison)
    if len(comparison.arms) > len(LINES):
        return _percentiles(comparison, panels)
    figure = new_figure(height=0.35 + 1.35 * (len(panels) + 1))
    *uppers, lower = figure.subplots(len(panels) + 1, 1, sharex=True)
    for axes, (operation, arms) in zip(uppers, panels.items(), strict=True):
        _draw_cumulative(axes, comparison, arms)
        axes.set_title(operation)
    _draw_beyond(lower, comparison)
    title = f"{comparison.workload} on {comparison.machine}"
    legend_above(uppers[0], f"{title}\n{next(iter(panels))}", columns=3)
    return figure


def _operations(comparison: Comparison) -> dict[str, dict[str, Distribution]]:
    """Return the latencies by arm of each operation; of all together where nothing tells them apart."""
    names = sorted({name for arm in comparison.arms for name in arm.by_operation})
    found = {
        name: {arm.name: arm.by_operation[name] for arm in comparison.arms if name in arm.by_operation}
        for name in names
    }
    return found or {ALL: {arm.name: arm.latency for arm in comparison.arms}}


def _percentiles(comparison: Comparison, panels: dict[str, dict[str, Distribution]]) -> Figure:
    frequency = {arm.name: arm.frequency_hz for arm in comparison.arms}
    drawn = [
        Panel(name, tuple(Series(arm, cycles, frequency[arm]) for arm, cycles in arms.items() if cycles.count))
        for name, arms in panels.items()
    ]
    title = f"{comparison.workload} on {comparison.machine}"
    return draw_distribution("percentiles", title, drawn, Options()).figure


def _style(comparison: Comparison, arm: str) -> dict[str, Any]:
    """Return the line of an arm: the same in every panel."""
    return line_look([each.name for each in comparison.arms].index(arm))


def _draw_cumulative(axes: Axes, comparison: Comparison, arms: dict[str, Distribution]) -> None:
    frequency = {arm.name: arm.frequency_hz for arm in comparison.arms}
    for name, latencies in arms.items():
        if latencies.count:
            points = steps(*cumulative(latencies, frequency[name]))
            axes.plot(*points, drawstyle="steps-post", label=name, **_style(comparison, name))
    log_time_axis(axes)
    axes.set(xlabel="", ylim=(0, 1.02), ylabel="cumulative share")


def _draw_beyond(axes: Axes, comparison: Comparison) -> None:
    for index, arm in enumerate(comparison.arms):
        if arm.latency.count:
            draw_tail(axes, *cumulative(arm.latency, arm.frequency_hz), index, arm.name)
    log_time_axis(axes)
    axes.set_title(ALL)
