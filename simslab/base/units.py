"""Quantities with units as users write them: '89 ns', '14 cycles', '3.4 GHz', '32 KiB', '25 GB/s', '1e6'.

Values are exact: `Fraction`s inside, whole numbers outside. The annotated types at the end are what pydantic models
use; they do not import pydantic themselves, so the command line can start without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Final

from simslab.base.errors import BadValue, near_miss

TIME_UNITS: Final = {
    "ps": Fraction(1, 10**12),
    "ns": Fraction(1, 10**9),
    "us": Fraction(1, 10**6),
    "ms": Fraction(1, 10**3),
    "s": Fraction(1),
}
CYCLE_UNITS: Final = {"cycles": Fraction(1), "cycle": Fraction(1)}
DURATION_UNITS: Final = TIME_UNITS | CYCLE_UNITS
SIZE_UNITS: Final = {
    "B": Fraction(1),
    "kB": Fraction(10**3),
    "KiB": Fraction(2**10),
    "MB": Fraction(10**6),
    "MiB": Fraction(2**20),
    "GB": Fraction(10**9),
    "GiB": Fraction(2**30),
    "TB": Fraction(10**12),
    "TiB": Fraction(2**40),
}
FREQUENCY_UNITS: Final = {"Hz": Fraction(1), "kHz": Fraction(10**3), "MHz": Fraction(10**6), "GHz": Fraction(10**9)}
BANDWIDTH_UNITS: Final = {f"{unit}/s": factor for unit, factor in SIZE_UNITS.items()}

KINDS: Final = {  # base unit -> units with what each is of it; of times the ns, in which machines are told
    "ns": {unit: factor * 10**9 for unit, factor in TIME_UNITS.items()},
    "cycles": CYCLE_UNITS,
    "B": SIZE_UNITS,
    "Hz": FREQUENCY_UNITS,
    "B/s": BANDWIDTH_UNITS,
}

_SORTED: Final = re.compile(r"(-?\d+(?:\.\d+)?(?:[eE][-+]?\d{1,3})?)(.*)", re.DOTALL)
_NUMBER: Final = re.compile(r"\s*([-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?(\d+))?)\s*(.*?)\s*", re.DOTALL)
_RELATIVE: Final = re.compile(r"[x×]\s*[\d.]+")
_EXPONENT_DIGITS: Final = 3  # floats have no more; an exact power of ten with more could fill memory
_LARGEST: Final = 1 << 62  # what a leaf's 64-bit integers hold, with room for a sum


def _split(value: object, expected: str) -> tuple[Fraction, str]:
    """Return the number in `value` and the unit behind it; negative and unending numbers are refused."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadValue(f"{_shown(value)} is not a quantity", expected=expected)
    match = _NUMBER.fullmatch(repr(value) if isinstance(value, float) else str(value)[:200])
    if match is None:
        told = (
            f"{expected} (relative values are for --axis and --variant)"
            if _RELATIVE.fullmatch(str(value))
            else expected
        )
        raise BadValue(f"{_shown(value)} is not a quantity", expected=told)
    if len(match[2] or "") > _EXPONENT_DIGITS:
        raise BadValue(f"{_shown(value)} is beyond every number of use", expected=expected)
    number = Fraction(match[1].replace("_", ""))
    if number < 0:
        raise BadValue(f"{_shown(value)} is negative", expected=expected)
    return number, match[3]


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _factor(value: object, unit: str, units: Mapping[str, Fraction], expected: str) -> Fraction:
    if unit in units:
        return units[unit]
    known = ", ".join(units)
    message = f"{_shown(value)} has no unit" if unit == "" else f"unknown unit '{unit[:20]}' in {_shown(value)}"
    near = near_miss(unit + "iB" if len(unit) == 1 else unit, units)
    raise BadValue(message, expected=f"{expected} (units: {known})", near=near)


def _whole(value: object, units: Mapping[str, Fraction], expected: str) -> int:
    """Return `value` in the base unit; a bare number is in the base unit already."""
    number, unit = _split(value, expected)
    exact = number if unit == "" else number * _factor(value, unit, units, expected)
    if exact.denominator != 1:
        raise BadValue(f"{_shown(value)} is not a whole number of {next(iter(units))}", expected=expected)
    if exact > _LARGEST:
        raise BadValue(f"{_shown(value)} is too large", expected=expected)
    return int(exact)


