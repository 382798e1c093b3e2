"""Fit a machine file to a table: choose cells, choose parameters, solve, and say how well it fits and predicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from simslab.base.documents.validation import validate
from simslab.base.errors import UserError
from simslab.instruments.fit.cells import (
    Split,
    cell_key,
    judged,
    judged_cells,
    left_out,
    rows_behind,
    split_cells,
    weighted_errors,
)
from simslab.instruments.fit.parameters import Parameter, find_parameters, value_at, with_values
from simslab.instruments.fit.solve import Model, solve, told_apart
from simslab.instruments.reference.answers import Answers
from simslab.instruments.reference.reference import Cell, Row, Skipped
from simslab.machine.spec import MachineSpec

if TYPE_CHECKING:
    from simslab.base.documents.document import Document

SHOWN: Final = 3  # rows left out that an error names


@dataclass(frozen=True)
class Fitted:
    """A parameter with the value found for it."""

    parameter: Parameter
    value: float
    uncertainty: float  # standard error, nan where as many cells as parameters
    unbound: bool = False  # no fitted cell feels a change of the value, whatever the standard error

    @property
    def at_bound(self) -> bool:
        """Whether the search ended at a bound, which then decided."""
        p = self.parameter
        return self.value in (p.rounded(p.low), p.rounded(p.high))


@dataclass(frozen=True)
class FitResult:
    """What was fitted, to what, and the errors of every judged cell before and after."""

    document: Document  # with the fitted values
    fitted: tuple[Fitted, ...]
    left: tuple[str, ...]  # parameters that the fitted cells do not determine, kept as they were
    before: tuple[Cell, ...]
    after: tuple[Cell, ...]  # the same cells
    split: Split
    measured: int  # machines that were measured
    left_out: tuple[Skipped, ...] = ()  # rows that are neither fitted nor held out


def fit_machine(document: Document, rows: Sequence[Row], wanted: Sequence[str] = (), hold_out: str = "") -> FitResult:
    """Fit the machine in `document` to `rows`; UserError for what cannot be fitted.

    `wanted`: names of parameters (with bounds, `name=low:high`); none for all that the rows determine. `hold_out` as in
    `split_cells`.
    """
    answers = Answers(validate(document, MachineSpec)).answer(rows)
    before, missing = judged(answers), left_out(answers)
    if not before:
        raise _with_left_out(UserError("no row of the table can be fitted to", expected="other rows"), missing)
    parameters = find_parameters(document, wanted)
    split = split_cells(before, hold_out)
    task = _Task(document, rows, before, split)
    model = task.model(parameters)
    try:
        kept = told_apart(model, bool(wanted))
    except UserError as error:
        raise _with_left_out(error, missing) from None
    chosen = [parameters[index] for index in kept]
    if len(chosen) < len(parameters):
        model = task.narrowed(model, kept)
    solution = solve(model)
    fitted = tuple(map(Fitted, chosen, solution.values, solution.uncertainty, solution.unbound))
    after_document = task.document_of(chosen, solution.values)
    after = {cell_key(cell): cell for cell in judged_cells(validate(after_document, MachineSpec), rows)}
    return FitResult(
        after_document,
        fitted,
        tuple(parameter.name for parameter in parameters if parameter not in chosen),
        tuple(before),
        tuple(after[cell_key(cell)] for cell in before),
        split,
        task.measured,
        tuple(missing),
    )


def _with_left_out(error: UserError, missing: Sequence[Skipped]) -> UserError:
    """Return an error with the rows that are left out, since one of them may be what the user counted on."""
    (problem,) = error.problems
    if not missing:
        return error
    shown = [f"line {skipped.row.line}: {skipped.reason}" for skipped in missing[:SHOWN]]
    more = [f"and {len(missing) - SHOWN} more"] if len(missing) > SHOWN else []
    return UserError(f"{problem.message} (left out: {'; '.join(shown + more)})", expected=problem.expected)


class _Task:
    """The machine as a function of its parameters, and the cells that it is fitted to."""

    def __init__(self, document: Document, rows: Sequence[Row], cells: Sequence[Cell], split: Split) -> None:
        self.document = document
        self.rows = rows_behind(rows, cells, split.fitted)
        self.wanted = [cell_key(cells[index]) for index in split.fitted]
        self.measured = 0

    def model(self, parameters: Sequence[Parameter]) -> Model:
        """Return the errors of the fitted cells as a function of the parameters' values."""
        return Model(parameters, lambda values: self.errors(parameters, values))

    def narrowed(self, model: Model, kept: Sequence[int]) -> Model:
        """Return the model of some of its parameters, with the slopes that are known."""
        narrow = self.model([model.parameters[index] for index in kept])
        narrow.slopes_at, narrow.slopes = model.slopes_at[kept], model.slopes[:, kept]
        return narrow

    def errors(self, parameters: Sequence[Parameter], values: Sequence[float]) -> list[float]:
        """Return the weighted errors of the fitted cells of the machine with these values."""
        self.measured += 1
        spec = validate(self.document_of(parameters, values), MachineSpec)
        cells = {cell_key(cell): cell for cell in judged_cells(spec, self.rows)}
        return weighted_errors([cells[key] for key in self.wanted])

    def document_of(self, parameters: Sequence[Parameter], values: Sequence[float]) -> Document:
        """Return the machine file's document with these values."""
        written = {p.path: p.text(value) for p, value in zip(parameters, values, strict=True)}
        plain = {path: text if " " in text else _number(text) for path, text in written.items()}
        kept = {p.path for p, value in zip(parameters, values, strict=True) if p.rounded(value) == p.start}
        return with_values(
            self.document, {path: value_at(self.document, path) if path in kept else plain[path] for path in plain}
        )


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)
