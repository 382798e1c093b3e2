"""Published measurements, and what the model says to each: rows of a table, measured, compared, judged.

A table has the columns machine, metric, from, to, state, value, unit (as `machine-latency.csv`). Each row is turned
into a question to the machine (`answers.py`); rows that have no meaning for the model are listed with the reason.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from simslab.base.documents.input import read_text
from simslab.base.errors import Problem, UserError, UserErrors, near_miss
from simslab.base.units import CYCLE_UNITS
from simslab.instruments.reference.metrics import DISTANCES, METRICS, stated_unit

MAX_BYTES: Final = 16 << 20
NUMBER: Final = r"(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})"
RANGE: Final = re.compile(rf"({NUMBER})(?:\s*-\s*({NUMBER}))?", re.ASCII)
BOUND: Final = re.compile(rf"[<>]=?\s*{NUMBER}", re.ASCII)
OTHER_SEPARATORS: Final = {";": "semicolons", "\t": "tabs", "|": "|"}
COLUMNS: Final = ("machine", "metric", "from", "to", "state", "value", "unit")


@dataclass(frozen=True, slots=True)
class Row:
    """One published figure; `low` and `high` differ where a range was published."""

    line: int  # in the file
    machine: str
    metric: str
    source: str
    target: str
    state: str
    value: str
    unit: str

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Lowest and highest published value, None where the value is no number above 0, or a range backwards."""
        match = RANGE.fullmatch(self.value.strip())
        if match is None:
            return None
        low, high = float(match[1]), float(match[2] or match[1])
        return (low, high) if 0 < low <= high else None


@dataclass(frozen=True, slots=True)
class Cell:
    """A row beside what the model measures; `measured` in the row's unit."""

    row: Row
    kind: str  # of tolerance
    measured: float
    published: float  # of a range, what is nearest to the measured value
    detail: str = ""

    @property
    def error(self) -> float:
        """Relative error."""
        return self.measured / self.published - 1 if self.published else 0.0


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that cannot be compared."""

    row: Row
    reason: str


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What the errors of one kind of figure may be: mean and worst, relative; `cycles`: or so many."""

    mean: float
    worst: float
    cycles: float = 0.0


