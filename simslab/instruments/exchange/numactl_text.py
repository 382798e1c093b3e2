"""The lines that `numactl -H` prints (numactl.c: hardware), read whole: what cannot be read is refused by its line.

People wrap, quote and cut such texts. A line of numbers alone continues the line before it; a prefix of quotation is
taken off; lines before and after the output are counted and told. Inside it, a line that numactl does not print is
refused: what it stands for may be CPUs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from simslab.base.documents.input import read_text
from simslab.base.errors import UserError

EXPECTED: Final = "the output of numactl -H"
SHOWN: Final = 3  # lines left out that are told one by one

_AVAILABLE: Final = re.compile(r"([\s>#|*]*)available:\s+(\d{1,4})\s+nodes?\b\s*(?:\(([\d,\s-]*)\)?)?\s*")
_NODE: Final = re.compile(r"node\s+(\d{1,4})\s+(cpus|size|free):(.*)")
_JOINED: Final = re.compile(r"(?<=\S)\s*(?=\bnode\s+\d{1,4}\s+(?:cpus|size|free):)")
_COUNT: Final = re.compile(r"\((\d{1,6})\)\s*$")
_ITEM: Final = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
_SIZE: Final = re.compile(r"\s*(\d{1,12})\s*([kKMGT])i?B\s*")
_SHIFTS: Final = {"k": 10, "K": 10, "M": 20, "G": 30, "T": 40}  # numactl shifts too, and prints MB
_NUMBERS: Final = re.compile(r"\d{1,5}(?:-\d{1,5})?(?:[\s,]+\d{1,5}(?:-\d{1,5})?)*,?(?:\s*\(\d{1,6}\))?")
_VALUES: Final = re.compile(r"\d{1,4}(?:\s+\d{1,4})*")
_HEAD: Final = re.compile(r"node((?:\s+\d{1,4})+)")
_ROW: Final = re.compile(r"(\d{1,4}):((?:\s+\d{1,4})*)")
_MISSING: Final = "<not available>"
_NO_NUMA: Final = re.compile(r"No NUMA (?:support )?available on this system", re.IGNORECASE)
_NO_DISTANCES: Final = "No distance information available."


@dataclass
class NumactlText:
    """What the lines told: CPUs and bytes by node, distances by pair, and what was left out."""

    told: set[int] = field(default_factory=set)  # nodes in the first line
    count: int = 0
    first_line: int = 0
    cpus: dict[int, tuple[int, ...]] = field(default_factory=dict)
    lines: dict[int, int] = field(default_factory=dict)  # by node: the line of its CPUs
    memory: dict[int, int | None] = field(default_factory=dict)
    columns: list[int] = field(default_factory=list)
    rows: dict[int, list[int]] = field(default_factory=dict)
    no_distances: bool = False
    left_out: list[str] = field(default_factory=list)


def read_numactl_text(path: Path) -> NumactlText:
    """Return what `numactl -H` told in a file; UserError for what is not its output or cannot be read whole."""
    lines = read_text(path, EXPECTED).splitlines()
    starts = [(number, match) for number, line in enumerate(lines, 1) if (match := _AVAILABLE.fullmatch(line))]
    if not starts and any(_NO_NUMA.search(line) for line in lines):
        message = "numactl found no NUMA there, so it tells of no CPU and no memory"
        raise UserError(message, file=str(path), expected="a machine with a kernel that has NUMA")
    if not starts:
        raise UserError("is not from numactl: no line 'available: N nodes'", file=str(path), expected=EXPECTED)
    if len(starts) > 1:
        message = f"holds {len(starts)} outputs of numactl, from lines {', '.join(str(n) for n, _ in starts[:8])} on"
        raise UserError(message, file=str(path), line=starts[1][0], column=1, expected="one: cut the others out")
    start, first = starts[0]
    reader = _Reader(path, start, first)
    reader.before(lines[: start - 1])
    for number, line in _unquoted(lines[start:], start + 1, first[1]):
        reader.line(number, line)
    return reader.finished()


def _unquoted(lines: Sequence[str], start: int, prefix: str) -> Iterator[tuple[int, str]]:
    """Yield what follows the first line, by number, without its prefix, lines joined in one apart."""
    for number, line in enumerate(lines, start):
        text = line.strip()
        quotation = prefix.strip()
        if quotation and text.startswith(quotation):
            text = text[len(quotation) :].strip()
        if _NODE.match(text) and not re.match(r"node\s+\d+\s+cpus:node", text):
            yield from ((number, part.strip()) for part in _JOINED.split(text))
        else:
            yield number, text


class _Reader:
    def __init__(self, path: Path, start: int, first: re.Match[str]) -> None:
        self.path = path
        self.text = NumactlText(count=int(first[2]), first_line=start)
        if first[3]:
            self.text.told = set(self._items(start, first[3], "node number"))
        self.last: tuple[str, int] = ("", 0)  # what the line before was, and its node
        self.strange: list[tuple[int, str]] = []  # lines that are none of numactl's, since the last that is
        self.extra: list[tuple[int, str]] = []  # those before and after the output
        self.counts: dict[int, tuple[int, int]] = {}  # by node: CPUs counted by numactl, and the line
        self.row_lines: dict[int, int] = {}  # by node: the line of its distances

    def _refuse(self, number: int, message: str, expected: str = EXPECTED) -> UserError:
        return UserError(message, file=str(self.path), line=number, column=1, expected=expected)

    def before(self, lines: Sequence[str]) -> None:
        self.extra += [(number, line) for number, line in enumerate(lines, 1) if line.strip()]

    def line(self, number: int, line: str) -> None:
        """Take in a line of the output."""
        if not line or self._complete():
            if line:
                self.strange.append((number, line))
            return
        if self._known(number, line):
            if self.strange:
                raise self._refuse(self.strange[0][0], f"'{self.strange[0][1][:60]}' is no line of numactl -H")
        elif line.startswith("libnuma"):  # its warnings, on standard error
            self.extra.append((number, line))
        else:
            self.strange.append((number, line))

    def _complete(self) -> bool:
        rows, columns = self.text.rows, self.text.columns
        return bool(columns) and len(rows) == len(columns) and len(next(reversed(rows.values()))) == len(columns)

    def _known(self, number: int, line: str) -> bool:
        """Take in a line of numactl's; False if it is none."""
        if match := _NODE.fullmatch(line):
            self._node(number, int(match[1]), match[2], match[3])
        elif line == "node distances:" or line == _NO_DISTANCES:
            self.text.no_distances = line == _NO_DISTANCES
            self.last = ("distances", 0)
        elif self.last[0] == "distances" and (match := _HEAD.fullmatch(line)):
            self.text.columns = [int(word) for word in match[1].split()]
            self.last = ("columns", 0)
        elif self.text.columns and (match := _ROW.fullmatch(line)):
            self._row(number, int(match[1]), [int(word) for word in match[2].split()])
        else:
            return bool(_NUMBERS.fullmatch(line)) and self._continued(number, line)
        return True

    def _continued(self, number: int, line: str) -> bool:
        """Take in a line of numbers alone: the rest of the line before it."""
        kind, node = self.last
        if kind == "cpus":
            self.text.cpus[node] += self._cpus(number, node, line)
        elif kind in ("columns", "row") and (match := _VALUES.fullmatch(line)):
            values = [int(word) for word in match[0].split()]
            if kind == "row":
                self._row_values(number, node, values)
            else:
                self.text.columns += values
        else:
            return False
        return True

    # -- nodes -------------------------------------------------------------------------------------------------------

    def _node(self, number: int, node: int, what: str, rest: str) -> None:
        self.last = (what, node)
        if (what == "cpus" and node in self.text.cpus) or (what == "size" and node in self.text.memory):
            raise self._refuse(number, f"node {node} has its {what} twice", "the output of one run")
        if what == "cpus":
            if rest.startswith("node"):
                raise self._refuse(number, f"numactl could not read the CPUs of node {node}", "'node N cpus: ...'")
            self.text.cpus[node] = self._cpus(number, node, rest)
            self.text.lines[node] = number
        elif what == "size":
            match = _SIZE.fullmatch(rest)
            if match is None and rest.strip() != _MISSING:
                raise self._refuse(number, f"'{rest.strip()[:60]}' is no size", "a size in MB, as numactl prints it")
            self.text.memory[node] = None if match is None else int(match[1]) << _SHIFTS[match[2]]

    def _cpus(self, number: int, node: int, text: str) -> tuple[int, ...]:
        count = _COUNT.search(text)
        if count is not None:
            self.counts[node] = (int(count[1]), number)
            text = text[: count.start()]
        return tuple(self._items(number, text, "CPU number"))

    def _items(self, number: int, text: str, what: str) -> list[int]:
        """Return the numbers in a list of numbers and ranges, by blanks or commas."""
        found: list[int] = []
        for word in re.split(r"[\s,]+", text.strip(" \t,")):
            match = _ITEM.fullmatch(word)
            if match is None or int(match[2] or match[1]) < int(match[1]):
                if not word:
                    continue
                raise self._refuse(number, f"'{word[:60]}' is no {what}", f"{what}s, such as 0 1 2 or 0-2, 8")
            found += range(int(match[1]), int(match[2] or match[1]) + 1)
        return found

    # -- distances ---------------------------------------------------------------------------------------------------

    def _row(self, number: int, node: int, values: list[int]) -> None:
        if node in self.text.rows:
            raise self._refuse(number, f"node {node} has its distances twice", "the output of one run")
        self.last = ("row", node)
        self.text.rows[node] = []
        self.row_lines[node] = number
        self._row_values(number, node, values)

    def _row_values(self, number: int, node: int, values: list[int]) -> None:
        row = self.text.rows[node]
        row += values
        if len(row) > len(self.text.columns):
            raise self._refuse(number, f"{len(row)} distances in {len(self.text.columns)} columns")

    # -- the whole ---------------------------------------------------------------------------------------------------

    def finished(self) -> NumactlText:
        """Return what was told, after a look at whether it is whole."""
        text = self.text
        for node, cpus in text.cpus.items():
            counted, number = self.counts.get(node, (len(cpus), 0))
            if counted != len(cpus):
                raise self._refuse(number, f"node {node} has {len(cpus)} CPUs listed, {counted} counted")
        short = next((node for node, row in text.rows.items() if len(row) < len(text.columns)), None)
        if short is not None:
            message = f"{len(text.rows[short])} distances in {len(text.columns)} columns"
            raise self._refuse(self.row_lines[short], message)
        extra = sorted([*self.extra, *self.strange])
        if extra:
            shown = "; ".join(f"line {number}: '{' '.join(line.split())[:60]}'" for number, line in extra[:SHOWN])
            text.left_out.append(f"{len(extra)} lines are not numactl's, left out: {shown}")
        return text
