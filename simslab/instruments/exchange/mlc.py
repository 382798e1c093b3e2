"""The text that Intel's Memory Latency Checker prints, read into tables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from simslab.base.errors import UserError
from simslab.instruments.exchange.xml_input import read_text

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
    """Return the tables in a file; UserError if it holds no matrix of idle latencies."""
    reader = _Reader(path)
    for number, line in enumerate(read_text(path, EXPECTED).splitlines(), 1):
        reader.line(number, line.strip())
    latency = reader.tables.get("latency", {})
    if not latency:
        message = "holds no matrix of idle latencies"
        raise UserError(message, file=str(path), expected=f"{EXPECTED}, or of mlc --latency_matrix")
    tables = MlcTables(
        latency,
        reader.tables.get("bandwidth", {}),
        reader.single.get("hit", 0.0),
        reader.single.get("hitm", 0.0),
        reader.tables.get("writer", {}),
        reader.tables.get("reader", {}),
        tuple(reader.loaded),
        reader.peak,
    )
    missing = [(a, b) for a in tables.readers for b in tables.memories if (a, b) not in latency]
    if missing:
        message = f"has no idle latency from node {missing[0][0]} to node {missing[0][1]}"
        raise UserError(message, file=str(path), expected=EXPECTED)
    return tables


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.section = ""
        self.columns: list[int] = []
        self.tables: dict[str, dict[tuple[int, int], float]] = {}
        self.single: dict[str, float] = {}
        self.loaded: list[tuple[int, float, float]] = []
        self.peak: dict[str, float] = {}

    def line(self, number: int, line: str) -> None:
        lowered = line.lower()
        section = next((name for words, name in _SECTIONS if words in lowered), "")
        if section:
            self._heading(section, line)
        elif self.section == "loaded" and (match := _LOADED.fullmatch(line)):
            self.loaded.append((int(match[1]), float(match[2]), float(match[3])))
        elif self.section == "peak" and ":" in line:
            self._peak(line)
        elif match := _HEAD.fullmatch(line):
            self.columns = [int(word) for word in match[1].split()]
        elif self.columns and (match := _ROW.fullmatch(line)):
            self._row(number, int(match[1]), match[2].split())

    def _heading(self, section: str, line: str) -> None:
        value = _LAST.fullmatch(line)
        if section in ("hit", "hitm"):
            if value is not None:
                self.single.setdefault(section, float(value[1]))
            return
        self.section = section
        self.columns = []

    def _peak(self, line: str) -> None:
        kind, _, text = line.rpartition(":")
        if re.fullmatch(r"\s*\d{1,9}(\.\d+)?", text):
            self.peak[kind.strip()] = float(text)

    def _row(self, number: int, node: int, words: Sequence[str]) -> None:
        if len(words) != len(self.columns):
            message = f"{len(words)} values in {len(self.columns)} columns"
            raise UserError(message, file=str(self.path), line=number, column=1, expected=EXPECTED)
        table = self.tables.setdefault(self.section, {})
        for column, word in zip(self.columns, words, strict=True):
            if word not in ("-", "N/A"):
                # Where a table comes twice, as for sequential and random access, the first counts.
                table.setdefault((node, column), float(word))
