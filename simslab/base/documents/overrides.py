"""Overrides from the command line: `nodes[0].memory=2 GiB` set on a document before it is validated."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from simslab.base.documents.document import Document, Override, Path, Plain, Position, kind_of, path_text
from simslab.base.errors import Problem, UserError, UserErrors, near_miss

_INDEX: Final = re.compile(r"[0-9]{1,9}")  # no list is longer; int() refuses what has thousands of digits
_PART: Final = re.compile(r"\.?([^.\[\]=]+)|\[([^\[\]]+)\]")


def parse_path(text: str) -> Path:
    """Return the parts of a dotted path with indexes; UserError if it is none."""
    parts: list[str | int] = []
    at = 0
    while at < len(text):
        match = _PART.match(text, at)
        if match is None or (at == 0 and text[0] == "."):
            raise UserError(f"'{text}' is not a path", expected="a path such as 'nodes[0].memory'")
        word = match[1] if match[1] is not None else match[2]
        parts.append(int(word) if _INDEX.fullmatch(word) else word)
        at = match.end()
    if not parts:
        raise UserError("an empty path", expected="a path such as 'nodes[0].memory'")
    return tuple(parts)


def split_override(text: str) -> tuple[str, str]:
    """Return path and value text of `path=value`."""
    path, equals, value = text.partition("=")
    if not equals:
        raise UserError(f"'{text}' has no '='", expected="path=value, such as 'nodes[0].memory=2 GiB'")
    return path.strip(), value.strip()


def apply_overrides(
    document: Document,
    overrides: Sequence[tuple[str, Callable[[str], Plain]]],
    settle: Callable[[Document], None] | None = None,
) -> None:
    """Set each override, given as its text and the reader of its value; UserErrors naming all that cannot be set.

    `settle` is called with the document after each, to write out what a value stands for.
    """
    problems: list[Problem] = []
    for text, read in overrides:
        origin = f"--set {text}"
        try:
            path, value = split_override(text)
            _set(document, parse_path(path), read(value), text)
            if settle is not None:
                settle(document)
        except UserError as error:
            problems += [Problem(p.message, origin, 0, 0, p.path, p.expected, p.near) for p in error.problems]
    if problems:
        raise UserErrors(problems)


def share_out(overrides: Sequence[str], keys: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """Divide overrides among documents, given each document's top-level keys, by the first part of their paths.

    A key that several documents know needs the document's name before it: `workload.name=x`. UserErrors otherwise.
    """
    shares: dict[str, list[str]] = {name: [] for name in keys}
    problems: list[Problem] = []
    for text in overrides:
        try:
            name, rest = _owner(text, keys)
            shares[name].append(rest)
        except UserError as error:
            problems += [Problem(p.message, f"--set {text}", expected=p.expected, near=p.near) for p in error.problems]
    if problems:
        raise UserErrors(problems)
    return shares


def _owner(text: str, keys: Mapping[str, Collection[str]]) -> tuple[str, str]:
    """Return the name of the document that an override is for, and the override as that document takes it."""
    path = parse_path(split_override(text)[0])
    first = str(path[0])
    owners = [name for name, known in keys.items() if first in known]
    if len(owners) == 1:
        return owners[0], text
    if first in keys and not owners and len(path) > 1:
        return first, text.strip().removeprefix(first).removeprefix(".")
    choices = [f"{name}.{first}" for name in owners]
    if choices:
        raise UserError(f"'{first}' could mean several", expected=" or ".join(choices))
    known_keys = sorted({key for known in keys.values() for key in known})
    raise UserError(
        f"unknown key '{first}'", expected=f"one of {', '.join(known_keys)}", near=near_miss(first, known_keys)
    )


def existing_path(document: Document, text: str) -> Path:
    """Return the path of a part that the document has, members of lists by their number or name; UserError if none."""
    here: Plain = document.value
    done: list[str | int] = []
    for part in parse_path(text):
        part = _resolved(here, part, tuple(done))
        if isinstance(here, dict) and part not in here:
            where = path_text(tuple(done)) or "the document"
            raise UserError(f"{where} has no '{part}'", expected=", ".join(map(str, here)), near=near_miss(part, here))
        here = here[part]  # type: ignore[index]  # _resolved leaves containers only
        done.append(part)
    return tuple(done)


def _set(document: Document, path: Path, value: Plain, text: str) -> None:
    origin = Position(f"--set {text}")
    path, holder = _holder(document, path, origin)
    key = path[-1]
    previous: Plain = None
    if isinstance(holder, dict):
        previous = holder.get(key)
        holder[key] = value
    elif isinstance(holder, list) and isinstance(key, int):
        previous = holder[key]
        holder[key] = value
    for table in (document.positions, document.key_positions):
        for old in [old for old in table if old[: len(path)] == path]:
            del table[old]
        table[path] = origin
    document.replaced[path] = previous
    document.overrides.append(Override(text, path_text(path), value, previous))


def _holder(document: Document, path: Path, origin: Position) -> tuple[Path, Plain]:
    """Return the path with list members resolved, and the container of its last part, made where it is missing."""
    here: Plain = document.value
    done: list[str | int] = []
    for index, part in enumerate(path):
        part = _resolved(here, part, tuple(done))
        done.append(part)
        if index == len(path) - 1:
            break
        if isinstance(here, dict):
            if here.get(part) is None:
                here[part] = {}
                document.positions[tuple(done)] = document.key_positions[tuple(done)] = origin
            here = here[part]
        elif isinstance(here, list) and isinstance(part, int):
            here = here[part]
    return tuple(done), here


def _resolved(here: Plain, part: str | int, path: Path) -> str | int:
    """Return `part` as it indexes `here`; a member of a list may be given by its number or its `name`."""
    if isinstance(here, dict):
        return str(part) if isinstance(part, int) and part not in here else part
    where = path_text(path) or "the document"
    if not isinstance(here, list):
        raise UserError(f"'{part}' cannot be set: {where} is {kind_of(here)}", expected="a mapping or a list")
    if isinstance(part, int):
        if part >= len(here):
            raise UserError(f"{where} has no member {part}", expected=f"an index from 0 to {len(here) - 1}")
        return part
    names = [item.get("name") if isinstance(item, dict) else None for item in here]
    if part not in names:
        near = near_miss(part, [name for name in names if name is not None])
        raise UserError(f"{where} has no member '{part}'", expected="an index or a member's name", near=near)
    return names.index(part)
