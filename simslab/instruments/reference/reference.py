"""Published measurements, and what the model says to each: rows of a table, measured, compared, judged.

A table has the columns machine, metric, from, to, state, value, unit (as `machine-latency.csv`). Each row is turned
into a question to the machine (`answers.py`); rows that have no meaning for the model are listed with the reason.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

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
NEEDED: Final = frozenset({"machine", "metric", "value"})  # the others may be empty, or not be there at a row's end


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
    fault: str = ""  # what is wrong with its width

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
    records = _records(read_text(path, "a table of published figures", MAX_BYTES), path)
    heading_line, names = next(records, (1, []))
    _check_heading(names, heading_line, path)
    return [_row(line, names, fields) for line, fields in records]


def _records(text: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the line and the fields of each record that is no comment; UserError if a quotation mark is left open."""
    lines = ["\n" if line.startswith("#") else line for line in io.StringIO(text, newline="")]
    reader = csv.reader(lines)
    first = 1
    try:
        for fields in reader:
            _check_closed(lines[first - 1 : reader.line_num], first, path)
            if fields and not fields[0].startswith("#"):  # spreadsheets quote a comment that has commas
                yield first, fields
            first = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"is no CSV: {error}", file=str(path), line=reader.line_num, column=1) from None


def _check_closed(lines: Sequence[str], first: int, path: Path) -> None:
    """Raise a UserError if a quoted field of a record ends with the file, or at a mark that opens one further down."""
    try:
        list(csv.reader(lines, strict=True))
    except csv.Error as error:
        if len(lines) > 1 or "unexpected end" in str(error):
            told = "a quotation mark that nothing closes"
            raise UserError(told, file=str(path), line=first, column=1, expected="one at each end of a field") from None


def _check_heading(names: Sequence[str], line: int, path: Path) -> None:
    missing = [name for name in COLUMNS if name not in names]
    if not missing:
        return
    other = next((mark for mark in OTHER_SEPARATORS if mark in (names[0] if names else "")), None)
    if other is not None:
        told = f"columns are separated by {OTHER_SEPARATORS[other]}"
        raise UserError(told, file=str(path), line=line, column=1, expected="commas, and a decimal point in numbers")
    told = f"no column '{missing[0]}'"
    raise UserError(told, file=str(path), line=line, column=1, expected=", ".join(COLUMNS))


def _row(line: int, names: Sequence[str], fields: Sequence[str]) -> Row:
    """Return a row, with what is wrong with its width: more fields than the heading, or needed ones missing."""
    record = dict(zip(names, fields, strict=False))
    told = f"the row has {len(fields)} fields, the heading {len(names)}"
    fault = told if len(fields) > len(names) or not record.keys() >= NEEDED else ""
    machine, metric, source, target, state, value, unit = (record.get(name, "").strip() for name in COLUMNS)
    return Row(line, machine, metric, source, target, state, value, stated_unit(metric, unit), fault)


def rows_of(rows: Iterable[Row], names: Sequence[str], path: Path) -> list[Row]:
    """Return the rows of the machines called `names`; UserError if there are none or one's unit is not its metric's.

    So is a width that is not the heading's; of other machines neither is looked at.
    """
    table = list(rows)
    if not table:
        raise UserError("has no rows", file=str(path), expected="one below the heading")
    wide = [_width_problem(row, path) for row in table if row.fault and (row.machine in names or not row.machine)]
    if wide:
        raise UserErrors(wide)
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
    match = RANGE.fullmatch(row.value.strip())
    backwards = match is not None and match[2] is not None and float(match[2]) < float(match[1])
    return "a range backwards" if backwards else "not a number above 0"


def unit_fault(row: Row) -> str:
    """Return what is wrong with a row's unit."""
    units = _units(row.metric)
    return f"{row.metric} in '{row.unit[:40]}'" if units and row.unit not in units else ""


def _units(metric: str) -> Sequence[str]:
    return ("SLIT", "") if metric == DISTANCES else METRICS.get(metric, ())


def _width_problem(row: Row, path: Path) -> Problem:
    expected = "a field for each column; a decimal point in numbers, and quotation marks around a field with a comma"
    return Problem(row.fault, str(path), row.line, 1, expected=expected)


def _unit_problem(row: Row, path: Path) -> Problem:
    units = _units(row.metric)
    expected = ", ".join(unit or "nothing" for unit in units)
    return Problem(unit_fault(row), str(path), row.line, 1, expected=expected, near=near_miss(row.unit, units))


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
