"""Reading recorded kmem events (include/trace/events/kmem.h) into NumPy columns.

Three spellings of a line are read, each in the layout of 5.10 and of newer kernels (name=, node=, accounted=):

    task-pid [cpu] flags seconds.micros: kmalloc: call_site=...      ftrace; `trace-cmd report` may leave out flags
    task-pid (tgid) [cpu] flags seconds.micros: kmalloc: ...         ftrace with record-tgid
    task pid/tid [cpu] seconds.micros: kmem:kmalloc: ...             `perf script`
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from simslab.base.errors import UserError
from simslab.workload.trace.trace_text import text_pieces

Column = npt.NDArray[Any]

CACHE_ALLOC: Final = 0
CACHE_FREE: Final = 1
KMALLOC: Final = 2
KFREE: Final = 3
EVENT_KINDS: Final = {
    b"kmem_cache_alloc": CACHE_ALLOC,
    b"kmem_cache_alloc_node": CACHE_ALLOC,
    b"kmem_cache_free": CACHE_FREE,
    b"kmalloc": KMALLOC,
    b"kmalloc_node": KMALLOC,
    b"kfree": KFREE,
}
TASK_CONTEXT: Final = 0
SOFTIRQ_CONTEXT: Final = 1
HARDIRQ_CONTEXT: Final = 2
NO_NAME: Final = -1
EXAMPLES: Final = 3  # unparsed lines that are kept to be shown

_COLUMNS: Final = (
    "time", "cpu", "task", "context", "kind", "ptr", "bytes_req", "bytes_alloc", "gfp", "node", "name",
)  # fmt: skip
# Digits are bounded by what the columns hold: a line with a larger number is not understood, and counted so.
_HEAD: Final = (
    rb"^[ \t]*[^\n]{1,40}?[-\s]\s*(\d{1,10})(?:/\d+)?\s+(?:\([\s\d-]+\)\s+)?"  # task, pid, tgid
    rb"\[(\d{1,6})\]\s+(?:([^\s:\[\]]{4,6})\s+)?"  # cpu, flags
    rb"([0-8]?\d{1,9})\.(\d+):\s+"  # time
)
_LINE: Final = re.compile(
    _HEAD
    + rb"(?:kmem:)?(kmem_cache_alloc|kmem_cache_free|kmalloc|kfree|kmem_cache_alloc_node|kmalloc_node):\s+"
    + rb"(?:\(\S+\) )?call_site=\S+ ptr=\(?(?:0x)?([0-9a-f]{1,16}|nil|null)\)?"
    + rb"(?: name=(\S+))?(?: bytes_req=(\d{1,18}) bytes_alloc=(\d{1,18}) gfp_flags=(\S+)(?: node=(-?\d{1,9}))?)?"
    + rb"(?: accounted=\w+)?[ \t\r]*$",
    re.MULTILINE,
)
_OTHER_EVENT: Final = re.compile(_HEAD + rb"(?!(?:kmem:)?(?:kmem_cache_(?:alloc|free)|kmalloc|kfree)\b)[\w:.-]+:")
_NOT_EVENTS: Final = re.compile(rb"^\s*(#.*|cpus=\d+|version = .*|)$")
_LOST: Final = re.compile(rb"^CPU:\d+ \[LOST (\d+) EVENTS\]")


class _Codes(dict[bytes, int]):
    """Numbers texts in order of appearance."""

    def __missing__(self, text: bytes) -> int:
        self[text] = number = len(self)
        return number

    def texts(self) -> tuple[str, ...]:
        return tuple(text.decode("utf-8", "replace") for text in self)


@dataclass
class KmemTrace:
    """The events of a trace in file order, one array per column; `name`, `gfp` and `task` index the tuples."""

    file: str
    time: Column  # int64, nanoseconds of the recording's clock
    cpu: Column  # int32
    task: Column  # int32, index into `pids`
    context: Column  # uint8, TASK_CONTEXT, SOFTIRQ_CONTEXT or HARDIRQ_CONTEXT
    kind: Column  # uint8, CACHE_ALLOC, CACHE_FREE, KMALLOC or KFREE
    ptr: Column  # uint64, as printed: an identity, not an address
    bytes_req: Column  # int64, 0 for frees
    bytes_alloc: Column  # int64, 0 for frees
    gfp: Column  # int32, index into `gfp_texts`
    node: Column  # int32, -1 none
    name: Column  # int32, index into `names`, NO_NAME where the layout has none
    names: tuple[str, ...] = ()
    gfp_texts: tuple[str, ...] = ()
    pids: tuple[str, ...] = ()
    lines: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    unparsed_examples: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.time)

    @property
    def has_names(self) -> bool:
        """Whether cache events carry the cache's name, as newer kernels' do and 5.10's do not."""
        return bool(self.names)


