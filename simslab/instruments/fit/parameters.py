"""The numbers of a machine file that may be fitted: which they are, within what bounds, and where they stand.

Which may be and within what multiples of their values, their declarations say (`fit` of `simslab.machine.description`).

A parameter is named by its path, as in `--set`: `dram.latency`, `links.upi.bandwidth`, `nodes[2].dram.latency`. Its
value is the number written in the file, in the file's own unit; only that number is ever changed.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any, Final

from simslab.base.documents.document import Document, Path, Plain, kind_of, path_text
from simslab.base.documents.overrides import existing_path
from simslab.base.errors import UserError, near_miss
from simslab.base.units import BANDWIDTH_UNITS, DURATION_UNITS
from simslab.machine.description.catalogue import Declared, all_declared
from simslab.machine.description.model import Count
from simslab.machine.description.whole import MachineDescription

DIGITS: Final = 4  # significant ones of a fitted number

_QUANTITY: Final = re.compile(r"\s*([0-9_]*\.?[0-9_]*(?:[eE][-+]?[0-9]+)?)\s*([A-Za-z/]*)\s*")
_UNITS: Final = DURATION_UNITS | BANDWIDTH_UNITS


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of the file: where it stands, what it is now, and between what it may move, all in `unit`."""

    name: str
    path: Path
    unit: str  # as written; empty for a bare number
    start: float
    low: float
    high: float
    whole: bool = False

    @property
    def scale(self) -> float:
        """Return what is one to the solver: the value in the file, or the upper bound where that is 0."""
        return self.start or self.high

    def rounded(self, value: float) -> float:
        """Return the number that would be written for `value`."""
        return float(self.number(value))

    def number(self, value: float) -> str:
        """Return `value` as it is written: a whole number, or four significant digits."""
        kept = min(max(value, self.low), self.high)
        if self.whole:
            return str(round(kept))
        return format(Decimal(f"{kept:.{DIGITS}g}"), "f")

    def text(self, value: float) -> str:
        """Return `value` with its unit."""
        return f"{self.number(value)} {self.unit}".rstrip()


@cache
def fittable() -> Mapping[str, Declared]:
    """Return every parameter that may be fitted by its place in a machine file, `*` for a list's index."""
    declared = all_declared(MachineDescription)
    return {place: parameter for place, parameter in declared.items() if parameter.rule.fit is not None}


def find_parameters(document: Document, wanted: Sequence[str]) -> list[Parameter]:
    """Return the parameters named in `wanted`, each `name` or `name=low:high`; all that the file has if none is.

    UserError where a name is none of the file's, cannot be fitted or has impossible bounds.
    """
    known = {path_text(path): path for path in _present(document)}
    if not wanted:
        found = [_parameter(document, name, path, "") for name, path in known.items()]
        return [parameter for parameter in found if parameter.low < parameter.high]
    parameters: list[Parameter] = []
    for text in wanted:
        name, _, bounds = (part.strip() for part in text.partition("="))
        path = _path(document, name, known)
        if any(parameter.path == path for parameter in parameters):
            raise UserError(f"'{name}' is given twice")
        parameters.append(_parameter(document, name, path, bounds))
        if parameters[-1].low >= parameters[-1].high:
            raise UserError(f"'{name}' is 0: no bounds follow from that", expected=f"{name}=low:high")
    return parameters


def with_values(document: Document, values: Mapping[Path, Plain]) -> Document:
    """Return a copy of the document in which the scalars at some paths are others."""
    changed = Document(document.file, copy.deepcopy(document.value), document.positions, document.key_positions)
    for path, value in values.items():
        holder: Any = changed.value
        for part in path[:-1]:
            holder = holder[part]
        holder[path[-1]] = value
    return changed


def value_at(document: Document, path: Path) -> Plain:
    """Return what stands at a path that the document has."""
    here: Any = document.value
    for part in path:
        here = here[part]
    value: Plain = here
    return value


def _present(document: Document) -> Iterator[Path]:
    """Yield the paths of all fittable numbers that are written in the file, in its order."""
    for path in document.positions:
        if _pattern(path) in fittable() and isinstance(value_at(document, path), str | int | float):
            yield path


def _pattern(path: Path) -> str:
    return re.sub(r"\[\d+\]", "[*]", path_text(path))


def _path(document: Document, name: str, known: Mapping[str, Path]) -> Path:
    """Return where a named parameter stands."""
    here = ", ".join(known)
    try:
        path = existing_path(document, name)
    except UserError as error:
        near = near_miss(name, known) or error.problems[0].near
        raise UserError(f"the file has no parameter '{name}'", expected=f"one of {here}", near=near) from None
    if path not in known.values():
        held = value_at(document, path)
        reason = f": it is {kind_of(held)}" if isinstance(held, list | dict) else ""
        near = near_miss(name, known)
        raise UserError(f"'{name}' cannot be fitted{reason}", expected=f"one of {here}", near=near)
    return path


def _parameter(document: Document, name: str, path: Path, bounds: str) -> Parameter:
    number, unit = _quantity(value_at(document, path), name)
    declared = fittable()[_pattern(path)]
    low, high = (float(number) * factor for factor in declared.rule.fit or ())
    if bounds:
        ends = bounds.split(":")
        if len(ends) != 2:
            raise UserError(
                f"'{bounds}' are no bounds of '{name}'", expected=f"{name}=low:high, in {unit or 'numbers'}"
            )
        low, high = (_in_unit(end, unit, name) for end in ends)
        if not low <= number <= high or low == high:
            raise UserError(f"'{name}' is {number:g} {unit}: outside of {bounds}", expected="bounds around the value")
    return Parameter(name, path, unit, float(number), low, high, declared.is_a(Count))


def _quantity(value: Plain, name: str) -> tuple[float, str]:
    match = _QUANTITY.fullmatch(str(value))
    if match is None or not any(letter.isdigit() for letter in match[1]):
        raise UserError(f"'{value}' is no quantity of '{name}'", expected="a number with or without a unit")
    return float(match[1].replace("_", "")), match[2]


def _in_unit(text: str, unit: str, name: str) -> float:
    """Return a bound in the unit of the file; without a unit it is in that already."""
    number, own = _quantity(text.strip(), name)
    if own in ("", unit):
        return number
    if own not in _UNITS or unit not in _UNITS or (own in ("cycle", "cycles")) != (unit in ("cycle", "cycles")):
        raise UserError(f"'{text.strip()}' is no bound of '{name}'", expected=f"a number in {unit or 'the bare unit'}")
    return float(Fraction(number) * _UNITS[own] / _UNITS[unit])
