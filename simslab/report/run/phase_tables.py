"""The summary's table of the phases of a replayed trace: several traces, or the named parts of one."""

from __future__ import annotations

from typing import Final

from simslab.report.run.latency_tables import sum_causes
from simslab.report.tables import Table, fixed, percent, table, whole
from simslab.result.latency import merge_rows, summarize
from simslab.result.measurement import Measurement, TracePhaseRow
from simslab.result.nanoseconds import nanoseconds, ratio

OPERATIONS: Final = ("alloc", "free")
FIGURES: Final = ("mean", "p99")
NOTE: Final = "Times of operations are ns. All CPUs wait for each other where a phase begins."


def phases_table(measurement: Measurement) -> Table | None:
    """Return what was measured in each phase, nothing for a run that has only one."""
    if not measurement.trace_phases:
        return None
    figures = (f"{operation} {figure}" for operation in OPERATIONS for figure in FIGURES)
    heads = ("phase", "main cause", "us", "operations", "operations/s", *figures)
    rows = [_row(row, measurement.frequency_hz) for row in measurement.trace_phases]
    return table("Phases", heads, rows, texts=2, keys=1, note=NOTE)


def _row(row: TracePhaseRow, frequency_hz: int) -> list[str]:
    count = merge_rows(row.latency).count
    time = fixed(nanoseconds(row.cycles, frequency_hz) / 1000, 3)
    cells = [row.phase, _main_cause(row), time, whole(count), fixed(ratio(count * frequency_hz, row.cycles, 0), 0)]
    for operation in OPERATIONS:
        latencies = merge_rows([each for each in row.latency if each.operation == operation])
        figures = summarize(latencies, frequency_hz).ns if latencies.count else {}
        cells += [fixed(figures[name]) if name in figures else "-" for name in FIGURES]
    return cells


def _main_cause(row: TracePhaseRow) -> str:
    causes, total = sum_causes(row.attribution), sum(each.total for each in row.attribution)
    if not causes:
        return ""
    largest = max(causes, key=lambda name: (causes[name], name))
    return f"{largest} {percent(causes[largest], total)}"
