"""The parameters of a machine as the integers that the simulation counts in.

Every parameter is converted by its type, unless its declaration says how (`Counted` in
`simslab.machine.description.parameter`):

    Duration                    whole cycles, under the parameter's own name
    Bandwidth                   time of one line in 1/1024 cycle, 0 for unlimited; `port_read` is `port_read_line_q10`,
                                `core_bandwidth` is `core_line_q10`
    whole number, size, truth   itself, 0 where absent
    one of some words           its code (`codes.py`); words without codes are left out
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from simslab.base.errors import near_miss
from simslab.base.units import Bandwidth, Duration
from simslab.machine.description.catalogue import Declared, declared_in, value_of
from simslab.machine.description.parameter import Q10
from simslab.machine.timing.codes import CODES

if TYPE_CHECKING:
    from pydantic import BaseModel

LINE_BYTES: Final = 64


class Integers:
    """Named integers, read as attributes; they do not change, and are equal when names and values are."""

    def __init__(self, values: Mapping[str, int]) -> None:
        vars(self).update(values)

    def __getattr__(self, name: str) -> int:
        near = near_miss(name, vars(self))
        raise AttributeError(f"no integer '{name}'" + (f", did you mean '{near}'?" if near else ""), name=name)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"'{name}' cannot be changed", name=name)

    def __iter__(self) -> Iterator[str]:
        return iter(vars(self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Integers) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(tuple(sorted(vars(self).items())))

    def __repr__(self) -> str:
        return f"Integers({', '.join(f'{name}={value}' for name, value in vars(self).items())})"

    def replaced(self, **changes: int) -> Integers:
        """Return the same with some values changed or added."""
        return Integers(vars(self) | changes)


def integers(part: BaseModel, hz: int) -> Integers:
    """Return the parameters of one part of a machine whose cores run at `hz`."""
    counted = ((integer_name(declared), integer_of(part, declared, hz)) for declared in declared_in(type(part)))
    return Integers({name: value for name, value in counted if value is not None})


def line_q10(hz: int, bandwidth: int) -> int:
    """Return the time of one 64-byte line at `bandwidth` bytes/s in 1/1024 cycle, at least 1."""
    return max(1, (LINE_BYTES * Q10 * hz + bandwidth // 2) // bandwidth)


def integer_name(declared: Declared) -> str:
    """Return the name of a parameter's integer."""
    if declared.rule.counted.name:
        return declared.rule.counted.name
    if declared.is_a(Bandwidth):
        return f"{declared.name.removesuffix('bandwidth').rstrip('_')}_line_q10".lstrip("_")
    return declared.name


def integer_of(part: BaseModel, declared: Declared, hz: int) -> int | None:
    """Return the integer of a parameter, None for words that have no code."""
    value, counted = value_of(part, declared.name), declared.rule.counted
    if value is None:
        return 0
    if counted.convert is not None:
        return counted.convert(value)
    if isinstance(value, Duration):
        return value.cycles(hz)
    if isinstance(value, str):
        return CODES.get(declared.name, {}).get(value)
    if declared.is_a(Bandwidth):
        how_many: int = getattr(part, counted.times) if counted.times else 1
        return line_q10(hz, value * how_many)
    return int(value)
