"""YAML files as documents: YAML 1.2 scalars, a position for every part, and all the mistakes of a file at once.

Only plain data is built (mappings, lists, strings, numbers, booleans, null). Refused: duplicate keys, tags other than
the core ones, keys that are neither strings nor whole numbers, several documents in a file, and aliases that expand
beyond `MAX_NODES`. A merge key (`<<`), which YAML 1.2 has not got, is told; in quotes it is a key like any other.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

import yaml

from simslab.base.documents.document import Document, Path, Plain, Position, path_text
from simslab.base.documents.foreign import foreign
from simslab.base.documents.input import IN_UTF_16, is_utf_16, read_bytes
from simslab.base.documents.overrides import apply_overrides
from simslab.base.documents.validation import validate
from simslab.base.errors import Problem, UserError, UserErrors, near_miss

if TYPE_CHECKING:
    from pydantic import BaseModel

    Model = TypeVar("Model", bound=BaseModel)

Extend: TypeAlias = Callable[[Document], None]

MAX_BYTES: Final = 8 << 20
MAX_NODES: Final = 200_000
MAX_DEPTH: Final = 40

_PREFIX: Final = "tag:yaml.org,2002:"
_HALF: Final = re.compile("[\ud800-\udfff]")  # escapes of YAML may write one, no file can hold it
_CORE: Final = tuple(
    (_PREFIX + tag, re.compile(pattern), first)
    for tag, pattern, first in (
        ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
        ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
        ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", list("-+0123456789")),
        (
            "float",
            r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
            list("-+.0123456789"),
        ),
    )
)
_WORDS: Final = {tag.removeprefix(_PREFIX): pattern for tag, pattern, _ in _CORE[:2]}  # null and bool


class _Loader(yaml.SafeLoader):
    """PyYAML's parser with the scalars of YAML 1.2's core schema."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own name


for _tag, _pattern, _first in _CORE:
    _Loader.add_implicit_resolver(_tag, _pattern, _first)


