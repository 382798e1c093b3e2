"""A document read from a YAML file: plain values, and for every part of it the place in the file it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from simslab.base.errors import Problem

Path: TypeAlias = tuple[str | int, ...]
Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str | int, Plain] | None"


@dataclass(frozen=True)
class Position:
    """Where a part of a document was written: file, line and column (from 1), or an override on the command line."""

    file: str
    line: int = 0
    column: int = 0


@dataclass(frozen=True)
class Override:
    """A value set on the command line: `text` as typed, and what stood there before (None if nothing)."""

    text: str
    path: str
    value: Plain
    previous: Plain


@dataclass
class Document:
    """The plain value of a YAML document, the positions of its parts and the problems met while reading it."""

    file: str
    value: Plain
    positions: dict[Path, Position] = field(default_factory=dict)
    key_positions: dict[Path, Position] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    overrides: list[Override] = field(default_factory=list)
    bases: list[str] = field(default_factory=list)  # files that this one extends, nearest first
    replaced: dict[Path, Plain] = field(default_factory=dict)  # path -> what an override or an extending file displaced
    hashes: dict[str, str] = field(default_factory=dict)  # file -> SHA-256 of the bytes that were read, bases included

    def position(self, path: Path, *, key: bool = False) -> Position:
        """Return where `path` (or, with `key`, its key) stands; for a part that is not there, where its parent does."""
        while path:
            found = self.key_positions.get(path) if key else None
            found = found or self.positions.get(path) or self.key_positions.get(path)
            if found is not None:
                return found
            path = path[:-1]
        return self.positions.get((), Position(self.file))

    def problem(self, message: str, path: Path, *, expected: str = "", near: str = "", key: bool = False) -> Problem:
        """Return a problem at `path`."""
        place = self.position(path, key=key)
        return Problem(message, place.file, place.line, place.column, path_text(path), expected, near)


def path_text(path: Path) -> str:
    """Return a path as users write it: `nodes[0].memory`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def kind_of(value: object) -> str:
    """Return what `value` is, in a YAML user's words."""
    if value is None:
        return "nothing"
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a mapping"}
    return names.get(type(value), type(value).__name__)
