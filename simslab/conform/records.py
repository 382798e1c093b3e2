"""Rows and lines of golden files that know where they stand, so that what cannot be meant is refused there.

Numbers reach compiled code that checks nothing: whoever takes one from a file says in which range it must lie.
"""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final, NoReturn

from simslab.base.errors import UserError, reason

LONGEST: Final = 4 << 20  # characters of a line; the longest recorded has 13 thousand
MOST_ROWS: Final = 1 << 20  # of a table, which is held as a whole
LARGEST_SIZE: Final = 1 << 30  # bytes of an object or request; from 4 MiB on all are refused alike
LARGEST_ALIGN: Final = 1 << 30
LARGEST_FLAGS: Final = (1 << 32) - 1  # slab_flags_t is an unsigned int
Object = tuple[int, int]  # slab and index


class Row(dict[str, str]):
    """One row of a table."""

    def __init__(self, values: Mapping[str, str], file: str, line: int) -> None:
        super().__init__(values)
        self.file = file
        self.line = line

    def __missing__(self, name: str) -> NoReturn:
        raise UserError(f"has no '{name}'", file=self.file, line=self.line, column=1, expected="a row of its kind")

    def integer(self, name: str, low: int, high: int, base: int = 10) -> int:
        """Return a cell as an integer of `low` to `high`; UserError with its place if it is none."""
        try:
            value = int(self[name], base)
        except ValueError:
            value = None
        return _within(self.file, self.line, name, self[name], value, low, high)

    def refuse(self, name: str, expected: str) -> NoReturn:
        """Raise UserError for a cell."""
        told = f"is {self[name]!r:.60}"
        raise UserError(told, file=self.file, line=self.line, column=1, path=name, expected=expected)

    def integer_or(self, name: str, default: int, low: int, high: int) -> int:
        """Return a cell as an integer, `default` where it is empty."""
        return self.integer(name, low, high) if self[name] else default


class Record(dict[str, Any]):
    """One object of a file of JSON lines."""

    def __init__(self, values: Mapping[str, Any], file: str, line: int) -> None:
        super().__init__(values)
        self.file = file
        self.line = line

    def __missing__(self, name: str) -> NoReturn:
        raise UserError(f"has no '{name}'", file=self.file, line=self.line, column=1, expected="a record of its kind")

    def integer(self, name: str, low: int, high: int) -> int:
        """Return a field that is an integer of `low` to `high`; UserError with its place if it is none."""
        value = self[name]
        return _within(self.file, self.line, name, value, value if type(value) is int else None, low, high)

    def text(self, name: str) -> str:
        """Return a field that is a short text."""
        value = self[name]
        if not isinstance(value, str) or not 0 < len(value) <= 100:
            self.refuse(name, "a text of 1 to 100 characters")
        return value

    def records(self, name: str) -> list[Record]:
        """Return a field that is a list of objects."""
        values = self[name]
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            self.refuse(name, "a list of objects")
        return [Record(value, self.file, self.line) for value in values]

    def integers(self, name: str, low: int, high: int, most: int) -> list[int]:
        """Return a field that is a list of at most `most` integers of `low` to `high`."""
        values = self[name]
        if not isinstance(values, list) or len(values) > most or not all(is_integer(v, low, high) for v in values):
            self.refuse(name, f"at most {most} numbers from {low} to {high}")
        return values

    def events(self, kind: str, low: int, high: int) -> list[int]:
        """Return the numbers that follow `kind` in `ev`: the CPUs, or the values, of such events."""
        events = self.get("ev", [])
        if not isinstance(events, list) or not all(isinstance(e, list) and e and isinstance(e[0], str) for e in events):
            self.refuse("ev", "lists that begin with the kind of event")
        found = [event[1] for event in events if event[0] == kind and len(event) > 1]
        if not all(is_integer(value, low, high) for value in found):
            self.refuse("ev", f"numbers from {low} to {high} after '{kind}'")
        return found

    def accesses(self) -> list[tuple[str, str, str, int]]:
        """Return `accesses`: function, width, region and offset of each."""
        values = self["accesses"]
        if not isinstance(values, list) or not all(_is_access(value) for value in values):
            self.refuse("accesses", "a list of [function, width, region, offset]")
        return [(function, width, region, offset) for function, width, region, offset in values]

    def object_name(self, name: str, live: set[Object]) -> Object:
        """Return the name of an object that is in use, which it leaves; UserError if it is not."""
        return self.take(name, self[name], live)

    def object_names(self, name: str, live: set[Object]) -> list[Object]:
        """Return the names of several, each once."""
        values = self[name]
        if not isinstance(values, list):
            self.refuse(name, "a list of objects")
        return [self.take(name, value, live) for value in values]

    def take(self, name: str, value: object, live: set[Object]) -> Object:
        """Take an object that is in use out of `live`."""
        if not isinstance(value, list) or len(value) != 2 or not all(type(part) is int for part in value):
            self.refuse(name, "[slab, index]")
        found = (value[0], value[1])
        if found not in live:
            told = f"the object {list(found)} is not in use"
            raise UserError(told, file=self.file, line=self.line, column=1, path=name, expected="one allocated above")
        live.remove(found)
        return found

    def refuse(self, name: str, expected: str) -> NoReturn:
        """Raise UserError for a field."""
        value = f"{self[name]!r:.60}"
        raise UserError(f"is {value}", file=self.file, line=self.line, column=1, path=name, expected=expected)