_SIZE: Final = "a size such as '32 KiB' or a whole number of bytes"
_FREQUENCY: Final = "a frequency such as '3.4 GHz'"
_BANDWIDTH: Final = "a bandwidth such as '25 GB/s'"
_DURATION: Final = "a time such as '89 ns' or '14 cycles'"


def parse_size(value: object) -> int:
    """Return bytes; '64 GB' is 64 * 10**9 and '64 GiB' 64 * 2**30; a bare number is bytes."""
    return _whole(value, SIZE_UNITS, _SIZE)


def parse_frequency(value: object) -> int:
    """Return Hz, above 0; a bare number is Hz."""
    hz = _whole(value, FREQUENCY_UNITS, _FREQUENCY)
    if hz == 0:
        raise BadValue("a frequency of 0 stops time", expected=_FREQUENCY)
    return hz


def parse_bandwidth(value: object) -> int:
    """Return bytes per second; a bare number is bytes per second."""
    return _whole(value, BANDWIDTH_UNITS, _BANDWIDTH)


@dataclass(frozen=True)
class Duration:
    """A time as it was written: an exact number of its unit, either a time unit or cycles."""

    value: Fraction
    unit: str

    def cycles(self, hz: int) -> int:
        """Return whole cycles at `hz`, half a cycle rounded up."""
        exact = self.value if self.unit in CYCLE_UNITS else self.value * TIME_UNITS[self.unit] * hz
        return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)

    def nanoseconds(self, hz: int) -> float:
        """Return nanoseconds at `hz`, for display."""
        seconds = self.value / hz if self.unit in CYCLE_UNITS else self.value * TIME_UNITS[self.unit]
        return float(seconds * 10**9)

    def __str__(self) -> str:
        whole = self.value.denominator == 1
        return f"{self.value.numerator if whole else float(self.value)} {self.unit}"

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> Any:
        return _Quantity(parse_duration, _DURATION, str).__get_pydantic_core_schema__(cls, _handler)

    @classmethod
    def __get_pydantic_json_schema__(cls, _core: object, _handler: object) -> dict[str, Any]:
        return {"type": "string", "description": _DURATION, "examples": ["89 ns", "14 cycles"]}


def parse_duration(value: object) -> Duration:
    """Return the duration written in `value`; a unit is required, except after 0."""
    if isinstance(value, Duration):
        return value
    number, unit = _split(value, _DURATION)
    if unit == "" and number == 0:
        unit = "cycles"
    _factor(value, unit, DURATION_UNITS, _DURATION)
    if number * TIME_UNITS.get(unit, Fraction(1, 10**9)) > 10**9:
        raise BadValue(f"{_shown(value)} is too long", expected=_DURATION)
    return Duration(number, "cycles" if unit in CYCLE_UNITS else unit)


@dataclass(frozen=True)
class _Quantity:
    """Annotation that makes pydantic read a field with `parse` and write it with `show`."""

    parse: Callable[[object], Any]
    description: str
    show: Callable[[Any], Any] | None = None

    def __get_pydantic_core_schema__(self, _source: object, _handler: object) -> Any:
        # Imported here so that the command line starts without pydantic.
        from pydantic_core import core_schema

        shown = None if self.show is None else core_schema.plain_serializer_function_ser_schema(self.show)
        return core_schema.no_info_plain_validator_function(self.parse, serialization=shown)

    def __get_pydantic_json_schema__(self, _core: object, _handler: object) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, {"type": "number", "minimum": 0}], "description": self.description}


Size = Annotated[int, _Quantity(parse_size, _SIZE)]
Frequency = Annotated[int, _Quantity(parse_frequency, _FREQUENCY)]
Bandwidth = Annotated[int, _Quantity(parse_bandwidth, _BANDWIDTH)]


def in_base_unit(number: str, unit: str) -> tuple[Fraction, str] | None:
    """Return a number of `unit` in the base unit of its kind (ns, cycles, B, Hz or B/s), and that; None of no unit."""
    found = ((units[unit], base) for base, units in KINDS.items() if unit in units)
    return next(((Fraction(number) * factor, base) for factor, base in found), None)


def in_order(text: str) -> tuple[int, float, str]:
    """Return what sorts values as people do: numbers and quantities by size, then words."""
    match = _SORTED.fullmatch(text.removeprefix("x").removeprefix("+"))
    if match is None:
        return 1, 0.0, text
    size = in_base_unit(match[1], match[2].strip())
    try:
        return 0, float(match[1] if size is None else size[0]), match[2]
    except OverflowError:  # beyond floats, as `1e999` without a unit is
        return 0, float(f"{'-' * match[1].startswith('-')}inf"), match[2]
