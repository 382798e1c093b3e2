"""The fitted machine file: the old text with other numbers, a remark at each, and above it what was fitted to what.

Comments and layout stay. Nothing in the text depends on the day, the host or a folder: the same inputs give the same
bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from simslab.base.documents.yamlfile import parse_yaml
from simslab.base.errors import UserError
from simslab.machine.description.cpulist import format_cpulist

if TYPE_CHECKING:
    from simslab.base.documents.document import Document
    from simslab.instruments.fit.fitting import FitResult, Fitted
    from simslab.instruments.reference.reference import Cell

WIDTH: Final = 118
_NUMBER: Final = re.compile(r"[0-9_]*\.?[0-9_]*(?:[eE][-+]?[0-9]+)?")
_COMMENT: Final = re.compile(r"\s+#\s?(.*)$")


def fitted_text(text: str, document: Document, result: FitResult, table: Path, digest: str) -> str:
    """Return the machine file `text`, from which `document` was read, with the fitted numbers and their origin.

    `digest`: of the table's bytes. UserError where a number cannot be replaced in place.
    """
    lines = text.removeprefix("\ufeff").split("\n")
    remarks: dict[int, list[str]] = {}
    for fitted in sorted(result.fitted, key=lambda f: _place(document, f), reverse=True):  # later columns first
        line, column = _place(document, fitted)
        lines[line] = _replaced(lines[line], column, fitted)
        remarks.setdefault(line, []).insert(0, _remark(fitted))
    for line, said in remarks.items():
        lines[line] = _remarked(lines[line], said)
    written = "\n".join([*_origin(result, table, digest), *lines])
    if parse_yaml(written).value != result.document.value:
        raise UserError("its numbers cannot be replaced where they stand", file=document.file, expected="plain YAML")
    return written


def _place(document: Document, fitted: Fitted) -> tuple[int, int]:
    position = document.position(fitted.parameter.path)
    return position.line - 1, position.column - 1


def _replaced(line: str, column: int, fitted: Fitted) -> str:
    start = column + 1 if line[column] in "'\"" else column
    end = start + len(_NUMBER.match(line, start)[0])  # type: ignore[index]  # matches the empty text, too
    if fitted.value == fitted.parameter.start:
        return line
    return line[:start] + fitted.parameter.number(fitted.value) + line[end:]


def _remark(fitted: Fitted) -> str:
    return f"{fitted.parameter.name} was {fitted.parameter.start:g} {fitted.parameter.unit}".rstrip()


def _remarked(line: str, said: Sequence[str]) -> str:
    """Return a line with a comment that its numbers are fitted, before what its comment said of the old ones."""
    found = _COMMENT.search(line)
    told = f"; before: {found[1]}" if found else ""
    return f"{line[: found.start()] if found else line}  # fitted: {', '.join(said)}{told}"


def _origin(result: FitResult, table: Path, digest: str) -> list[str]:
    """Return the comment at the head of the file."""
    before, after = result.before, result.after
    said = [
        f"Fitted by `simslab fit` to {_cells([before[index] for index in result.split.fitted])} of {table.name} "
        f"(sha256 {digest[:12]}): error mean and worst {_errors(before, result.split.fitted)} before, "
        f"{_errors(after, result.split.fitted)} after."
    ]
    said += [
        f"{f.parameter.name}: {f.parameter.text(f.parameter.start)} -> {f.parameter.text(f.value)} (bounds "
        f"{f.parameter.low:g} to {f.parameter.high:g}{', at its bound' if f.at_bound else ''}"
        f"{', no row binds it there' if f.unbound else ''})"
        for f in result.fitted
    ]
    if result.split.held_out:
        held = result.split.held_out
        said.append(
            f"Held out, so predicted: {_cells([before[index] for index in held])}: error mean and worst "
            f"{_errors(before, held)} before, {_errors(after, held)} after."
        )
    return [f"# {line}" for text in said for line in wrap(text, WIDTH, subsequent_indent="  ")]


def _cells(cells: Sequence[Cell]) -> str:
    machines = ", ".join(dict.fromkeys(cell.row.machine for cell in cells))
    return f"{len(cells)} cells (lines {format_cpulist({cell.row.line for cell in cells})}, {machines})"


def _errors(cells: Sequence[Cell], indexes: Sequence[int]) -> str:
    errors = [abs(cells[index].error) for index in indexes]
    return f"{sum(errors) / len(errors):.2%} and {max(errors):.2%}"
