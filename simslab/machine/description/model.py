"""What all parts of a machine file have in common: unknown keys are errors, and numbers are numbers."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from simslab.base.errors import BadValue
from simslab.base.units import Duration


def _number(value: object) -> object:
    """Refuse booleans and strings where a plain number is meant."""
    if isinstance(value, bool | str):
        raise BadValue(f"{value!r:.60} is not a number", expected="a number")
    return value


Count = Annotated[int, BeforeValidator(_number)]
Number = Annotated[float, BeforeValidator(_number)]
NodeNumber = Annotated[Count, Field(ge=0)]
Point = Annotated[list[Annotated[Count, Field(ge=0, le=64)]], Field(min_length=2, max_length=2)]

NO_TIME: Final = Duration(Fraction(0), "cycles")


def cycles(number: int) -> Duration:
    """Return a default of `number` cycles."""
    return Duration(Fraction(number), "cycles")


class SpecModel(BaseModel):
    """Base of the parts of a machine file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def or_shortly(short: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    """Return what lets a list's JSON Schema take a short form too, which is written out before the list is checked."""

    def both(schema: dict[str, Any]) -> None:
        listed = {key: schema.pop(key) for key in ("type", "items", "minItems", "maxItems") if key in schema}
        schema["anyOf"] = [listed, short]

    return both
