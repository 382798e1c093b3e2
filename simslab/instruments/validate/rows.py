"""The rows that the model is compared with: data files, one row a figure.

`silicon-allocators.csv` and `silicon-machine.csv` are measurements of the real mm/slab.c on real cores; `published.csv`
are figures of mails and manuals. Columns: source, machine (a shipped one), nodes, workload, parameters (`name=value`,
separated by blanks), metric, value, low, high, unit (ns or cycles), tolerance (a share), use (`calibration`: the
model's costs were chosen with it in view; `prediction`: they were not). Rows are added by adding data.

`delay_ps` of a qspinlock row is the time of its `delay` turns of a loop: what they add to the row of one CPU.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from simslab.base.errors import UserError

FILES: Final = ("silicon-allocators.csv", "silicon-machine.csv", "published.csv")
COLUMNS: Final = (
    "source",
    "machine",
    "nodes",
    "workload",
    "parameters",
    "metric",
    "value",
    "low",
    "high",
    "unit",
    "tolerance",
    "use",
)  # fmt: skip
USES: Final = ("calibration", "prediction")


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure; between `low` and `high` lie its repeats, or the range that was published."""

    file: str
    line: int
    source: str
    machine: str
    nodes: int
    workload: str
    parameters: str
    metric: str
    value: float
    low: float
    high: float
    unit: str
    tolerance: float
    use: str

    def number(self, name: str) -> int:
        """Return an integer parameter; UserError when the row lacks it."""
        text = dict(pair.split("=", 1) for pair in self.parameters.split()).get(name, "")
        if not text.isdigit():
            raise UserError(f"the row has no number '{name}'", file=self.file, line=self.line)
        return int(text)

    def has(self, name: str) -> bool:
        """Whether the row has a parameter."""
        return f"{name}=" in f" {self.parameters}"

    @property
    def title(self) -> str:
        """The row in words: machine, nodes, workload, parameters, metric."""
        return f"{self.machine} {self.nodes} {self.workload} {self.parameters} {self.metric}"

    @property
    def question(self) -> tuple[str, int, str, str]:
        """What one run of the model answers: rows that differ in their metric alone share it."""
        return self.machine, self.nodes, self.workload, self.parameters


def shipped_rows() -> list[Row]:
    """Return the rows of all shipped files."""
    folder = resources.files("simslab.instruments.validate")
    return [row for name in FILES for row in parse(folder.joinpath(name).read_text(encoding="utf-8"), name)]


def read_file(path: Path) -> list[Row]:
    """Return the rows of a user's file; UserError when it is no such table."""
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot be read: {error}", file=str(path)) from None


def parse(text: str, file: str) -> list[Row]:
    """Return the rows of a table."""
    reader = csv.DictReader(text.splitlines())
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise UserError(f"has no column '{missing[0]}'", file=file, line=1, expected=", ".join(COLUMNS))
    return [_row(fields, file, number) for number, fields in enumerate(reader, 2)]


def _row(fields: dict[str, str], file: str, line: int) -> Row:
    if fields["use"] not in USES:
        raise UserError(f"use '{fields['use']}'", file=file, line=line, expected=" or ".join(USES))
    try:
        value, low, high, tolerance = (float(fields[name]) for name in ("value", "low", "high", "tolerance"))
        nodes = int(fields["nodes"])
    except (ValueError, TypeError) as error:
        raise UserError(f"is no row of figures: {error}", file=file, line=line, expected="numbers") from None
    return Row(
        file,
        line,
        fields["source"],
        fields["machine"],
        nodes,
        fields["workload"],
        fields["parameters"],
        fields["metric"],
        value,
        low,
        high,
        fields["unit"],
        tolerance,
        fields["use"],
    )
