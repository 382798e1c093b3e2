"""Measurements of a machine as text, in the shape of Intel MLC's output, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from simslab.instruments.reference.reference import TOLERANCES, UNJUDGED, Cell, Skipped, judge
from simslab.report.machine.describe import size_text

if TYPE_CHECKING:
    from simslab.instruments.measure.lock import LockMeasurement
    from simslab.instruments.measure.whole import MachineMeasurement, Matrix

NODE: Final = 12  # characters of a column
UNITS: Final = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def measurement_json(measurement: MachineMeasurement) -> str:
    """Return the measurement as JSON; parts that were not measured are left out."""
    parts = {name: value for name, value in asdict(measurement).items() if value is not None}
    return json.dumps(parts, indent=2, sort_keys=True) + "\n"


def measurement_text(measurement: MachineMeasurement) -> str:
    """Return the tables of all parts that were measured."""
    return "\n".join([f"simslab measure - {measurement.machine}", *_sections(measurement), ""])


def _sections(m: MachineMeasurement) -> Iterator[str]:
    if m.levels is not None and m.chase is not None:
        yield from _cache_lines(m)
    if m.idle_sequential is not None:
        yield from _matrix("Measuring idle latencies for sequential access (in ns)...", m.nodes, m.idle_sequential)
    if m.idle_random is not None:
        yield from _matrix("Measuring idle latencies for random access (in ns)...", m.nodes, m.idle_random)
    if m.peak is not None:
        yield "\nMeasuring Peak Injection Memory Bandwidths for the system (in MB/sec)"
        yield from (f"{name:<20}: {rate * 1000:12.1f}" for name, rate in m.peak.items())
    if m.core_bandwidth is not None:
        yield f"{'One core, reads':<20}: {m.core_bandwidth * 1000:12.1f}"
    if m.bandwidth is not None:
        megabytes = [[None if rate is None else rate * 1000 for rate in row] for row in m.bandwidth]
        yield from _matrix(
            "Measuring Memory Bandwidths between nodes within system (in MB/sec), reads", m.nodes, megabytes
        )
    if m.loaded is not None:
        yield "\nMeasuring Loaded Latencies for the system, reads\nInject  Latency Bandwidth\nDelay   (ns)    MB/sec"
        yield "=========================="
        yield from (f" {p.delay:05d}  {p.ns:6.2f} {p.gb_per_second * 1000:10.1f}" for p in m.loaded)
    yield from _transfer_lines(m)


def _cache_lines(m: MachineMeasurement) -> Iterator[str]:
    yield "\nMeasuring cache latencies by pointer chase"
    yield from (f"{level.level}: {level.cycles:7.1f} cycles {level.ns:8.2f} ns" for level in m.levels or ())
    yield "\nWorking set   cycles       ns"
    yield from (f"{_size(point.bytes):>11} {point.cycles:8.1f} {point.ns:8.2f}" for point in m.chase or ())
    if m.chase_memory is not None:
        yield f"The chase ends here: the nearest node has {size_text(m.chase_memory)} of memory."


def _transfer_lines(m: MachineMeasurement) -> Iterator[str]:
    if m.transfers is not None:
        yield "\nMeasuring cache-to-cache transfer latency (in ns), line homed at its owner's node"
        yield f"{'Owner':<16}{'modified':>{NODE}}{'exclusive':>{NODE}}{'shared':>{NODE}}"
        for relation, states in m.transfers.items():
            yield f"{relation:<16}" + "".join(f"{ns:{NODE}.1f}" for ns in states.values())
    if m.homes:
        yield "\nCache-to-cache transfer of a modified line between nodes (in ns), by home of the line"
        yield f"{'Writer':>8}{'Reader':>8}{'writer':>{NODE}}{'reader':>{NODE}}{'third':>{NODE}}"
        for h in m.homes:
            homes = "".join(_number(ns, NODE) for ns in (h.home_writer, h.home_reader, h.home_third))
            yield f"{m.nodes[h.writer_node]:>8}{m.nodes[h.reader_node]:>8}{homes}"
    if m.ping_pong is not None:
        yield "\nCompare-and-swap ping-pong, half the round trip (in ns)"
        yield from (f"{relation:<16}{ns:{NODE}.1f}" for relation, ns in m.ping_pong.items())
    if m.ping_pong_pairs is not None:
        cpus = range(len(m.ping_pong_pairs))
        yield from _matrix(
            "Compare-and-swap ping-pong between CPUs, half the round trip (in ns)", cpus, m.ping_pong_pairs
        )
    if m.atomics is not None:
        yield "\nAtomic increments of one line\n   CPUs   ns each   million/s"
        yield from (f"{p.cpus:>7}{p.ns_each:10.1f}{p.million_per_second:12.2f}" for p in m.atomics)
    if m.lock is not None:
        yield from _lock_lines(m.lock)


def _lock_lines(lock: LockMeasurement) -> Iterator[str]:
    yield f"\nSpinlock (qspinlock), critical section {lock.section_ns:g} ns"
    yield f"uncontended lock and unlock: {lock.uncontended_cycles:.0f} cycles"
    if lock.hand_over:
        yield f"{'Hand-over (in ns)':<20}{'as charged':>{NODE}}{'all transfers':>{NODE + 4}}"
        for relation, ns in lock.hand_over.items():
            yield f"{relation:<20}{ns.charged:{NODE}.1f}{ns.transfers:{NODE + 4}.1f}"
    yield f"{'CPUs':>7}{'ns each':>10}{'hand-over':>11}{'million/s':>12}{'overtaken':>11}"
    for p in lock.throughput:
        yield f"{p.cpus:>7}{p.ns_each:10.1f}{p.hand_over:11.1f}{p.million_per_second:12.2f}{p.overtaken:11}"


def _matrix(title: str, numbers: Sequence[int], matrix: Matrix) -> Iterator[str]:
    yield f"\n{title}"
    yield f"{'Numa node':>{NODE}}"
    yield f"{'Numa node':>{NODE}}" + "".join(f"{number:>{NODE}}" for number in numbers)
    for number, row in zip(numbers, matrix, strict=True):
        if any(value is not None for value in row):
            yield f"{number:>{NODE}}" + "".join(_number(value, NODE) for value in row)


def _number(value: float | None, width: int) -> str:
    return f"{'-':>{width}}" if value is None else f"{value:{width}.1f}"


def _size(size: int) -> str:
    return next((f"{size // unit} {name}" for unit, name in UNITS if size >= unit), f"{size} B")


# -- against a table of published measurements ------------------------------------------------------------------------


def comparison_json(answers: Sequence[Cell | Skipped]) -> str:
    """Return cells, rows that are not comparable, and verdicts as JSON."""
    cells = [answer for answer in answers if isinstance(answer, Cell)]
    document = {
        "cells": [{**asdict(cell), "error": cell.error} for cell in cells],
        "not_comparable": [asdict(answer) for answer in answers if isinstance(answer, Skipped)],
        "verdicts": [asdict(verdict) for verdict in judge(cells)],
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def comparison_text(answers: Sequence[Cell | Skipped]) -> str:
    """Return a line for each cell, the rows that are not comparable with the reason, and a summary."""
    cells = [answer for answer in answers if isinstance(answer, Cell)]
    skipped = [answer for answer in answers if isinstance(answer, Skipped)]
    lines = [f"{'measured':>10} {'reference':>10} {'error':>7}  unit    row"]
    lines += [_cell_line(cell) for cell in cells]
    if skipped:
        lines += ["", "not comparable:"]
        lines += [f"  {_row_text(item)} = {item.row.value} {item.row.unit}: {item.reason}" for item in skipped]
    return "\n".join([*lines, "", *summary_lines(cells), ""])


def _cell_line(cell: Cell) -> str:
    mark = f" ({UNJUDGED})" if cell.kind == UNJUDGED else ""
    return f"{figures_text(cell)}  {cell.row.unit:<6}  {_row_text(cell)}{mark}"


def figures_text(cell: Cell) -> str:
    """Return what is measured, what is published and the error; below 1 (latencies in us) by digits that count."""
    shown = (f"{value:10.2f}" if value >= 1 else f"{value:10.4g}" for value in (cell.measured, cell.published))
    return " ".join([*shown, f"{cell.error:+7.1%}"])


def _row_text(answer: Cell | Skipped) -> str:
    row = answer.row
    ends = f"{row.source} -> {row.target}" if row.target else row.source
    return " ".join(part for part in (row.metric, ends, f"[{row.state}]" if row.state else "") if part)


def summary_lines(cells: Sequence[Cell]) -> list[str]:
    """Return mean and worst error of each kind of figure beside what is allowed."""
    lines = [f"{'kind':<16}{'cells':>6}{'mean':>8}{'worst':>8}   allowed"]
    for verdict in judge(cells):
        allowed = TOLERANCES[verdict.kind]
        text = f"mean {allowed.mean:.0%}, worst {allowed.worst:.0%}" + (" or 1 cycle" if allowed.cycles else "")
        state = "ok" if verdict.passed else "EXCEEDED"
        lines.append(f"{verdict.kind:<16}{verdict.cells:>6}{verdict.mean:>8.1%}{verdict.worst:>8.1%}   {text}: {state}")
    return lines
