"""Measurements of a machine as a figure: latency by working set, loaded latency, idle latency matrix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from simslab.base.errors import UserError
from simslab.report.canvas import house_style, write_figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

    from simslab.machine.measure.whole import MachineMeasurement, Matrix


def draw_measurement(measurement: MachineMeasurement, path: Path) -> None:
    """Write a panel for each part that was measured to `path`; its suffix (.pdf, .png, .svg) chooses the format."""
    # Imported here so that text output does not wait for matplotlib.
    from matplotlib.figure import Figure

    with house_style():
        figure = Figure(figsize=(7, 7.5), layout="constrained")
        parts = [
            (draw, height)
            for data, draw, height in (
                (measurement.chase, _chase, 1.0),
                (measurement.loaded, _loaded, 1.0),
                (measurement.lock, _lock, 1.0),
                (measurement.idle_random, _heat, 1.4),
            )
            if data
        ]
        if not parts:
            raise UserError("nothing to draw", expected="--part cache, latency, loaded or lock beside --plot")
        figure.set_figheight(2.2 * sum(height for _, height in parts))
        panels = figure.subplots(len(parts), 1, height_ratios=[height for _, height in parts], squeeze=False)
        figure.suptitle(measurement.machine)
        for axes, (draw, _) in zip(panels[:, 0], parts, strict=True):
            draw(axes, measurement)
        write_figure(figure, path)


def _chase(axes: Axes, measurement: MachineMeasurement) -> None:
    points = measurement.chase or []
    axes.plot([p.bytes / 1024 for p in points], [p.ns for p in points], marker=".")
    axes.set(xscale="log", yscale="log", xlabel="working set (KiB)", ylabel="load latency (ns)")
    _plain_numbers(axes.xaxis, [4**power for power in range(1, 12)])
    _plain_numbers(axes.yaxis, [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000])


def _plain_numbers(axis: Axis, ticks: Sequence[int]) -> None:
    """Label a logarithmic axis with numbers instead of powers, at those of `ticks` that it shows."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FuncFormatter(lambda value, _position: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _loaded(axes: Axes, measurement: MachineMeasurement) -> None:
    points = measurement.loaded or []
    axes.plot([p.gb_per_second for p in points], [p.ns for p in points], marker=".")
    axes.set(xlabel="read bandwidth (GB/s)", ylabel="latency (ns)", ylim=(0, None))


def _lock(axes: Axes, measurement: MachineMeasurement) -> None:
    points = measurement.lock.throughput if measurement.lock is not None else []
    axes.plot([p.cpus for p in points], [p.million_per_second for p in points], marker=".")
    axes.set(xscale="log", xlabel="CPUs that enter one section", ylabel="sections (million/s)", ylim=(0, None))
    _plain_numbers(axes.xaxis, [1 << power for power in range(0, 12, 1 if len(points) < 8 else 2)])


def _heat(axes: Axes, measurement: MachineMeasurement) -> None:
    matrix: Matrix = measurement.idle_random or []
    values = [[float("nan") if value is None else value for value in row] for row in matrix]
    axes.set(xlabel="memory of node", ylabel="CPU of node", title="idle latency (ns), random")
    axes.imshow(values, cmap="Blues")
    axes.grid(visible=False)
    dark = max(value for row in values for value in row if value == value) * 0.75
    numbers = [str(number) for number in measurement.nodes]
    axes.set_xticks(range(len(numbers)), numbers)
    axes.set_yticks(range(len(numbers)), numbers)
    if len(numbers) <= 8:
        for y, row in enumerate(values):
            for x, value in enumerate(row):
                text, colour = ("" if value != value else f"{value:.0f}"), "white" if value > dark else "black"
                axes.text(x, y, text, ha="center", va="center", color=colour)