class _Reader:
    """Collects columns piece by piece."""

    def __init__(self) -> None:
        self.pieces: list[tuple[Column, ...]] = []
        self.names, self.gfps, self.pids = _Codes(), _Codes(), _Codes()
        self.lines = 0
        self.skipped: Counter[str] = Counter()
        self.examples: list[str] = []

    def read(self, text: bytes) -> None:
        rows = _LINE.findall(text)
        lines = text.count(b"\n") + (not text.endswith(b"\n") and bool(text))
        if len(rows) + text.startswith(b"#") + text.count(b"\n#") != lines:
            self._explain(text)
        self.lines += lines
        if rows:
            self.pieces.append(self._columns(rows))

    def _columns(self, rows: list[tuple[bytes, ...]]) -> tuple[Column, ...]:
        """Turn rows of text into arrays. Speed: a list per column, converted once."""
        pid, cpu, flags, seconds, fraction, event, ptr, name, req, alloc, gfp, node = zip(*rows, strict=True)
        return (
            _nanoseconds(seconds, fraction),
            np.array(cpu, dtype="S").astype(np.int32),
            np.array(list(map(self.pids.__getitem__, pid)), dtype=np.int32),
            np.array([_context(text) for text in flags], dtype=np.uint8),
            np.array([EVENT_KINDS[text] for text in event], dtype=np.uint8),
            np.array([0 if text[:1] == b"n" else int(text, 16) for text in ptr], dtype=np.uint64),
            np.array([int(text or 0) for text in req], dtype=np.int64),
            np.array([int(text or 0) for text in alloc], dtype=np.int64),
            np.array([self.gfps[text] for text in gfp], dtype=np.int32),
            np.array([int(text or -1) for text in node], dtype=np.int32),
            np.array([self.names[text] if text else NO_NAME for text in name], dtype=np.int32),
        )

    def _explain(self, text: bytes) -> None:
        """Say why the lines of `text` that are no kmem event are none."""
        for line in text.splitlines():
            if _LINE.match(line) or _NOT_EVENTS.match(line):
                continue
            if lost := _LOST.match(line):
                self.skipped["events lost while recording"] += int(lost[1])
            elif _OTHER_EVENT.match(line):
                self.skipped["event of another kind"] += 1
            else:
                self.skipped["line that does not parse"] += 1
                if len(self.examples) < EXAMPLES:
                    self.examples.append(line[:200].decode("utf-8", "replace"))


def _context(flags: bytes) -> int:
    mark = flags[2:3]
    if mark in (b".", b""):
        return TASK_CONTEXT
    return SOFTIRQ_CONTEXT if mark == b"s" else HARDIRQ_CONTEXT


def _nanoseconds(seconds: tuple[bytes, ...], fraction: tuple[bytes, ...]) -> Column:
    """Return seconds.fraction as nanoseconds; the fraction has 6 digits (ftrace) or 9 (perf --ns)."""
    whole = np.array([int(text) for text in seconds], dtype=np.int64)
    parts = np.array([int(text[:9].ljust(9, b"0")) for text in fraction], dtype=np.int64)
    return whole * 1_000_000_000 + parts


def read_kmem_trace(path: Path) -> KmemTrace:
    """Read the trace at `path`; UserError when it is unreadable, damaged, empty or holds no kmem event.

    Lines that do not parse are counted in `skipped` and the first three kept.
    """
    reader = _Reader()
    for text in text_pieces(path):
        reader.read(text)
    if not reader.pieces:
        raise _no_events(path, reader)
    columns = [np.concatenate(column) for column in zip(*reader.pieces, strict=True)]
    return KmemTrace(
        str(path),
        **dict(zip(_COLUMNS, columns, strict=True)),
        names=reader.names.texts(),
        gfp_texts=reader.gfps.texts(),
        pids=reader.pids.texts(),
        lines=reader.lines,
        skipped=dict(sorted(reader.skipped.items())),
        unparsed_examples=tuple(reader.examples),
    )


def _no_events(path: Path, reader: _Reader) -> UserError:
    first = f"; the first line is {reader.examples[0][:80]!r}" if reader.examples else ""
    return UserError(
        f"no kmem event in {reader.lines} lines{first}",
        file=str(path),
        expected="lines such as 'task-123 [000] .....  12.345678: kmalloc: call_site=... ptr=... bytes_req=...'",
    )
