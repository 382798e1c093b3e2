"""Axes: what varies in an experiment, and the values it takes.

An axis is a path as in `--set`, or one of the words `machine`, `workload` and `trace`. Its values are texts, as typed:
absolute (`60 ns`) or relative to what the machine or workload says without the axis (`x1.5`, `+20 ns`, `-10 ns`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from simslab.base.errors import UserError
from simslab.experiment.grid.in_force import in_document, is_whole, is_within
from simslab.experiment.variants import same_setting, set_twice, split_settings, told_twice

MACHINE: Final = "machine"
WORKLOAD: Final = "workload"
TRACE: Final = "trace"  # a workload that is a recorded trace
WORDS: Final = (MACHINE, WORKLOAD, TRACE)
SHAPE: Final = "PATH=VALUE,VALUE,..., such as 'tunables.mixed.limit=30,60,120' or 'links.upi.latency=x1,x1.5,x2'"


@dataclass(frozen=True)
class Axis:
    """One thing that varies; values as typed, each once."""

    path: str
    values: tuple[str, ...]


def parse_axis(text: str) -> Axis:
    """Return the axis that `PATH=VALUE,...` describes; UserError if it describes none."""
    path, equals, values = text.partition("=")
    if not equals or not path.strip():
        raise UserError(f"'{text}' is no axis", file="--axis", expected=SHAPE)
    return make_axis(path.strip(), [_unquoted(path, part) for part in split_settings(values)])


def _unquoted(path: str, value: str) -> str:
    """Return a value as typed, a name of a file without the quotes that its comma needs; others are read as YAML."""
    text = value.strip()
    quoted = path.strip() in WORDS and len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text


def make_axis(path: str, values: Sequence[Any]) -> Axis:
    """Return an axis with these values; UserError if there is none or one is there twice."""
    texts = tuple(value_text(value) for value in values)
    if not texts or "" in texts:
        raise UserError("an axis needs values", file=f"--axis {path}", expected=SHAPE)
    for text in texts:
        if texts.count(text) > 1:
            raise UserError(f"'{text}' is there twice", file=f"--axis {path}", expected="each value once")
    refuse_seed(path, f"--axis {path}")
    return Axis(path, texts)


def refuse_seed(path: str, place: str) -> None:
    """UserError for a path to the seed: all points run with the same seeds."""
    if in_document(path)[1].partition(".")[0] == "seed":
        raise UserError(
            "seeds are no axis and no setting: all points run with the same ones",
            file=place,
            expected="--seeds N and --seed FIRST",
        )


def value_text(value: Any) -> str:
    """Return a value as one types it behind `--set PATH=`."""
    if isinstance(value, str):
        return value.strip()
    return json.dumps(value)


Combination = Mapping[str, str]  # axis -> value as typed


def parse_point(text: str, place: str = "--point") -> dict[str, str]:
    """Return the joint values `PATH=VALUE,PATH=VALUE,...` of several axes; UserError, at `place`, if they are none."""
    pairs = [part.partition("=") for part in split_settings(text)]
    if any(not equals or not path.strip() or not value.strip() for path, equals, value in pairs):
        raise UserError(f"'{text}' is no point", file=place, expected="PATH=VALUE,PATH=VALUE,...")
    _refuse_point([path.strip() for path, _, _ in pairs], place)
    return {path.strip(): _unquoted(path, value) for path, _, value in pairs}


def combinations(axes: Sequence[Axis], points: Sequence[Combination] = ()) -> list[dict[str, str]]:
    """Return the product of the axes, and of the listed points with them; UserError for an axis that is there twice."""
    _refuse_twice([axis.path for axis in axes])
    _refuse_within({axis.path: axis.values for axis in axes}, "--axis ")
    for point in points:
        _refuse_point([*point], "--point")
        both = sorted(path for path in point if any(same_setting(path, axis.path) for axis in axes))
        if both:
            raise UserError(
                f"'{both[0]}' is an axis and in a point", file=f"--point {both[0]}", expected="one of the two"
            )
        _refuse_within({**{axis.path: axis.values for axis in axes}, **{p: [v] for p, v in point.items()}}, "--point ")
    rows = product(*(axis.values for axis in axes))
    crossed = [dict(zip((axis.path for axis in axes), row, strict=True)) for row in rows]
    made = [{**point, **row} for point in points or ({},) for row in crossed]
    return list({json.dumps(row, sort_keys=True): row for row in made}.values())


def _refuse_point(paths: Sequence[str], place: str) -> None:
    if twice := set_twice(paths):
        raise UserError(f"sets {told_twice(twice)}", file=place, expected="each path once")
    for path in paths:
        refuse_seed(path, f"{place} {path}")


def _refuse_within(values: Mapping[str, Sequence[str]], place: str) -> None:
    """UserError for a path within another, which would change what is told of that; a shape of links is no whole."""
    for path in values:
        for other in values:
            if is_within(path, other) and any(is_whole(value) for value in values[other]):
                told = f"'{path}' is within '{other}', which varies as well"
                raise UserError(told, file=f"{place}{path}", expected="one of the two")


def _refuse_twice(paths: Sequence[str]) -> None:
    if twice := set_twice(paths):
        as_well = "" if twice[0] == twice[1] else f", once as '{twice[0]}'"
        raise UserError(f"is there twice{as_well}", file=f"--axis {twice[1]}", expected="all its values in one --axis")
