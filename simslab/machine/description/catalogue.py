"""All parameters of a machine file as they are declared: by the place at which they stand, and by value.

Places are written as users write them, with `*` for a list's index: `dram.latency`, `links[*].bandwidth`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from simslab.machine.description.parameter import Rule, rule_of

At = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Declared:
    """A parameter as its model declares it."""

    name: str
    hint: Any  # its type as written, with None where it may be absent
    field: FieldInfo
    rule: Rule

    def is_a(self, kind: object) -> bool:
        """Tell whether the parameter is of a type: `Duration`, `Bandwidth`, ..., present or not."""
        return kind == self.hint or kind in get_args(self.hint)


@dataclass(frozen=True, slots=True)
class Stated:
    """A parameter of one machine: its path, and the part in which it stands."""

    at: At
    part: BaseModel
    declared: Declared

    @property
    def value(self) -> Any:
        """What the machine's description says, None where it says nothing and there is no default."""
        return getattr(self.part, self.declared.name)


@cache
def declared_in(model: type[BaseModel]) -> tuple[Declared, ...]:
    """Return the parameters of one part of a machine file, in its order; parts inside it have their own."""
    hints = get_type_hints(model, include_extras=True)
    rules = ((name, field, rule_of(field)) for name, field in model.model_fields.items())
    return tuple(Declared(name, hints[name], field, rule) for name, field, rule in rules if rule is not None)


@cache
def declaration(model: type[BaseModel], name: str) -> Declared:
    """Return the parameter `name` of a part; KeyError if it has none."""
    return {declared.name: declared for declared in declared_in(model)}[name]


def value_of(part: BaseModel, name: str) -> Any:
    """Return a parameter's value, or of the one that stands for it where it is absent; None without any."""
    value, like = getattr(part, name), declaration(type(part), name).rule.counted.like
    return value_of(part, like) if value is None and like else value


def all_declared(model: type[BaseModel], place: str = "") -> Mapping[str, Declared]:
    """Return every parameter that a file of this model may give, by its place."""
    found = {f"{place}{declared.name}": declared for declared in declared_in(model)}
    for name, field in model.model_fields.items():
        for part, is_list in _parts(field.annotation):
            found |= all_declared(part, f"{place}{name}{'[*]' if is_list else ''}.")
    return found


def field_at(model: type[BaseModel], place: str) -> FieldInfo:
    """Return the field of a parameter or of a part, by its place; KeyError if files have no such key."""
    name, _, rest = place.partition(".")
    field = model.model_fields[name.removesuffix("[*]")]
    if not rest:
        return field
    for part, _ in _parts(field.annotation):
        return field_at(part, rest)
    raise KeyError(place)


def _parts(hint: Any, is_list: bool = False) -> Iterator[tuple[type[BaseModel], bool]]:
    """Yield the models that a field holds, and whether in a list."""
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        yield hint, is_list
    for member in get_args(hint):
        yield from _parts(member, is_list or getattr(hint, "__origin__", None) is list)


def all_stated(part: BaseModel, at: At = ()) -> Iterator[Stated]:
    """Yield every parameter of a description, those of its parts after its own."""
    for declared in declared_in(type(part)):
        yield Stated((*at, declared.name), part, declared)
    for name in type(part).model_fields:
        held = getattr(part, name)
        if isinstance(held, BaseModel):
            yield from all_stated(held, (*at, name))
        elif isinstance(held, list):
            for index, member in enumerate(held):
                if isinstance(member, BaseModel):
                    yield from all_stated(member, (*at, name, index))
