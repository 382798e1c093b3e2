"""The text that Intel's Memory Latency Checker prints, read into tables; also as a spreadsheet keeps it (CSV)."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from simslab.base.documents.input import read_text
from simslab.base.errors import UserError

EXPECTED: Final = "the output of Intel Memory Latency Checker (mlc)"

_SECTIONS: Final = (  # what a heading contains, and the name of its section
    ("idle latenc", "latency"),
    ("memory bandwidths between nodes", "bandwidth"),
    ("peak injection", "peak"),
    ("peak memory bandwidths", "peak"),
    ("loaded latencies", "loaded"),
    ("homed in writer", "writer"),
    ("homed in reader", "reader"),
    ("cache-to-cache", "cache"),
    ("l2->l2 hitm latency", "hitm"),
    ("l2->l2 hit", "hit"),
)
_HEAD: Final = re.compile(r"[A-Za-z][A-Za-z /]*?((?:\s+\d{1,3})+)")
_VALUE: Final = r"(?:-|N/A|\d{1,9}(?:\.\d{1,6})?)"
_ROW: Final = re.compile(rf"(\d{{1,3}})((?:\s+{_VALUE})+)")
_LOADED: Final = re.compile(r"(\d{5,6})\s+(\d{1,6}(?:\.\d+)?)\s+(\d{1,9}(?:\.\d+)?)")
_LAST: Final = re.compile(r".*?(\d{1,9}(?:\.\d+)?)")

_UNIT: Final = re.compile(r"\(in ([a-z ]+)\)")
_RATE: Final = re.compile(r"bandwidths are in ([a-z]+)/s|^delay\s+\(ns\)\s+([a-z]+)/s")
_SCALES: Final = {"mb": 1.0, "gb": 1000.0}  # MB/s
_BY_CPU: Final = re.compile(r"(?:cpu|core|thread)\b", re.IGNORECASE)
_COMMAS: Final = re.compile(r"[A-Za-z\":],|\d,\d+\.\d|,[^,\s]*,|,\s")  # that separate values
_DECIMAL_COMMA: Final = re.compile(r"(?<=\d),(?=\d{1,2}(?!\d))")
LONGEST: Final = 8192  # characters of a line; a head of 999 nodes has fewer
_LIKE_ROW: Final = re.compile(r"\d+\s+\S")
_MATRICES: Final = ("latency", "bandwidth", "writer", "reader")
SHOWN: Final = 3  # things left out that are told one by one

Table = Mapping[tuple[int, int], float]


@dataclass(frozen=True)
class MlcTables:
    """What was measured: ns and MB/s by (row's node, column's node), which for caches is (writer, reader)."""

    latency: Table
    bandwidth: Table
    hit: float = 0.0  # ns, between two cores of a package
    hitm: float = 0.0
    from_writer: Table = field(default_factory=dict)  # modified lines, their home at the writer
    from_reader: Table = field(default_factory=dict)
    loaded: Sequence[tuple[int, float, float]] = ()  # injection delay, ns, MB/s
    peak: Mapping[str, float] = field(default_factory=dict)  # MB/s by kind of traffic
    left_out: Sequence[str] = ()  # notes
    access: str = ""  # of the idle latencies: 'sequential', 'random', or not told
    random_more: float = 0.0  # ns that random access takes longer than sequential, where both were measured

    @property
    def readers(self) -> list[int]:
        """Nodes with CPUs, which are those that have a row."""
        return sorted({reader for reader, _ in self.latency})

    @property
    def memories(self) -> list[int]:
        """Nodes with memory, which are those that have a column with figures."""
        return sorted({memory for _, memory in self.latency})

    @property
    def nodes(self) -> list[int]:
        """All nodes."""
        return sorted({*self.readers, *self.memories})


def read_mlc(path: Path) -> MlcTables:
    """Return the tables in a file; UserError if it holds no matrix of idle latencies, or two of a kind."""
    reader = _Reader(path)
    for number, line in enumerate(read_text(path, EXPECTED).splitlines(), 1):
        reader.line(number, _plain(line.strip()))
    latency = reader.table("latency")
    if not latency:
        message = "holds no matrix of idle latencies"
        raise UserError(message, file=str(path), expected=f"{EXPECTED}, or of mlc --latency_matrix")
    tables = MlcTables(
        latency,
        reader.table("bandwidth"),
        reader.single.get("hit", 0.0),
        reader.single.get("hitm", 0.0),
        reader.table("writer"),
        reader.table("reader"),
        tuple(reader.loaded),
        reader.peak,
        tuple(reader.left_out()),
        next(variant for name, variant in reader.tables if name == "latency"),
        reader.random_more(),
    )
    _refuse_unlike(tables, path)
    return tables


def _plain(line: str) -> str:
    """Return a line of a spreadsheet, with separators or decimal commas, as MLC prints it; a usual line as it is."""
    if len(line) > LONGEST:
        return line
    if ";" in line or ("," in line and _COMMAS.search(line)):
        values = next(csv.reader([line.rstrip("; ,")], delimiter=";" if ";" in line else ",", skipinitialspace=True))
        line = "\t".join(value.strip() or "-" for value in values)
    return line if re.search(r"\d\.\d", line) else _DECIMAL_COMMA.sub(".", line)


def _refuse_unlike(tables: MlcTables, path: Path) -> None:
    """Refuse tables that are not whole, of no time or not of the same nodes: a cut file, or one of several machines."""
    if instant := [pair for pair, ns in tables.latency.items() if ns <= 0]:
        message = f"tells an idle latency of 0 ns from node {instant[0][0]} to node {instant[0][1]}"
        raise UserError(message, file=str(path), expected=EXPECTED)
    pairs = [(a, b) for a in tables.readers for b in tables.memories if (a, b) not in tables.latency]
    if pairs:
        message = f"has no idle latency from node {pairs[0][0]} to node {pairs[0][1]}"
        raise UserError(message, file=str(path), expected=EXPECTED)
    for what, table in (
        ("bandwidth", tables.bandwidth),
        ("cache-to-cache latency", tables.from_writer),
        ("cache-to-cache latency", tables.from_reader),
    ):
        readers = tables.readers if what == "bandwidth" else tables.nodes
        strange = sorted({a for a, _ in table} - set(readers) | {b for _, b in table} - set(tables.nodes))
        if strange:
            message = f"tells a {what} of node {strange[0]}, which is not so in the matrix of idle latencies"
            raise UserError(message, file=str(path), expected="one run of mlc, whole")


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.section = ""
        self.variant = ""  # how it was measured, where that is told: 'sequential', 'random'
        self.columns: list[int] = []
        self.scale = 1.0  # of bandwidths: MB/s in one of those told
        self.tables: dict[tuple[str, str], dict[tuple[int, int], float]] = {}
        self.headings: dict[tuple[str, str], int] = {}  # line of each table's heading
        self.skipping = False  # in a section that came before
        self.single: dict[str, float] = {}
        self.loaded: list[tuple[int, float, float]] = []
        self.peak: dict[str, float] = {}
        self.again: list[str] = []  # sections that came again, left out
        self.unread: list[tuple[int, str]] = []  # rows that could not be read

    def table(self, section: str) -> Table:
        """Return the first table of a section, which may come in variants."""
        return next((table for (name, _), table in self.tables.items() if name == section), {})

    def random_more(self) -> float:
        """Return the mean ns by which random access is slower than sequential, 0 unless both tables are there."""
        one, other = (self.tables.get(("latency", access), {}) for access in ("random", "sequential"))
        common = one.keys() & other.keys()
        return max(0.0, sum(one[pair] - other[pair] for pair in common) / len(common)) if common else 0.0

    def line(self, number: int, line: str) -> None:
        lowered = line.lower()
        section = next((name for words, name in _SECTIONS if words in lowered), "")
        if section:
            self._refuse_unit(number, lowered)
            self._heading(section, number, line)
        elif rate := _RATE.search(lowered):
            self._rate(number, rate[1] or rate[2])
        elif self.skipping:
            return
        elif self.section == "loaded" and (match := _LOADED.fullmatch(line)):
            self.loaded.append((int(match[1]), float(match[2]), self.scale * float(match[3])))
        elif self.section == "peak" and ":" in line:
            self._peak(line)
        elif self.section in _MATRICES and _BY_CPU.match(line):
            raise self._refuse(number, f"'{line[:60]}' heads rows of CPUs", "rows and columns of nodes")
        elif match := _HEAD.fullmatch(line):
            self.columns = [int(word) for word in match[1].split()]
        elif self.columns and (match := _ROW.fullmatch(line)):
            self._row(number, int(match[1]), match[2].split())
        elif self.section in _MATRICES and _LIKE_ROW.match(line):
            what = "is no row of a matrix" if self.columns else "is a row without a head of columns"
            raise self._refuse(number, f"'{line[:60]}' {what}")
        elif _LIKE_ROW.match(line):
            self.unread.append((number, line))

    def _refuse(self, number: int, message: str, expected: str = EXPECTED) -> UserError:
        return UserError(message, file=str(self.path), line=number, column=1, expected=expected)

    def _refuse_unit(self, number: int, heading: str) -> None:
        unit = _UNIT.search(heading)
        if unit is not None and unit[1] != "ns":
            raise self._refuse(number, f"latencies are in {unit[1]}", "latencies in ns")

    def _rate(self, number: int, unit: str) -> None:
        if unit not in _SCALES:
            raise self._refuse(number, f"bandwidths are in {unit.upper()}/s", "bandwidths in MB/sec or GB/sec")
        self.scale = _SCALES[unit]

    def _heading(self, section: str, number: int, line: str) -> None:
        variant = next((word for word in ("sequential", "random") if word in line.lower()), "")
        if section in ("hit", "hitm"):
            self._single(section, number, line)
            return
        first = self.headings.setdefault((section, variant), number)
        if section == "latency" and self.section not in ("", "latency"):
            first = min(line for (name, _), line in self.headings.items() if name == section)  # random or sequential
        if first != number and section == "latency" and self.table(section):
            message = f"holds two runs: idle latency matrix again, first in line {first}"
            raise UserError(
                message, file=str(self.path), line=number, column=1, expected="one run of mlc: cut the other out"
            )
        self.skipping = first != number
        if self.skipping:
            self.again.append(f"'{line.rstrip('.: ')[:60]}' of line {number} (first in line {first})")
        self.section, self.variant = section, variant
        self.columns = []
        self.scale = 1.0

    def _single(self, section: str, number: int, line: str) -> None:
        value = _LAST.fullmatch(line)
        if value is not None and section in self.single:
            self.again.append(f"'{line[:60]}' of line {number}")
        elif value is not None:
            self.single[section] = float(value[1])

    def _peak(self, line: str) -> None:
        kind, _, text = line.rpartition(":")
        if re.fullmatch(r"\s*\d{1,9}(\.\d+)?", text):
            self.peak[kind.strip()] = self.scale * float(text)

    def _row(self, number: int, node: int, words: Sequence[str]) -> None:
        if len(words) != len(self.columns):
            message = f"{len(words)} values in {len(self.columns)} columns"
            raise UserError(message, file=str(self.path), line=number, column=1, expected=EXPECTED)
        table = self.tables.setdefault((self.section, self.variant), {})
        if any(reader == node for reader, _ in table):
            message = f"node {node} has a second row in the same table"
            raise UserError(message, file=str(self.path), line=number, column=1, expected="one run of mlc")
        values = zip(self.columns, words, strict=True)
        scale = self.scale if self.section == "bandwidth" else 1.0
        table |= {(node, column): scale * float(word) for column, word in values if word not in ("-", "N/A")}

    def left_out(self) -> list[str]:
        """Return notes on what was measured more than once or could not be read."""
        notes = [f"measured again, left out: {'; '.join(self.again[:SHOWN])}"] if self.again else []
        variants = [variant for name, variant in self.tables if name == "latency"]
        if len(variants) > 1:
            notes.append(f"idle latencies are those of {variants[0] or 'the first'} access; {variants[1]} is left out")
        if self.unread:
            shown = "; ".join(f"line {number}: '{line[:60]}'" for number, line in self.unread[:SHOWN])
            notes.append(f"{len(self.unread)} rows could not be read, left out: {shown}")
        return notes
