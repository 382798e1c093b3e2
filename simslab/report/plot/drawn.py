"""A drawn figure with the data that stands in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simslab.base.output import write_file
from simslab.base.printable import csv_cell

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Row = Sequence[str | int | float]


@dataclass(frozen=True)
class Drawn:
    """A figure, the columns and rows of its data, and what the reader must be told about the choice of the plot."""

    figure: Figure
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def csv_text(self) -> str:
        """Return the data as CSV."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([csv_cell(value) for value in row] for row in self.rows)
        return stream.getvalue()

    def write(self, path: Path) -> None:
        """Write the figure, and its data beside it as CSV."""
        from simslab.report.canvas import write_figure

        write_figure(self.figure, path)
        write_file(data_file(path), self.csv_text())


def data_file(path: Path) -> Path:
    """Return where the data of the figure at `path` lies."""
    return path.with_suffix(".csv")
