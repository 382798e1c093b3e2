"""Variants of a comparison: `NAME:path=value[,path=value...]`, each a set of overrides under a name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

from simslab.base.documents.document import Document
from simslab.base.documents.overrides import split_override
from simslab.base.errors import Problem, UserError, UserErrors
from simslab.experiment.grid.in_force import clashes, in_document
from simslab.experiment.grid.relative import is_relative, resolve
from simslab.experiment.inputs import InputReader, Inputs, divided

BASE: Final = "base"  # the arm that nothing changes
SHAPE: Final = "NAME:path=value[,path=value...], such as 'far:links.upi.latency=120 ns'"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,39}")
_CLOSING: Final = {"[": "]", "{": "}", '"': '"', "'": "'"}


@dataclass(frozen=True)
class Variant:
    """One arm: its name and the overrides that make it."""

    name: str
    settings: tuple[str, ...]


def parse_variant(text: str) -> Variant:
    """Return the variant that `text` describes; UserError if it describes none."""
    name, colon, rest = text.partition(":")
    if not colon or "=" in name:
        raise UserError(f"'{text}' has no name", file="--variant", expected=SHAPE)
    if not _NAME.fullmatch(name):
        raise UserError(
            f"'{name}' cannot name a variant", file="--variant", expected="ASCII letters, digits and _ . + -"
        )
    settings = tuple(part.strip() for part in split_settings(rest))
    for setting in settings:
        if not setting or "=" not in setting:
            raise UserError(f"'{setting}' is not path=value", file=f"--variant {name}", expected=SHAPE)
    paths = [split_override(setting)[0].strip() for setting in settings]
    if twice := set_twice(paths):
        raise UserError(f"sets {told_twice(twice)}", file=f"--variant {name}", expected="each path once")
    return Variant(name, settings)


def set_twice(paths: Sequence[str]) -> tuple[str, str] | None:
    """Return the first two paths that name one setting, as `scale` and `workload.scale` do; None if none do."""
    return next(((path, other) for path, other in combinations(paths, 2) if same_setting(path, other)), None)


def told_twice(twice: tuple[str, str]) -> str:
    """Return in words what is there twice, with both spellings where they differ."""
    path, other = twice
    return f"'{path}' twice" + (f", once as '{other}'" if other != path else "")


def same_setting(path: str, other: str) -> bool:
    """Whether two paths name one setting: equal, but that one may leave out the document, `machine.` or `workload.`."""
    (here, bare), (there, other_bare) = in_document(path), in_document(other)
    return bare == other_bare and (here == there or not here or not there)


def sets(settings: Sequence[str], path: str) -> bool:
    """Whether one of the settings `path=value` is of this path."""
    return any(same_setting(path, setting.partition("=")[0].strip()) for setting in settings)


def split_settings(text: str) -> list[str]:
    """Return the parts of `text` between commas that stand outside brackets, braces and quotes."""
    parts, waiting, start = [], [""], 0
    for at, character in enumerate(text):
        if character == waiting[-1]:
            waiting.pop()
        elif waiting[-1] in ("'", '"'):
            continue
        elif character in _CLOSING:
            waiting.append(_CLOSING[character])
        elif character == "," and len(waiting) == 1:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


def parse_variants(texts: Sequence[str]) -> list[Variant]:
    """Return the variants in order; UserErrors with everything wrong in them, repeated names included."""
    problems: list[Problem] = []
    variants: list[Variant] = []
    for text in texts:
        try:
            variants.append(parse_variant(text))
        except UserError as error:
            problems += error.problems
    names = [variant.name for variant in variants]
    for name in sorted({name for name in names if names.count(name) > 1 or name == BASE}):
        reason = "is the name of the unmodified arm" if name == BASE else "names two variants"
        problems.append(Problem(f"'{name}' {reason}", file="--variant", expected="another name"))
    if problems:
        raise UserErrors(problems)
    return variants


def refuse_seed(settings: Sequence[str], place: str) -> None:
    """UserError, told of an option, if settings of it set the seed: all arms run with the same seeds."""
    for setting in settings:
        if in_document(setting.partition("=")[0].strip())[1].partition(".")[0] == "seed":
            raise UserError(f"'{setting}': every arm runs with the same seeds", file=place, expected="--seed N")


def load_arm(
    machine: str, workload: str, settings: Sequence[str], variant: Variant, reader: InputReader | None = None
) -> Inputs:
    """Load machine and workload with the common settings and then the variant's; UserErrors name the variant.

    Relative values (`x2`, `+20 ns`) are of what the common settings leave. A variant may replace what these set; of
    the settings of either none may replace another. With one `reader` all arms are made from the same bytes.
    """
    reader = reader or InputReader()
    own = variant.settings
    if any(_relative(split_override(setting)[1]) for setting in own):
        base = reader.load(machine, workload, settings)
        own = tuple(_absolute(setting, base, variant) for setting in own)
    with naming_variant(replace(variant, settings=own)):
        inputs = reader.load(machine, workload, [*settings, *own])
        for document, common in _documents(inputs, settings):
            _refuse_clashes(document, common)
    return inputs


def _documents(inputs: Inputs, settings: Sequence[str]) -> list[tuple[Document, int]]:
    """Return the machine's and the workload's document, each with how many of the common `settings` are of it."""
    common = divided(settings)
    return [(inputs.machine_document, len(common["machine"])), (inputs.workload_document, len(common["workload"]))]


def _refuse_clashes(document: Document, common: int) -> None:
    """UserError where one of the `common` settings replaces another, or one of a variant's changes another."""
    for clash in clashes(document):
        if clash.first >= common or (clash.whole and clash.second < common):
            first, second = document.overrides[clash.first], document.overrides[clash.second]
            told = f"what it sets is set again by '{split_override(second.text)[0]}'"
            raise UserError(told, file=f"--set {first.text}", expected="one of the two")


def set_otherwise(variant: Variant, inputs: Inputs, settings: Sequence[str]) -> list[str]:
    """Return in words which common settings do not hold in an arm, as the variant sets them or a part of them."""
    found = [
        (document.overrides[clash.first].text, split_override(document.overrides[clash.second].text)[0])
        for document, common in _documents(inputs, settings)
        for clash in clashes(document)
        if clash.first < common <= clash.second
    ]
    return [f"Arm {variant.name} sets {path} itself, which stands before the common {text}." for text, path in found]


def _relative(text: str) -> bool:
    """Whether a value is relative; unlike an axis' values, a bare -1 is what it says."""
    return is_relative(text) and not text.lstrip("+-").replace(".", "").isdigit()


def _absolute(setting: str, base: Inputs, variant: Variant) -> str:
    path, text = split_override(setting)
    return f"{path}={resolve(text, path, base, f'--variant {variant.name}:')}" if _relative(text) else setting


@contextmanager
def naming_variant(variant: Variant) -> Iterator[None]:
    """Let mistakes in what `variant` sets be told as its own."""
    try:
        yield
    except UserError as error:
        raise UserErrors([_of_variant(problem, variant) for problem in error.problems]) from None


def _of_variant(problem: Problem, variant: Variant) -> Problem:
    text = problem.file.removeprefix("--set ")
    if text == problem.file or text not in variant.settings:
        return problem
    place = f"--variant {variant.name}: {text}"
    return Problem(problem.message, place, 0, 0, problem.path, problem.expected, problem.near)