TOLERANCES: Final = {
    "idle latency": Tolerance(0.03, 0.06),
    "cache level": Tolerance(0.03, 0.03, cycles=1.0),
    "cache to cache": Tolerance(0.08, 0.15),
    "bandwidth": Tolerance(0.05, 0.05),
    "knee": Tolerance(0.10, 0.10),
    "plateau": Tolerance(0.20, 0.20),
    "distance": Tolerance(0.0, 0.0),
    "cost": Tolerance(0.05, 0.10),
}
UNJUDGED: Final = "shown only"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Errors of one kind of figure against its tolerance."""

    kind: str
    cells: int
    mean: float
    worst: float
    passed: bool


def read_table(path: Path) -> list[Row]:
    """Return the rows of a table; UserError if it cannot be read or lacks a column."""
    text = read_text(path, "a table of published figures", MAX_BYTES)  # spreadsheets put a byte-order mark first
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        _check_heading(reader.fieldnames or (), path)
        return [_row(reader, record, path) for record in reader if not (record["machine"] or "").startswith("#")]
    except csv.Error as error:
        raise UserError(f"is no CSV: {error}", file=str(path), line=reader.line_num, column=1) from None


def _check_heading(names: Sequence[str], path: Path) -> None:
    missing = [name for name in COLUMNS if name not in names]
    if not missing:
        return
    other = next((mark for mark in OTHER_SEPARATORS if mark in (names[0] if names else "")), None)
    if other is not None:
        told = f"columns are separated by {OTHER_SEPARATORS[other]}"
        raise UserError(told, file=str(path), line=1, column=1, expected="commas, and a decimal point in numbers")
    told = f"no column '{missing[0]}'"
    raise UserError(told, file=str(path), line=1, column=1, expected=", ".join(COLUMNS))


def _row(reader: csv.DictReader[str], record: dict[str | Any, str | Any], path: Path) -> Row:
    """Return a row; UserError where it has more fields than the heading, or lacks some of those that are read."""
    line, width = reader.line_num, len(reader.fieldnames or ())
    if None in record:  # where `csv` puts what is behind the last column
        told = f"the row has {width + len(record[None])} fields, the heading {width}"
        expected = "a decimal point in numbers, and quotation marks around a field that holds a comma"
        raise UserError(told, file=str(path), line=line, column=1, expected=expected)
    if any(record[name] is None for name in COLUMNS):
        told = f"the row has {sum(field is not None for field in record.values())} fields, the heading {width}"
        raise UserError(told, file=str(path), line=line, column=1, expected="a field for each column, if an empty one")
    machine, metric, source, target, state, value, unit = ((record[name] or "").strip() for name in COLUMNS)
    return Row(line, machine, metric, source, target, state, value, stated_unit(metric, unit))


def rows_of(rows: Iterable[Row], names: Sequence[str], path: Path) -> list[Row]:
    """Return the rows of the machines called `names`; UserError if there are none or one's unit is not its metric's."""
    table = list(rows)
    if not table:
        raise UserError("has no rows", file=str(path), expected="one below the heading")
    found = [row for row in table if row.machine in names]
    if not found:
        known = sorted({row.machine for row in table})
        raise UserError(
            f"no rows for {' or '.join(names)}; it has {', '.join(known)}",
            file=str(path),
            expected=f"--as {known[0]}" if len(known) == 1 else "--as and one of those" if known else "",
        )
    problems = [_unit_problem(row, path) for row in found if unit_fault(row)]
    if problems:
        raise UserErrors(problems)
    return found


def refuse_values(rows: Iterable[Row], path: Path) -> None:
    """Raise a UserError that names the rows whose metric the model answers to and whose value is no number above 0."""
    expected = "a number such as 89.5, a range such as 80-90 or a bound such as >270"
    problems = [
        Problem(f"value '{row.value[:40]}': {value_fault(row)}", str(path), row.line, 1, expected=expected)
        for row in rows
        if value_fault(row)
    ]
    if problems:
        raise UserErrors(problems)


def value_fault(row: Row) -> str:
    """Return what is wrong with a row's value, nothing of a bound (`>270`), which is no mistake."""
    if row.metric not in METRICS or row.metric == DISTANCES or row.bounds or BOUND.fullmatch(row.value.strip()):
        return ""
    return "not a number above 0"


def unit_fault(row: Row) -> str:
    """Return what is wrong with a row's unit."""
    units = METRICS.get(row.metric, ())
    return f"{row.metric} in '{row.unit[:40]}'" if units and row.unit not in units else ""


def _unit_problem(row: Row, path: Path) -> Problem:
    units = METRICS[row.metric]
    near = near_miss(row.unit, units)
    return Problem(unit_fault(row), str(path), row.line, 1, expected=", ".join(units), near=near)


def judge(cells: Iterable[Cell]) -> list[Verdict]:
    """Return a verdict for each kind of figure that has a tolerance."""
    by_kind: dict[str, list[Cell]] = {}
    for cell in cells:
        by_kind.setdefault(cell.kind, []).append(cell)
    return [_verdict(kind, by_kind[kind]) for kind in TOLERANCES if kind in by_kind]


def _verdict(kind: str, cells: Sequence[Cell]) -> Verdict:
    allowed = TOLERANCES[kind]
    errors = [0.0 if _within_cycles(cell, allowed) else abs(cell.error) for cell in cells]
    mean, worst = sum(errors) / len(errors), max(errors)
    return Verdict(kind, len(cells), mean, worst, mean <= allowed.mean and worst <= allowed.worst)


def _within_cycles(cell: Cell, allowed: Tolerance) -> bool:
    return cell.row.unit in CYCLE_UNITS and abs(cell.measured - cell.published) <= allowed.cycles
