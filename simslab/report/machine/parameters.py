"""The parameters of machine files as tables, written from their declarations (`simslab.machine.description`)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, get_args

from pydantic import BaseModel

from simslab.base.documents.document import path_text
from simslab.base.units import Bandwidth, Duration, Frequency, Size
from simslab.machine.description.catalogue import Stated, all_declared, all_stated, field_at
from simslab.machine.description.whole import MachineDescription
from simslab.machine.timing.integers import integer_name, integer_of
from simslab.report.machine.describe import bandwidth_text, size_text

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from simslab.machine.spec import MachineSpec

# How a description ends that tells what holds without the parameter.
_ABSENT: Final = re.compile(
    r"(.*)[;,] (?:absent: (?P<absent>.*)|default (?P<default>.*)|(?P<where>[^;,]*) where absent)"
)


def key_table(places: Sequence[str]) -> list[str]:
    """Return a Markdown table of some keys of machine files: what they are, their values, what holds without them."""
    head = ["| key | what it is | value | where absent |", "|---|---|---|---|"]
    return head + [_key_row(place) for place in places]


def parameter_lines(spec: MachineDescription) -> Iterator[str]:
    """Yield every parameter of a machine by its path, its value, and the integer that the simulation reads."""
    rows = [("parameter", "value", "counted as"), *_stated_rows(spec)]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for path, value, counted in rows:
        yield f"{path:<{widths[0]}}  {value:<{widths[1]}}  {counted}".rstrip()


def parameters_json(spec: MachineSpec) -> str:
    """Return what `parameter_lines` tells as JSON."""
    names = ("parameter", "value", "counted_as")
    rows = [dict(zip(names, row, strict=True)) for row in _stated_rows(spec)]
    return json.dumps({"machine": spec.name, "parameters": rows}, indent=2, ensure_ascii=False) + "\n"


def _stated_rows(spec: MachineDescription) -> Iterator[tuple[str, str, str]]:
    return (_stated_row(stated, spec) for stated in all_stated(spec))


def _key_row(place: str) -> str:
    field = field_at(MachineDescription, place)
    told = _ABSENT.fullmatch(field.description or "")
    what = told[1] if told else field.description
    return f"| `{place}` | {what} | {_values(place, field)} | {_without(field, told)} |"


def _values(place: str, field: FieldInfo) -> str:
    """Return what may stand there: a kind of quantity, a range, or words."""
    declared = all_declared(MachineDescription).get(place)
    if declared is None:
        return "its own keys"
    kinds = {"a time": Duration, "a bandwidth": Bandwidth, "bytes": Size, "a frequency": Frequency}
    words = [f"`{word}`" for word in get_args(field.annotation) if isinstance(word, str)]
    limits = [getattr(entry, side) for side in ("ge", "le") for entry in field.metadata if hasattr(entry, side)]
    kind = next((kind for kind, hint in kinds.items() if declared.is_a(hint)), "")
    return kind or ", ".join(words) or " to ".join(f"{limit:g}" for limit in limits) or "true, false"


def _without(field: FieldInfo, told: re.Match[str] | None) -> str:
    if told is not None:
        return told["absent"] or told["where"] or f"as {told['default'].removeprefix('as ')}"
    if field.is_required():
        return "must be given"
    if isinstance(field.default, BaseModel):
        defaults = field.default.model_dump(exclude_none=True)
        return ", ".join(f"{name} {value}" for name, value in defaults.items()) or "none"
    return "none" if field.default is None else f"{field.default}"


def _stated_row(stated: Stated, spec: MachineDescription) -> tuple[str, str, str]:
    integer = integer_of(stated.part, stated.declared, spec.core.frequency)
    counted = "" if integer is None else f"{integer_name(stated.declared)} = {integer}"
    return path_text(stated.at), _value_text(stated, stated.value), counted


def _value_text(stated: Stated, value: Any) -> str:
    if value is None:
        return "-"
    if stated.declared.is_a(Bandwidth):
        return bandwidth_text(value)
    if stated.declared.is_a(Size):
        return size_text(value)
    if stated.declared.is_a(Frequency):
        return f"{value / 1e9:.4g} GHz"
    return str(value).lower() if isinstance(value, bool) else str(value)
