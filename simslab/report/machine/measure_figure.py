"""Measurements of a machine as a figure: latency by working set, loaded latency, idle latency matrix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from simslab.base.errors import UserError
from simslab.report.canvas import house_style, plain_log_ticks, write_figure
from simslab.report.machine.describe import size_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

    from simslab.instruments.measure.whole import MachineMeasurement, Matrix


SIZES_NAMED: Final = 12  # below the axis; of more every second or third
NODES_WRITTEN: Final = 8  # up to so many the matrix holds figures, above it only shades


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
    axes.plot([p.bytes for p in points], [p.ns for p in points], marker=".")
    axes.set(xlabel="working set", ylabel="load latency (ns)", title="pointer chase")
    axes.set_xscale("log", base=2)
    sizes = [p.bytes for p in points][:: 1 + len(points) // SIZES_NAMED]
    axes.set_xticks(sizes, [size_text(size) for size in sizes])
    axes.set_xticks([], minor=True)
    axes.set_yscale("log")
    plain_log_ticks(axes.yaxis)


def _loaded(axes: Axes, measurement: MachineMeasurement) -> None:
    points = measurement.loaded or []
    axes.plot([p.gb_per_second for p in points], [p.ns for p in points], marker=".")
    highest = 1.1 * max((p.ns for p in points), default=1.0)
    axes.set(
        xlabel="read bandwidth (GB/s)", ylabel="latency (ns)", xlim=(0, None), ylim=(0, highest), title="loaded latency"
    )


def _lock(axes: Axes, measurement: MachineMeasurement) -> None:
    if measurement.lock is None:
        return
    points = measurement.lock.throughput
    axes.plot([p.cpus for p in points], [p.million_per_second for p in points], marker=".")
    axes.set(xscale="log", xlabel="CPUs that enter one section", ylabel="sections (million/s)", ylim=(0, None))
    axes.set_title(f"spinlock, sections of {measurement.lock.section_ns:g} ns")
    _plain_numbers(axes.xaxis, [1 << power for power in range(0, 12, 1 if len(points) < 8 else 2)])


def _plain_numbers(axis: Axis, ticks: Sequence[int]) -> None:
    """Label a logarithmic axis with numbers instead of powers, at those of `ticks` that it shows."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FuncFormatter(lambda value, _position: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _heat(axes: Axes, measurement: MachineMeasurement) -> None:
    matrix: Matrix = measurement.idle_random or []
    values = [[float("nan") if value is None else value for value in row] for row in matrix]
    axes.set(xlabel="memory of node", ylabel="CPU of node", title="idle latency (ns), random")
    picture = axes.imshow(values, cmap="Blues")
    axes.grid(visible=False)
    dark = max(value for row in values for value in row if value == value) * 0.75
    numbers = [str(number) for number in measurement.nodes]
    axes.set_xticks(range(len(numbers)), numbers)
    axes.set_yticks(range(len(numbers)), numbers)
    if len(numbers) > NODES_WRITTEN:
        axes.figure.colorbar(picture, ax=axes, label="ns")
    else:
        for y, row in enumerate(values):
            for x, value in enumerate(row):
                text, colour = ("" if value != value else f"{value:.0f}"), "white" if value > dark else "black"
                axes.text(x, y, text, ha="center", va="center", color=colour)
