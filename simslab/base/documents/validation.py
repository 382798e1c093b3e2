"""A document checked against a pydantic model: every complaint tells its place, what was expected and the near miss."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from simslab.base.documents.document import Document, Path, Plain, kind_of
from simslab.base.errors import BadValue, Problem, UserErrors, near_miss

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

    Model = TypeVar("Model", bound=BaseModel)

_INDEX: Final = re.compile(r"[0-9]{1,9}")
_SHOULD: Final = re.compile(r".* should (?:be|have) (.*?)(?: after validation, not .*)?")  # a message of pydantic's
_QUOTED: Final = re.compile(r"'([^']*)'")
_WANTED: Final = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "dict": "a mapping",
    "model": "a mapping",
}  # by the first word of pydantic's error types: int_parsing, string_type, ...


def validate(document: Document, model: type[Model]) -> Model:
    """Return the document as `model` (unknown keys refused); UserErrors with every problem of reading and checking."""
    from pydantic import ValidationError

    problems = list(document.problems)
    try:
        checked = model.model_validate(document.value, extra="forbid")
    except ValidationError as error:
        schema = _schema(model)
        told = {_place(problem) for problem in problems}  # a stand-in value is there: no second complaint about that
        for details in error.errors(include_url=False):
            problems += [p for p in _Complaint(document, schema, details).problems() if _place(p) not in told]
    if problems:
        raise UserErrors(_once(problems))
    return checked


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return a model's schema. Speed: made once, it takes far longer than a check (`tools/fuzz.py`)."""
    return model.model_json_schema()


def located(document: Document, error: BadValue) -> UserErrors:
    """Return the faults of a value that a document gave as problems at their places in it."""
    return UserErrors(_fault_problems(document, (), error))


def _fault_problems(document: Document, path: Path, error: BadValue) -> list[Problem]:
    places = [(fault, _in_document(document.value, path + fault.at)[0]) for fault in error.faults]
    return [document.problem(fault.message, at, expected=fault.expected, near=fault.near) for fault, at in places]


def _place(problem: Problem) -> tuple[str, int, int, str]:
    return problem.file, problem.line, problem.column, problem.path


def _once(problems: Iterable[Problem]) -> list[Problem]:
    """Drop repetitions, and join what several members of a union expected at one place."""
    joined: dict[tuple[str, int, int, str, str], Problem] = {}
    for p in problems:
        key = (*_place(p), p.message)
        old = joined.setdefault(key, p)
        if p.expected not in old.expected:
            expected = f"{old.expected} or {p.expected}"
            joined[key] = Problem(p.message, p.file, p.line, p.column, p.path, expected, old.near or p.near)
    return list(joined.values())


class _Complaint:
    """One error of pydantic's, told in the document's terms."""

    def __init__(self, document: Document, schema: Mapping[str, Any], details: ErrorDetails) -> None:
        self.document = document
        self.schema = schema
        self.kind = details["type"]
        self.context: dict[str, Any] = details.get("ctx", {})
        self.input = details["input"]
        self.text = details["msg"]
        self.path, self.rest = _in_document(document.value, details["loc"])

    def problems(self) -> list[Problem]:
        """Return the complaint as problems: one, or the several faults a validator collected."""
        tell: Callable[[], list[Problem]] = {
            "missing": self._missing,
            "extra_forbidden": self._unknown_key,
            "value_error": self._value_error,
            "literal_error": self._choice,
            "enum": self._choice,
            "union_tag_invalid": self._tag,
            "union_tag_not_found": self._no_tag,
        }.get(self.kind, self._other)
        return tell()

    def _missing(self) -> list[Problem]:
        name = str(self.rest[-1]) if self.rest else ""
        expected = property_description(self.schema, self.document.value, self.path, name)
        return [self.document.problem(f"key '{name}' is missing", self.path, key=True, expected=expected)]

    def _unknown_key(self) -> list[Problem]:
        known = self._keys(parent=True)
        expected = "one of " + ", ".join(known) if known else ""
        key = self.path[-1] if self.path else ""
        near = near_miss(key, known)
        return [self.document.problem(f"unknown key '{key}'", self.path, key=True, expected=expected, near=near)]

    def _value_error(self) -> list[Problem]:
        error = self.context.get("error")
        if not isinstance(error, BadValue):
            return [self.document.problem(str(error or self.text), self.path)]
        return _fault_problems(self.document, self.path, error)

    def _choice(self) -> list[Problem]:
        expected = str(self.context.get("expected", ""))
        near = near_miss(self.input, _QUOTED.findall(expected))
        return [self.document.problem(f"{_shown(self.input)} is not a choice", self.path, expected=expected, near=near)]

    def _tag(self) -> list[Problem]:
        name, expected = self._discriminator(), str(self.context["expected_tags"])
        near = near_miss(self.context["tag"], _QUOTED.findall(expected))
        path = (*self.path, name)
        return [self.document.problem(f"'{self.context['tag']}' is not a choice", path, expected=expected, near=near)]

    def _no_tag(self) -> list[Problem]:
        return [self.document.problem(f"key '{self._discriminator()}' is missing", self.path, key=True)]

    def _discriminator(self) -> str:
        return str(self.context["discriminator"]).strip("'")

    def _other(self) -> list[Problem]:
        wanted = _WANTED.get(self.kind.split("_")[0], "")
        if wanted and self.kind.endswith(("_type", "_parsing", "_from_float")):
            return [self.document.problem(f"{_shown(self.input)} cannot stand here", self.path, expected=wanted)]
        found = _SHOULD.fullmatch(self.text)
        size = f" of {len(self.input)}" if isinstance(self.input, list | dict) else ""
        message = f"{_shown(self.input)}{size} cannot stand here" if found else self.text
        return [self.document.problem(message, self.path, expected=found[1] if found else "")]

    def _keys(self, *, parent: bool = False) -> list[str]:
        """Return the keys the model knows at the complaint's place."""
        return known_keys(self.schema, self.document.value, self.path[:-1] if parent else self.path)


