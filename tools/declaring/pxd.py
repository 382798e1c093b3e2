"""A leaf's `.pxd`, read: the decisions in it, which the `.py` does not tell."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from declaring.sources import SourceError

CONSTANT = re.compile(r"cdef ([\w ]+?) (\w+)$")
CLASS = re.compile(r"cdef class (\w+)(?:\([\w, ]*\))?:")
ATTRIBUTE = re.compile(r"cdef (?:(public|readonly) )?([\w ]+?(?: |\*+ ?))(\w+)$")
FUNCTION = re.compile(r"(cdef|cpdef) (inline )?([\w *]*?)(\w+)\((.*?)\)(?: (noexcept|except[-?+* \w]*))?$", re.DOTALL)
LOCALS = re.compile(r"(\w+)=(?:cython\.)?(\"[^\"]+\"|\w+)")
PARAMETER = re.compile(r"(?:([\w *]+?)\s*\b)?(\w+)(?:\s*=\s*\*)?$")


@dataclass
class Declared:
    """One line: what it declares, with the comments above it."""

    comments: list[str] = field(default_factory=list)
    decorators: list[str] = field(default_factory=list)
    kind: str = ""  # public or readonly of an attribute, cdef or cpdef of a function
    inline: str = ""
    type: str = ""
    raises: str = ""  # noexcept, except -1, ...
    types: dict[str, str] = field(default_factory=dict)  # of the parameters and locals of a function


@dataclass
class DeclaredClass(Declared):
    """A class with its attributes and functions."""

    attributes: dict[str, Declared] = field(default_factory=dict)
    functions: dict[str, Declared] = field(default_factory=dict)


@dataclass
class Pxd:
    """A `.pxd`."""

    constants: dict[str, Declared] = field(default_factory=dict)
    classes: dict[str, DeclaredClass] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)


def read_pxd(path: Path, mark: str) -> Pxd:
    """Read the declarations of a leaf; lines with `mark` are the generator's own."""
    found = Pxd()
    above = Declared()
    inside: DeclaredClass | None = None
    for number, line in _logical_lines(path.read_text(encoding="utf-8")):
        text = line.strip()
        if not text or mark in text or text == "cimport cython" or re.match(r"(from \S+ )?cimport ", text):
            continue
        if text.startswith("#"):
            above.comments.append(text)
            continue
        if text.startswith("@"):
            _decorate(above, text)
            continue
        if not line.startswith(" "):
            inside = None
        taken = _take(found, inside, text, above)
        if taken is None:
            raise SourceError(f"{path}, line {number}: not understood: {text.splitlines()[0]}")
        if isinstance(taken, DeclaredClass):
            inside = taken
        above = Declared()
    found.comments = above.comments
    return found


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Join what stands in open parentheses."""
    found: list[tuple[int, str]] = []
    joined, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        start = start if joined else number
        joined = f"{joined}\n{line}" if joined else line
        if line.lstrip().startswith("#") or joined.count("(") <= joined.count(")"):
            found.append((start, joined))
            joined = ""
    return found


def _decorate(above: Declared, text: str) -> None:
    if text.startswith("@cython.locals("):
        above.types |= {name: kind.strip('"') for name, kind in LOCALS.findall(text.split("(", 1)[1])}
    else:
        above.decorators.append(text)


def _take(found: Pxd, inside: DeclaredClass | None, text: str, above: Declared) -> Declared | None:
    if match := CLASS.match(text):
        cls = DeclaredClass(above.comments, above.decorators)
        found.classes[match[1]] = cls
        return cls
    if inside is None:
        if not (match := CONSTANT.match(text)):
            return None
        found.constants[match[2]] = Declared(above.comments, type=match[1])
        return found.constants[match[2]]
    if text in ("pass", "..."):
        return above
    return _attribute(inside, text, above) or _function(inside, text, above)


def _attribute(inside: DeclaredClass, text: str, above: Declared) -> Declared | None:
    if not (match := ATTRIBUTE.match(text)):
        return None
    inside.attributes[match[3]] = Declared(above.comments, kind=match[1] or "", type=match[2].strip())
    return inside.attributes[match[3]]


def _function(inside: DeclaredClass, text: str, above: Declared) -> Declared | None:
    if not (match := FUNCTION.match(text)):
        return None
    kind, inline, returns, name, parameters, raises = match.groups()
    types = dict(above.types)
    for parameter in filter(None, (each.strip() for each in parameters.split(","))):
        if parts := PARAMETER.match(parameter):
            types[parts[2]] = (parts[1] or "").strip()
    inside.functions[name] = Declared(
        above.comments, above.decorators, kind, inline or "", returns.strip(), raises or "", types
    )
    return inside.functions[name]
