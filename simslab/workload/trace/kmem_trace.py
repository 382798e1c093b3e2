"""Reading recorded kmem events (include/trace/events/kmem.h) into NumPy columns.

The text of ftrace, of `trace-cmd report` and of `perf script`, from kernels 4.4 to 6.18 and older: `line_scanner` has
the layouts of a line, `trace_shapes` those of an event's fields, `recorded_gfp` the names of flags, and `trace_lines`
what else can stand in a trace and how it is counted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from simslab.base.documents.foreign import foreign
from simslab.base.errors import UserError
from simslab.workload.trace import trace_events, trace_shapes
from simslab.workload.trace.line_scanner import LineScanner
from simslab.workload.trace.trace_lines import LINES, OTHER_EVENT, LineNotes, uncoloured, usual_layout
from simslab.workload.trace.trace_shapes import Column, ShapeTable
from simslab.workload.trace.trace_text import first_bytes, is_recording, text_pieces

CACHE_ALLOC: Final = trace_events.CACHE_ALLOC
CACHE_FREE: Final = trace_events.CACHE_FREE
KMALLOC: Final = trace_events.KMALLOC
KFREE: Final = trace_events.KFREE
TASK_CONTEXT: Final = trace_events.TASK_CONTEXT
SOFTIRQ_CONTEXT: Final = trace_events.SOFTIRQ_CONTEXT
HARDIRQ_CONTEXT: Final = trace_events.HARDIRQ_CONTEXT
NO_NAME: Final = trace_shapes.NO_NAME
UNKNOWN_PTR: Final = trace_events.UNKNOWN_PTR

ROWS: Final = 1 << 15  # events taken at a time
MAX_EVENTS: Final = 1 << 26
SITE: Final = b"call_site="
UNKNOWN_FLAGS: Final = "allocation with GFP flags that 5.10 has not got ({}; without them, not skipped)"
UNPRINTED: Final = "allocation whose pointer was not printed, as (____ptrval____) (never freed, not skipped)"
FLAGS_SHOWN: Final = 3

_COLUMNS: Final = {
    "time": np.int64, "cpu": np.int32, "task": np.int32, "context": np.uint8, "ptr": np.int64, "shape": np.int32,
}  # fmt: skip


@dataclass
class KmemTrace:
    """The events of a trace in file order, one array per column.

    Sizes, flags, node and cache name repeat: `shape` numbers the columns of `shapes`, and the properties look them up.
    """

    file: str
    time: Column  # int64, nanoseconds of the recording's clock; counts if not `has_time`
    cpu: Column  # int32
    task: Column  # int32, index into `pids`
    context: Column  # uint8, TASK_CONTEXT, SOFTIRQ_CONTEXT or HARDIRQ_CONTEXT
    ptr: Column  # int64, the bits as printed: an identity, not an address; UNKNOWN_PTR where none was printed
    shape: Column  # int32
    shapes: Column  # int64, six rows: kind, bytes_req, bytes_alloc, gfp, node, name
    accounted: frozenset[int] = frozenset()  # shapes of allocations whose cache has SLAB_ACCOUNT, as far as that shows
    names: tuple[str, ...] = ()
    gfp_texts: tuple[str, ...] = ()
    gfp_bits: tuple[int, ...] = ()  # of each text, the bits of 5.10
    pids: tuple[str, ...] = ()
    has_time: bool = True
    lines: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    unparsed_examples: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.time)

    def _of(self, row: int) -> Column:
        values: Column = self.shapes[row][self.shape]
        return values

    @property
    def kind(self) -> Column:
        """CACHE_ALLOC, CACHE_FREE, KMALLOC or KFREE."""
        return self._of(trace_shapes.KIND)

    @property
    def bytes_req(self) -> Column:
        """Bytes asked for, 0 for frees."""
        return self._of(trace_shapes.BYTES_REQ)

    @property
    def bytes_alloc(self) -> Column:
        """Bytes given, 0 for frees."""
        return self._of(trace_shapes.BYTES_ALLOC)

    @property
    def gfp(self) -> Column:
        """Indices into `gfp_texts` and `gfp_bits`."""
        return self._of(trace_shapes.GFP)

    @property
    def node(self) -> Column:
        """Node asked for, -1 none."""
        return self._of(trace_shapes.NODE)

    @property
    def name(self) -> Column:
        """Indices into `names`, NO_NAME where the layout has none."""
        return self._of(trace_shapes.NAME)

    @property
    def has_names(self) -> bool:
        """Whether cache events carry the cache's name, as newer kernels' do and 5.10's do not."""
        return bool(self.names)

    @property
    def lines_skipped(self) -> int:
        """Lines that are no kmem event and should perhaps be."""
        return sum(count for reason, count in self.skipped.items() if reason in LINES)


