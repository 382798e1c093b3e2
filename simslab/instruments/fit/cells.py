"""Which cells of a table are fitted and which are held out, and how wrong a machine is on each.

An error weighs what its kind of figure is allowed (`reference.py`), so that 3 % of an idle latency and 8 % of a
transfer between caches count the same. Held out cells are never shown to the fit: their error is one of prediction.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from simslab.base.errors import UserError
from simslab.instruments.reference.answers import Answers
from simslab.instruments.reference.metrics import CURVE
from simslab.instruments.reference.reference import TOLERANCES, UNJUDGED, Cell, Row, Skipped

if TYPE_CHECKING:
    from simslab.machine.spec import MachineSpec

STATED: Final = ("distance",)  # kinds that no fittable number moves


def cell_name(row: Row) -> str:
    """Return what a hold-out expression is matched with: `c2c_latency node0 -> node1 [HITM home=reader]`."""
    ends = f"{row.source} -> {row.target}" if row.target else row.source
    return " ".join(part for part in (row.metric, ends, f"[{row.state}]" if row.state else "") if part)


def judged_cells(spec: MachineSpec, rows: Sequence[Row]) -> list[Cell]:
    """Return the cells of `rows` that have a tolerance and that a parameter could move."""
    return judged(Answers(spec).answer(rows))


def judged(answers: Iterable[Cell | Skipped]) -> list[Cell]:
    """Return the cells that have a tolerance and that a parameter could move."""
    return [a for a in answers if isinstance(a, Cell) and a.kind != UNJUDGED and a.kind not in STATED]


def left_out(answers: Iterable[Cell | Skipped]) -> list[Skipped]:
    """Return the rows that are neither fitted nor held out, with the reason."""
    return [
        answer if isinstance(answer, Skipped) else Skipped(answer.row, why)
        for answer in answers
        if (why := _why(answer))
    ]


def _why(answer: Cell | Skipped) -> str:
    """Return why a row is left out; nothing of a curve's points, which count by its knee and its plateau."""
    if isinstance(answer, Skipped):
        return answer.reason
    if answer.kind in STATED:
        return "stated by the machine file: no number that can be fitted moves it"
    return "shown only, it has no tolerance" if answer.kind == UNJUDGED and answer.row.metric != CURVE else ""


@dataclass(frozen=True)
class Split:
    """Indexes into the judged cells of a table."""

    fitted: tuple[int, ...]
    held_out: tuple[int, ...]


def split_cells(cells: Sequence[Cell], hold_out: str) -> Split:
    """Divide cells: `hold_out` is a share (0.25), an expression searched in the cells' names, or empty for none.

    A share takes cells in the order of a hash of what they are, so that the same table is always divided the same way.
    """
    names = [f"{cell.row.machine} {cell_name(cell.row)}" for cell in cells]
    share = _share(hold_out)
    if not hold_out:
        held: set[int] = set()
    elif share is not None:
        order = sorted(range(len(cells)), key=lambda index: (_hash(f"{names[index]} {cells[index].row.line}"), index))
        held = set(order[: round(share * len(cells))])
    else:
        pattern = _expression(hold_out)
        held = {index for index, cell in enumerate(cells) if pattern.search(cell_name(cell.row))}
    fitted = tuple(index for index in range(len(cells)) if index not in held)
    if hold_out and (not held or not fitted):
        left = "no cell" if not held else "every cell"
        expected = f"a share below 1 or an expression that some of {len(cells)} cells match"
        raise UserError(f"--hold-out {hold_out}: holds out {left}", expected=expected)
    return Split(fitted, tuple(sorted(held)))


def rows_behind(rows: Sequence[Row], cells: Sequence[Cell], wanted: Sequence[int]) -> list[Row]:
    """Return the rows that have to be answered to have the wanted cells."""
    lines = {cells[index].row.line for index in wanted}
    curves = {cells[index].row.machine for index in wanted if cells[index].row.metric == CURVE}
    return [row for row in rows if row.line in lines or (row.metric == CURVE and row.machine in curves)]


def weighted_errors(cells: Sequence[Cell]) -> list[float]:
    """Return relative errors as multiples of the worst that is allowed for their kind."""
    return [cell.error / TOLERANCES[cell.kind].worst for cell in cells]


def cell_key(cell: Cell) -> tuple[int, str, str]:
    """Return what tells a cell from the others of its table."""
    return cell.row.line, cell.kind, cell.row.state


def _share(text: str) -> float | None:
    try:
        share = float(text)
    except ValueError:
        return None
    if not 0.0 < share < 1.0:
        raise UserError(f"--hold-out {text}: is no share", expected="a number between 0 and 1, or an expression")
    return share


def _expression(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        expected = "a regular expression, or a share between 0 and 1"
        raise UserError(f"--hold-out {text}: {error}", expected=expected) from error


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