def _shown(value: object) -> str:
    if isinstance(value, dict | list) or value is None:
        return kind_of(value)
    text = f"'{value}'" if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _in_document(value: Plain, location: Path) -> tuple[Path, Path]:
    """Return the part of a pydantic location that exists in the document, and what is left of it.

    Between the two kinds of steps pydantic inserts names of union members, which the document does not have.
    """
    path: list[str | int] = []
    rest: list[str | int] = []
    for part in location:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, dict) and (number := _as_number(part)) in value:
            part, value = number, value[number]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            rest.append(part)
            continue
        path.append(part)
        rest = []
    return tuple(path), tuple(rest)


def _as_number(part: str | int) -> int:
    return int(part) if isinstance(part, str) and _INDEX.fullmatch(part) else -1


def known_keys(schema: Mapping[str, Any], value: Plain, path: Path) -> list[str]:
    """Return the keys that a JSON schema allows in the mapping at `path` of the document `value`."""
    keys: dict[str, None] = {}
    for place in _places(schema, value, path):
        keys.update(dict.fromkeys(place.get("properties", {})))
    return list(keys)


def property_description(schema: Mapping[str, Any], value: Plain, path: Path, name: str) -> str:
    """Return what the JSON schema says about the property `name` of the mapping at `path`."""
    for place in _places(schema, value, path):
        found = place.get("properties", {}).get(name, {})
        if "description" in found:
            return str(found["description"])
    return ""


def _places(schema: Mapping[str, Any], value: Plain, path: Path) -> list[Mapping[str, Any]]:
    """Return the parts of a JSON schema that speak about `path` of the document `value`."""
    places = [schema]
    for part in path:
        places = [below for place in _expanded(places, schema, value) for below in _below(place, part)]
        value = _member(value, part)
    return _expanded(places, schema, value)


def _member(value: Plain, part: str | int) -> Plain:
    if isinstance(value, dict):
        return value.get(part)
    return value[part] if isinstance(value, list) and isinstance(part, int) and part < len(value) else None


def _below(place: Mapping[str, Any], part: str | int) -> list[Mapping[str, Any]]:
    found = [place.get("properties", {}).get(part), place.get("additionalProperties")]
    if isinstance(part, int):
        found += [place.get("items"), *place.get("prefixItems", [])[part : part + 1]]
    return [schema for schema in found if isinstance(schema, dict)]


def _expanded(places: Iterable[Mapping[str, Any]], root: Mapping[str, Any], value: Plain) -> list[Mapping[str, Any]]:
    """Follow references and unions; of a union with a discriminator only the member that `value` names."""
    result: list[Mapping[str, Any]] = []
    waiting = list(places)
    while waiting:
        place = waiting.pop(0)
        if "$ref" in place:
            waiting.append(root["$defs"][place["$ref"].rsplit("/", 1)[-1]])
            continue
        mapping = place.get("discriminator", {})
        tag = value.get(mapping.get("propertyName", "")) if isinstance(value, dict) else None
        if tag is not None and str(tag) in mapping.get("mapping", {}):
            waiting.append({"$ref": mapping["mapping"][str(tag)]})
            continue
        members = [*place.get("anyOf", []), *place.get("oneOf", []), *place.get("allOf", [])]
        waiting += members
        if not members:
            result.append(place)
    return result