class _Reader:
    """Collects columns piece by piece."""

    def __init__(self, rows: int = 0) -> None:
        self.shapes = ShapeTable()
        self.scanner = LineScanner(self.shapes.new, rows or ROWS)
        self.notes = LineNotes()
        self.pieces: dict[str, list[Column]] = {name: [] for name in _COLUMNS}
        self.events = 0

    def read(self, text: bytes, end: int) -> None:
        """Read the lines of `text` up to offset `end`."""
        scanner = self.scanner
        scanner.begin(text, 0, end)
        while (state := scanner.read()) != trace_events.END:
            if state == trace_events.FULL:
                self.take()
            elif state == trace_events.COMMENT:
                self.notes.comment(scanner.line_text())
            else:
                self._other(state, scanner.line_text())

    def read_last(self, text: bytes) -> None:
        """Read the last line of a file that does not end with a line end: it is taken if nothing is missing."""
        self.take()
        shapes, scanner = self.shapes, self.scanner
        names, flags, shortest = len(shapes.names), len(shapes.gfp_texts), scanner.shortest_ptr
        unparsed = len(self.notes.examples)
        counts = self.notes.counts.copy()
        self.read(text, len(text))
        if not scanner.rows:
            if scanner.line_text() and scanner.line_text()[:1] != b"#" and self.notes.counts != counts:
                self.notes.counts = counts
                del self.notes.examples[unparsed:]
                self.notes.cut(scanner.line_text())
            return
        shape = scanner.shape_owner[0]
        fields = scanner.shape_texts[scanner.shape_numbers.index(shape)]
        narrow = 8 <= shortest <= 16 and b"(" not in scanner.line_text() and scanner.ptr_digits < shortest
        if narrow or shapes.cut_short(shape, fields, names, flags):
            scanner.rows = 0
            self.notes.cut(scanner.line_text())

    def take(self) -> None:
        """Keep the rows read so far."""
        rows = self.scanner.rows
        for name, dtype in _COLUMNS.items():
            column = np.asarray(getattr(self.scanner, f"{name}_owner"))[:rows]
            self.pieces[name].append(column.astype(dtype))
        self.scanner.rows = 0
        self.events += rows

    def end_of_piece(self) -> None:
        """The scanner goes on to another text."""

    def columns(self) -> dict[str, Column]:
        """Return all rows, column by column: only one is there twice at a time."""
        return {name: np.concatenate(self.pieces.pop(name)) for name in _COLUMNS}

    def _other(self, state: int, line: bytes) -> None:
        coloured, line = line, uncoloured(line)
        usual = usual_layout(line) if state == trace_events.NO_HEAD or coloured is not line else None
        if usual is None and coloured is not line:
            usual = line
        if usual is None:
            self.notes.line(state, line)
            return
        scanner = self.scanner
        text, at, end, lines = scanner.text_owner, scanner.at, scanner.size, scanner.lines
        scanner.begin(usual, 0, len(usual))
        state = scanner.read()
        scanner.lines = lines
        if state == trace_events.COMMENT:
            self.notes.comment(line)
        elif state != trace_events.END:
            self.notes.line(state, line)
        scanner.begin(text, at, end)


class _SiteReader(_Reader):
    """Keeps call sites instead of columns: a row at a time, so that each event's line is at hand."""

    def __init__(self) -> None:
        super().__init__(rows=1)
        self.sites: list[str] = []

    def take(self) -> None:
        """Keep the call site of the row read last."""
        if self.scanner.rows:
            self._keep(self.scanner.line_text())

    def end_of_piece(self) -> None:
        self.take()

    def _other(self, state: int, line: bytes) -> None:
        super()._other(state, line)
        if self.scanner.rows:  # in another layout, whose line the scanner has not got any more
            self._keep(uncoloured(line))

    def _keep(self, line: bytes) -> None:
        begin = line.rfind(SITE) + len(SITE)
        self.sites.append(line[begin : line.find(b" ptr=", begin)].decode("utf-8", "replace").strip())
        self.scanner.rows = 0
        self.events += 1


