"""Measurements of a machine as a figure: a panel for each part that was measured, in a column's width."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from simslab.report.canvas import house_style, write_figure
from simslab.report.plot.measured import draw_measured
from simslab.report.plot.options import Options

if TYPE_CHECKING:
    from simslab.instruments.measure.whole import MachineMeasurement


def draw_measurement(measurement: MachineMeasurement, path: Path) -> None:
    """Write the figure to `path`; its suffix chooses the format. UserError if nothing was measured."""
    with house_style():
        write_figure(draw_measured(measurement.machine, asdict(measurement), Options()).figure, path)