def _is_access(value: object) -> bool:
    """Whether a value is [function, width, region, offset]."""
    if not isinstance(value, list) or len(value) != 4:
        return False
    return all(isinstance(part, str) for part in value[:3]) and is_integer(value[3], -(1 << 63), 1 << 63)


def is_integer(value: object, low: int, high: int) -> bool:
    """Whether a value of JSON is an integer (not true or false) in a range."""
    return type(value) is int and low <= value <= high


def _within(file: str, line: int, name: str, told: object, value: int | None, low: int, high: int) -> int:
    if value is None or not low <= value <= high:
        expected = f"an integer from {low} to {high}"
        raise UserError(f"is {told!r:.60}", file=file, line=line, column=1, path=name, expected=expected)
    return value


@contextmanager
def lines_of(path: Path) -> Iterator[Iterator[str]]:
    """Open a plain or gzipped text file; yields its lines, none longer than LONGEST. UserError when they end badly."""
    try:
        with gzip.open(path, "rt", encoding="ascii") if path.suffix == ".gz" else path.open(encoding="ascii") as stream:
            yield _bounded(path, iter(lambda: stream.readline(LONGEST + 1), ""))
    except (EOFError, zlib.error, gzip.BadGzipFile, UnicodeDecodeError) as error:
        raise UserError(f"cannot be read: {error}", file=str(path), expected="plain or gzipped ASCII text") from None
    except OSError as error:
        raise UserError(f"cannot be read: {reason(error)}", file=str(path)) from None


def _bounded(path: Path, lines: Iterator[str]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if len(line) > LONGEST:
            told = f"a line of more than {LONGEST >> 20} MiB"
            raise UserError(told, file=str(path), line=number, column=1, expected="a golden file")
        yield line


def read_records(path: Path, lines: Iterator[str], start: int = 1) -> Iterator[tuple[Record, str]]:
    """Yield each line of JSON as a record, with its text; UserError where one is no object."""
    for number, text in enumerate(lines, start=start):
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            raise UserError("is no JSON object", file=str(path), line=number, column=1, expected="one on each line")
        yield Record(values, str(path), number), text


def first_record(path: Path, lines: Iterator[str]) -> Record:
    """Return the header of a trace, which is its first line; UserError for an empty file."""
    for record, _ in read_records(path, lines):
        return record
    raise UserError("is empty", file=str(path), expected="a header and operations")


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a CSV file with a header line."""
    with lines_of(path) as lines:
        reader = csv.DictReader(lines)
        try:
            for number, row in enumerate(reader):
                if number == MOST_ROWS:
                    raise UserError(f"has more than {MOST_ROWS:,} rows", file=str(path), expected="a golden table")
                cells = {name: cell for name, cell in row.items() if name is not None and cell is not None}
                yield Row(cells, str(path), reader.line_num)
        except csv.Error as error:
            raise UserError(str(error), file=str(path), line=reader.line_num, column=1) from None


def read_document(path: Path) -> Record:
    """Return a file that is one JSON object."""
    with lines_of(path) as lines:
        text = "".join(islice(lines, MOST_ROWS))
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise UserError("is no JSON object", file=str(path), expected="a golden file")
    return Record(document, str(path), 1)