def read_kmem_trace(path: Path) -> KmemTrace:
    """Read the trace at `path`; UserError when it is unreadable, damaged, empty or holds no kmem event.

    What is no event is counted by reason in `skipped`, and the first three lines that do not parse are kept.
    """
    reader = _Reader()
    _read_whole(reader, path)
    if not reader.events:
        raise _no_events(path, reader)
    return _trace(path, reader)


def read_call_sites(path: Path) -> list[str]:
    """Return the call site of each event that `read_kmem_trace` returns, as printed, in the same order."""
    reader = _SiteReader()
    _read_whole(reader, path)
    return reader.sites


def _read_whole(reader: _Reader, path: Path) -> None:
    for text, end in text_pieces(path):
        if text[end - 1] == trace_events.NEWLINE:
            reader.read(text, end)
            reader.end_of_piece()
        else:
            reader.read_last(text)
        if reader.events > MAX_EVENTS:
            raise UserError(f"more than {MAX_EVENTS} events", file=str(path), expected="a part of the recording")
    reader.take()


def begins_a_trace(path: Path) -> bool:
    """Whether a file, whatever its name, begins as a recorded trace does, be it text or the tools' binary form."""
    text = first_bytes(path)
    if is_recording(text) or text.startswith(b"# tracer:"):
        return True
    reader = _Reader()
    reader.read(text, len(text))
    return reader.scanner.rows + reader.events + reader.notes.counts[OTHER_EVENT] > 0


def _trace(path: Path, reader: _Reader) -> KmemTrace:
    shapes, scanner = reader.shapes, reader.scanner
    columns: dict[str, Any] = reader.columns()
    trace = KmemTrace(
        str(path),
        **columns,
        shapes=shapes.columns(),
        accounted=frozenset(shapes.accounted),
        names=tuple(shapes.names),
        gfp_texts=tuple(shapes.gfp_texts),
        gfp_bits=tuple(shapes.gfp_bits),
        pids=scanner.task_names(),
        has_time=not scanner.ticks,
        lines=scanner.lines,
        unparsed_examples=tuple(reader.notes.examples),
    )
    counts = reader.notes.counts + _unknown_flags(trace, shapes.gfp_unknown)
    counts[UNPRINTED] = int(np.count_nonzero((trace.ptr == UNKNOWN_PTR) & np.isin(trace.kind, (CACHE_ALLOC, KMALLOC))))
    trace.skipped = {reason: count for reason, count in sorted(counts.items()) if count}
    return trace


def _unknown_flags(trace: KmemTrace, unknown: list[tuple[str, ...]]) -> Counter[str]:
    """Count the events whose flags have parts that nobody knows, and name the first three."""
    by_text = np.bincount(trace.gfp, minlength=len(unknown)).tolist()
    parts = dict.fromkeys(part for parts, count in zip(unknown, by_text, strict=True) if count for part in parts)
    number = sum(count for parts, count in zip(unknown, by_text, strict=True) if parts)
    shown = ", ".join(list(parts)[:FLAGS_SHOWN]) + (", ..." if len(parts) > FLAGS_SHOWN else "")
    return Counter({UNKNOWN_FLAGS.format(shown): number}) if number else Counter()


def _no_events(path: Path, reader: _Reader) -> UserError:
    first = f"; the first line is {reader.notes.examples[0][:80]!r}" if reader.notes.examples else ""
    why = ", ".join(f"{count} {reason}" for reason, count in sorted(reader.notes.counts.items()))
    told = foreign(first_bytes(path).decode("utf-8", "replace"), str(path))
    return told or UserError(
        f"no kmem event in {reader.scanner.lines} lines{f' ({why})' if why else ''}{first}",
        file=str(path),
        expected="lines such as 'task-123 [000] .....  12.345678: kmalloc: call_site=... ptr=... bytes_req=...'",
    )
