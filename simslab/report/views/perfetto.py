"""A run as a trace for Perfetto or chrome://tracing: a track for each CPU's operations, one for each spinlock.

Chrome's JSON format, which Perfetto's trace processor imports: complete events ("X") with microseconds; those of one
track either nest or follow each other. A lock's track shows who holds it.
"""

from __future__ import annotations

import json
import math
from typing import Any

from simslab.workload.run.event_log import EventLog

CPUS, LOCKS = 1, 2  # "processes" of the tracks


def perfetto_text(log: EventLog) -> str:
    """Return the trace, an event a line."""
    events = [*_names(log), *_operations(log), *_holds(log)]
    lines = ",\n".join(json.dumps(event, separators=(",", ":")) for event in events)
    return f'{{"displayTimeUnit":"ns","traceEvents":[\n{lines}\n]}}\n'


def _names(log: EventLog) -> list[dict[str, Any]]:
    named = [("process_name", CPUS, 0, "CPUs"), ("process_name", LOCKS, 0, "spinlocks")]
    named += [("thread_name", CPUS, cpu, f"CPU {cpu}: {task}") for cpu, task in sorted(log.tasks.items())]
    named += [("thread_name", LOCKS, track, name) for name, track in _tracks(log).items()]
    return [{"ph": "M", "name": kind, "pid": pid, "tid": tid, "args": {"name": name}} for kind, pid, tid, name in named]


def _tracks(log: EventLog) -> dict[str, int]:
    return {name: track for track, name in enumerate(dict.fromkeys(hold.lock for hold in log.holds), 1)}


def _operations(log: EventLog) -> list[dict[str, Any]]:
    return [
        {"ph": "X", "name": f"{each.operation} {each.path}", "cat": each.operation, "pid": CPUS, "tid": each.cpu,
         **_times(log, each.start, each.end), "args": {"cache": each.cache, "cycles": each.cycles}}
        for each in log.operations
    ]  # fmt: skip


def _holds(log: EventLog) -> list[dict[str, Any]]:
    tracks = _tracks(log)
    return [
        {"ph": "X", "name": f"CPU {each.cpu}", "cat": "lock", "pid": LOCKS, "tid": tracks[each.lock],
         **_times(log, each.start, each.end), "args": {"site": each.site, "cycles": each.end - each.start}}
        for each in log.holds
    ]  # fmt: skip


def _times(log: EventLog, start: int, end: int) -> dict[str, float]:
    """Return begin and length in microseconds. Both ends are whole ns, as Perfetto keeps them: so tracks still nest."""
    first, last = (cycles * 10**9 // log.frequency_hz for cycles in (start, end))
    return {"ts": microseconds(first), "dur": microseconds(last - first)}


def microseconds(ns: int) -> float:
    """Return whole ns as a number of us from which every version of the importer has the same ns again.

    It multiplies by 1000 and rounds; until 2024 it cut off the fraction, and of time stamps the digits beyond three. An
    event that came out a ns short would no longer hold those within it, which are then dropped.
    """
    value = ns / 1000
    while int(value * 1000) < ns:
        value = math.nextafter(value, math.inf)
    return value
