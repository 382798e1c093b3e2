"""One declaration of a parameter: what it is, its range and default, its source, and how the simulation counts it.

`parameter` makes the pydantic field of a model in this folder. From it derive the JSON Schema of machine files, the
checks of ranges, the parameters that `simslab fit` may move and their bounds, the tables of keys in README.md and
`simslab describe --parameters`, the test of the sources of shipped machines, and the integer that the simulation reads
(`simslab.machine.timing.integers`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

Q10: Final = 1024
Q16: Final = 65536

LATENCY: Final = (0.25, 4.0)  # bounds of a fit, as multiples of the value in the file
BANDWIDTH: Final = (0.5, 2.0)
COUNT: Final = (0.5, 2.0)


class Source(Enum):
    """What a shipped machine file must say of where a value comes from, in a comment at it."""

    PUBLISHED = "a source: it is known of a machine"
    STATED = "a source, or `estimate`"
    CHOSEN = "nothing: it is chosen, not measured"


@dataclass(frozen=True, slots=True)
class Counted:
    """How the simulation counts a parameter, where its type alone does not tell.

    `name`: of the integer, where another than the type gives. `convert`: the value made an integer. `like`: the
    parameter beside it that stands for it where it is absent. `times`: the parameter beside it that says how many of it
    there are.
    """

    name: str = ""
    convert: Callable[[Any], int] | None = None
    like: str = ""
    times: str = ""


AS_ITS_TYPE: Final = Counted()


@dataclass(frozen=True, slots=True)
class Rule:
    """What a parameter is beyond its type, range and default."""

    fit: tuple[float, float] | None
    source: Source
    counted: Counted


def parameter(
    description: str,
    default: Any = ...,
    within: tuple[float, float] | None = None,
    fit: tuple[float, float] | None = None,
    source: Source = Source.STATED,
    counted: Counted = AS_ITS_TYPE,
) -> Any:
    """Return the field of a parameter that `description` tells; without a `default` a file must give it.

    `within`: least and greatest value. `fit`: the bounds in which a fit may move it, as multiples of its value; None
    for what is known of a machine, or what no table of measurements asks for.
    """
    least, most = within or (None, None)
    field: FieldInfo = Field(default=default, ge=least, le=most, description=description)
    field.metadata.append(Rule(fit, source, counted))
    return field


def rule_of(field: FieldInfo) -> Rule | None:
    """Return the rule of a model's field, None for what is no parameter: parts, lists, names."""
    return next((entry for entry in field.metadata if isinstance(entry, Rule)), None)


def per_instruction_q16(ipc: float) -> int:
    """Return cycles per instruction in 1/65536."""
    return round(Q16 / ipc)


def q10(value: float) -> int:
    """Return a number in 1/1024."""
    return round(value * Q10)