def read_yaml(path: str | FilePath, name: str = "") -> Document:
    """Read a file, told under `name`; UserError if it cannot be read, is not UTF-8 text or is not YAML."""
    name = name or str(path)
    data = read_bytes(path, "a YAML file", MAX_BYTES, name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        told = IN_UTF_16 if is_utf_16(data) else "is not text"
        raise UserError(told, file=name, line=line, column=column, expected="a YAML file in UTF-8") from None
    try:
        document = parse_yaml(text, name)
    except UserError as error:
        raise foreign(text, name) or error from None
    if not isinstance(document.value, dict) or "available" in document.value:  # numactl's first line may be YAML
        wrong = foreign(text, name)
        if wrong is not None:
            raise wrong
    document.hashes[name] = hashlib.sha256(data).hexdigest()
    return document


def parse_yaml(text: str, file: str = "") -> Document:
    """Return the document in `text`; UserError if it is not YAML, other mistakes are kept in `Document.problems`."""
    document = Document(file, None)
    builder = _Builder(document)
    try:
        node = yaml.compose(text, Loader=_Loader)
        if node is None:
            raise UserError("is empty", file=file, expected="a YAML mapping")
        document.value = builder.build(node, ())
    except yaml.reader.ReaderError as error:
        raise _not_text(error, text, file) from None
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(error, file) from None
    except RecursionError:
        raise UserError("is nested too deeply", file=file, expected=f"at most {MAX_DEPTH} levels") from None
    return document


def parse_value(text: str) -> Plain:
    """Return the value of one YAML scalar (or flow list) given outside a file; UserError if it is none."""
    document = parse_yaml(text or "''")
    if document.problems:
        raise UserErrors(document.problems)
    return document.value


def load_model(path: str | FilePath, model: type[Model], overrides: Sequence[str] = ()) -> Model:
    """Read a file, apply `path=value` overrides and return it as `model`; UserErrors with everything wrong in it."""
    return load_document(path, model, overrides)[1]


def load_document(
    path: str | FilePath,
    model: type[Model],
    overrides: Sequence[str] = (),
    extend: Extend | None = None,
    settle: Extend | None = None,
) -> tuple[Document, Model]:
    """Like `load_model`, with the document too, whose `overrides` tell where each overridden value came from.

    `extend` fills the document in with what it extends; `settle` is called with it after each override.
    """
    document = read_yaml(path)
    if extend is not None:
        extend(document)
    return overridden(document, model, overrides, settle)


def overridden(
    document: Document, model: type[Model], overrides: Sequence[str], settle: Extend | None = None
) -> tuple[Document, Model]:
    """Set `path=value` overrides on a document and return it with its model; UserErrors with everything wrong in it.

    `settle` is called with the document after each, to write out what a value stands for.
    """
    try:
        apply_overrides(document, [(text, parse_value) for text in overrides], settle)
    except UserErrors as error:
        document.problems += error.problems
    return document, validate(document, model)


def _not_text(error: yaml.reader.ReaderError, text: str, file: str) -> UserError:
    line = text.count("\n", 0, error.position) + 1
    column = error.position - text.rfind("\n", 0, error.position)
    message = f"contains the control character {error.character:#04x}"
    return UserError(message, file=file, line=line, column=column, expected="a YAML file in UTF-8")


def _not_yaml(error: yaml.MarkedYAMLError, file: str) -> UserError:
    mark = error.problem_mark or error.context_mark
    message = error.problem or "is not YAML"
    tab = "'\\t'" in message
    if tab:
        message = "a tab where a word or its indentation begins"
    elif error.context:
        message = f"{error.context}: {message}"
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    return UserError(message, file=file, line=line, column=column, expected="spaces" if tab else "")


class _Builder:
    """Turns composed nodes into plain values, noting positions and problems, within a budget of nodes."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.budget = MAX_NODES

    def build(self, node: yaml.Node, path: Path) -> Plain:
        mark = node.start_mark
        self.document.positions[path] = Position(self.document.file, mark.line + 1, mark.column + 1)
        self.budget -= 1
        if self.budget < 0 or len(path) > MAX_DEPTH:
            limit = f"{MAX_NODES} values" if self.budget < 0 else f"{MAX_DEPTH} levels"
            raise UserErrors([self._problem("expands without bound (aliases)", node, path, f"at most {limit}")])
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            self._check_tag(node, path, "seq")
            return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> Plain:
        self._check_tag(node, path, "map")
        result: dict[str | int, Plain] = {}
        for key_node, value_node in node.value:
            key = self._scalar(key_node, path) if isinstance(key_node, yaml.ScalarNode) else None
            if isinstance(key, bool) or not isinstance(key, str | int):
                problem = self._problem("not a usable key", key_node, path, "text or a whole number as key")
                self.document.problems.append(problem)
                continue
            here = (*path, key)
            mark = key_node.start_mark
            if key in result:
                first = self.document.key_positions[here].line
                message = f"duplicate key '{key}', first on line {first}"
                self.document.problems.append(self._problem(message, key_node, here))
                continue
            if key == "<<" and key_node.style is None:
                told = "a merge key merges nothing in YAML 1.2"
                self.document.problems.append(self._problem(told, key_node, here, "the keys themselves"))
                continue
            self.document.key_positions[here] = Position(self.document.file, mark.line + 1, mark.column + 1)
            result[key] = self.build(value_node, here)
        return result

    def _scalar(self, node: yaml.Node, path: Path) -> Plain:
        text = str(node.value)
        tag = node.tag.removeprefix(_PREFIX)
        try:
            if tag in _WORDS and not _WORDS[tag].match(text):
                raise ValueError
            if tag == "null":
                return None
            if tag == "bool":
                return text[0] in "tT"
            if tag == "int":
                return _whole(text)
            if tag == "float":
                return _real(text)
        except (ValueError, OverflowError):
            what = f"usable {tag}" if tag in _WORDS else "usable number"
            self.document.problems.append(self._problem(f"'{text[:40]}' is not a {what}", node, path))
            return 0
        self._check_tag(node, path, "str")
        if _HALF.search(text):
            self.document.problems.append(self._problem("contains half a character (a surrogate)", node, path))
            return ""
        return text

    def _check_tag(self, node: yaml.Node, path: Path, plain: str) -> None:
        tag = str(node.tag)
        if tag not in (_PREFIX + plain, "!"):
            near = near_miss(tag, ["!!str", "!!int", "!!float", "!!bool", "!!null"])
            shown = tag.replace(_PREFIX, "!!")
            self.document.problems.append(self._problem(f"tag '{shown}' is not supported", node, path, near=near))

    def _problem(self, message: str, node: yaml.Node, path: Path, expected: str = "", near: str = "") -> Problem:
        mark = node.start_mark
        return Problem(message, self.document.file, mark.line + 1, mark.column + 1, path_text(path), expected, near)


def _whole(text: str) -> int:
    """Return a YAML 1.2 integer: a leading 0 does not mean octal, 0o does."""
    if text[:2] in ("0o", "0x"):
        return int(text[2:], 8 if text[1] == "o" else 16)
    return int(text, 10)


def _real(text: str) -> float:
    """Return a YAML 1.2 float; OverflowError for a finite number that does not fit."""
    if text.lstrip("+-").lower() in (".inf", ".nan"):
        return float(text.replace(".", ""))
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise OverflowError
    return value
