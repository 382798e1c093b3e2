"""Relative values: `x1.5`, `+20 ns`, `-10 ns` of what stands in a machine or workload.

Arithmetic is exact; a product that the field cannot hold (half a packet) is refused by the field itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

from simslab.base.documents.document import Document, kind_of
from simslab.base.documents.overrides import existing_path
from simslab.base.errors import UserError, UserErrors
from simslab.base.units import BANDWIDTH_UNITS, DURATION_UNITS, FREQUENCY_UNITS, SIZE_UNITS
from simslab.experiment.inputs import Inputs, divided

_RELATIVE: Final = re.compile(r"(?:([x×])|([+-]))\s*(\d+(?:\.\d+)?|\.\d+)\s*([A-Za-z/%]*)")
_QUANTITY: Final = re.compile(r"(-?\d+(?:\.\d+)?(?:[eE][-+]?\d{1,3})?)\s*([A-Za-z/]*)")
UNITS: Final[dict[str, tuple[str, Fraction]]] = {
    unit: (kind, factor)
    for kind, units in (
        ("time", {unit: factor for unit, factor in DURATION_UNITS.items() if not unit.startswith("cycle")}),
        ("cycles", {"cycles": Fraction(1), "cycle": Fraction(1)}),
        ("size", SIZE_UNITS),
        ("frequency", FREQUENCY_UNITS),
        ("bandwidth", BANDWIDTH_UNITS),
    )
    for unit, factor in units.items()
}


def is_relative(text: str) -> bool:
    """Whether a value is relative to what stands there."""
    return _RELATIVE.fullmatch(text) is not None


def resolve(text: str, path: str, base: Inputs, place: str = "--axis") -> str:
    """Return the absolute value of a relative one; UserError where `base` has no number at `path`."""
    match = _RELATIVE.fullmatch(text)
    if match is None:
        return text
    try:
        number, unit = _base_value(path, base, text)
        if match[1]:
            return _written(number * Fraction(match[3]), unit, match[4] == "", text)
        change = Fraction(match[3]) * (1 if match[2] == "+" else -1)
        return _written(number + _in_unit(change, match[4], unit, number), unit, True, text)
    except UserError as error:
        first = error.problems[0]
        raise UserError(
            first.message, file=f"{place} {path}: {text}", expected=first.expected, near=first.near
        ) from None


def _base_value(path: str, base: Inputs, text: str) -> tuple[Fraction, str]:
    owner, setting = next((name, rows[0]) for name, rows in divided([f"{path}=0"]).items() if rows)
    spec = base.machine if owner == "machine" else base.workload
    value: Any = spec.model_dump(mode="json")
    try:
        parts = existing_path(Document(spec.name, value), setting.partition("=")[0])
    except UserError as error:
        told = f"{error.problems[0].message} that '{text}' could be relative to"
        expected = error.problems[0].expected or "an absolute value, or one to start from with --set"
        raise UserError(told, expected=expected, near=error.problems[0].near) from None
    for part in parts:
        value = value[part]
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UserError(f"there stands {kind_of(value)}", expected="a number, or a quantity with a unit")
    match = _QUANTITY.fullmatch(str(value))
    if match is None:
        raise UserError(f"there stands '{value}'", expected="a number, or a quantity with a unit")
    return Fraction(match[1]), match[2]


def _in_unit(change: Fraction, unit: str, wanted: str, base: Fraction) -> Fraction:
    """Return a change in the unit of what it is added to."""
    if unit == "%":
        return base * change / 100
    if unit == wanted or (unit and not wanted and unit in UNITS and UNITS[unit][0] in ("size", "frequency")):
        return change * (1 if unit == wanted else UNITS[unit][1])
    if not unit and not wanted:
        return change
    if unit in UNITS and wanted in UNITS and UNITS[unit][0] == UNITS[wanted][0]:
        return change * UNITS[unit][1] / UNITS[wanted][1]
    raise UserError(f"cannot add {unit or 'a number'} to {wanted or 'a number'}", expected=f"a change in {wanted}")


def _written(value: Fraction, unit: str, allowed: bool, text: str) -> str:
    if not allowed:
        raise UserError(f"'{text}' has a unit behind a factor", expected="a factor such as 'x1.5'")
    if value < 0:
        raise UserError(f"gives {float(value):g} {unit}".rstrip(), expected="a value that is not negative")
    number = str(value.numerator) if value.denominator == 1 else _decimal(value)
    return f"{number} {unit}".rstrip()


def _decimal(value: Fraction) -> str:
    """Return a decimal fraction exactly (its denominator divides a power of ten, as all factors are typed so)."""
    digits = next((n for n in range(1, 40) if (value * 10**n).denominator == 1), None)
    if digits is None:
        return repr(float(value))
    scaled = str((value * 10**digits).numerator).rjust(digits + 1, "0")
    return f"{scaled[:-digits]}.{scaled[-digits:]}"


def quantity(text: str) -> tuple[str, Fraction] | str:
    """Return (kind, number in the kind's base unit) of a text, the kind empty for bare numbers; else the text."""
    match = _QUANTITY.fullmatch(text.strip())
    if match is None or (match[2] and match[2] not in UNITS):
        return text.strip()
    if not match[2]:
        return "", Fraction(match[1])
    kind, factor = UNITS[match[2]]
    return kind, Fraction(match[1]) * factor


def resolved(combination: Mapping[str, str], base: Inputs, words: tuple[str, ...]) -> dict[str, str]:
    """Return a combination with its relative values made absolute; `words` are axes that are no paths.

    UserErrors tell of all that cannot be, each as a setting is told of (`--set path=value`).
    """
    values, problems = {}, []
    for path, text in combination.items():
        try:
            values[path] = text if path in words else resolve(text, path, base)
        except UserError as error:
            problems += [replace(problem, file=f"--set {path}={text}") for problem in error.problems]
    if problems:
        raise UserErrors(problems)
    return values
