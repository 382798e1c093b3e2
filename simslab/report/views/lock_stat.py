"""/proc/lock_stat, version 0.4 (kernel/locking/lockdep_proc.c: seq_header, seq_stats).

Times are microseconds with two decimals. Not modelled: con-bounces and acq-bounces (0), addresses of call sites (0),
who held the lock (the second list of points). Names are printed whole, where the kernel cuts them at 37 characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from simslab.result.measurement import LockRow
from simslab.result.nanoseconds import nanoseconds

WIDTH: Final = 40 + 1 + 12 * (14 + 1)
POINTS: Final = 4  # LOCKSTAT_POINTS
HEADS: Final = (
    "con-bounces",
    "contentions",
    "waittime-min",
    "waittime-max",
    "waittime-total",
    "waittime-avg",
    "acq-bounces",
    "acquisitions",
    "holdtime-min",
    "holdtime-max",
    "holdtime-total",
    "holdtime-avg",
)


def lock_stat_text(locks: Sequence[LockRow], frequency_hz: int) -> str:
    """Return the file for all lock classes that were taken, most contended first."""
    lines = [
        "lock_stat version 0.4",
        "-" * WIDTH,
        f"{'class name':>40} " + " ".join(f"{head:>14}" for head in HEADS),
        "-" * WIDTH,
        "",
    ]
    classes: dict[str, list[LockRow]] = {}
    for row in locks:
        if row.acquisitions:
            classes.setdefault(row.name, []).append(row)
    for name, rows in sorted(classes.items(), key=lambda item: (-sum(r.contended for r in item[1]), item[0])):
        lines += _class(name, rows, frequency_hz)
    return "\n".join(lines) + "\n"


def _class(name: str, rows: Sequence[LockRow], frequency_hz: int) -> list[str]:
    contended = [row for row in rows if row.contended]
    waits = _times(
        sum(row.contended for row in rows),
        [(row.wait_min, row.wait_max) for row in contended],
        sum(row.wait_total for row in rows),
        frequency_hz,
    )
    holds = _times(
        sum(row.acquisitions for row in rows),
        [(row.hold_min, row.hold_max) for row in rows],
        sum(row.hold_total for row in rows),
        frequency_hz,
    )
    lines = [f"{name:>40}:{0:14d} {waits} {0:14d} {holds}"]
    if not contended:
        return lines
    lines.append(" " * max(0, 40 - len(name)) + "-" * len(name))
    address = f"[<{0:016x}>]"
    for row in sorted(contended, key=lambda row: (-row.contended, row.site))[:POINTS]:
        lines.append(f"{name:>40} {row.contended:14d} {address:>29} {row.site}")
    return [*lines, "", "." * WIDTH, ""]


def _times(count: int, extremes: Iterable[tuple[int, int]], total: int, frequency_hz: int) -> str:
    """Return nr, min, max, total and avg (seq_lock_time)."""
    pairs = list(extremes) or [(0, 0)]
    whole = _nanoseconds(total, frequency_hz)
    values = (
        _nanoseconds(min(low for low, _ in pairs), frequency_hz),
        _nanoseconds(max(high for _, high in pairs), frequency_hz),
        whole,
        whole // count if count else 0,
    )
    return f"{count:14d}" + "".join(f" {_microseconds(value):>14}" for value in values)


def _nanoseconds(cycles: int, frequency_hz: int) -> int:
    return int(nanoseconds(cycles, frequency_hz))  # the kernel counts whole ns


def _microseconds(ns: int) -> str:
    """Return whole ns as the kernel prints them (snprint_time)."""
    whole, rest = divmod(ns + 5, 1000)
    return f"{whole}.{rest // 10:02d}"
