"""The summary's tables of latency: figures by operation and path, and what the cycles went to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from simslab.machine.accounting.causes import CAUSE_NAMES
from simslab.report.tables import Table, fixed, percent, table, whole
from simslab.result.latency import Distribution, merge_rows, summarize
from simslab.result.measurement import AttributionRow, Measurement
from simslab.result.nanoseconds import mean_nanoseconds, nanoseconds, ratio
from simslab.result.result_file import groups

FIGURES: Final = ("p50", "p90", "p99", "p99.9", "max")
MAIN_CAUSES: Final = 3  # causes named per path
CACHES_SHOWN: Final = 12


def latency_ns(measurement: Measurement) -> Table:
    """Return latency in ns by operation and path."""
    return _latency("Latency (ns)", measurement, in_ns=True)


def latency_cycles(measurement: Measurement) -> Table:
    """Return latency in cycles by operation and path."""
    return _latency("Latency (cycles)", measurement, in_ns=False)


def _latency(title: str, measurement: Measurement, *, in_ns: bool) -> Table:
    everything, *parts = groups(measurement)
    rows = [_row(group, everything[2].count, measurement.frequency_hz, in_ns) for group in parts]
    if len({operation for operation, _, _ in parts}) > 1:
        rows.append(_row(everything, everything[2].count, measurement.frequency_hz, in_ns))
    return table(title, ("operation", "path", "count", "share", "mean", *FIGURES), rows, texts=2)


def _row(group: tuple[str, str, Distribution], total: int, frequency_hz: int, in_ns: bool) -> list[str]:
    operation, path, latencies = group
    figures = summarize(latencies, frequency_hz)
    if in_ns:
        values = [fixed(figures.ns[name]) for name in ("mean", *FIGURES)]
    else:
        values = [fixed(figures.mean_cycles), *(whole(figures.cycles[name]) for name in FIGURES)]
    name = operation if path == "all" else f"  {operation}"
    return [name, path, whole(latencies.count), percent(latencies.count, total), *values]


def sum_causes(rows: Iterable[AttributionRow]) -> dict[str, int]:
    """Return the cycles of `rows` by cause, in the order of `CAUSE_NAMES`; causes without cycles are left out."""
    sums: dict[str, int] = {}
    for row in rows:
        for name, cycles in row.causes.items():
            sums[name] = sums.get(name, 0) + cycles
    order = {name: index for index, name in enumerate(CAUSE_NAMES)}
    return {
        name: sums[name] for name in sorted(sums, key=lambda name: (order.get(name, len(order)), name)) if sums[name]
    }


def attribution_table(measurement: Measurement) -> Table:
    """Return cycles by cause, for each operation and for all; every column adds up to its total exactly."""
    rows = measurement.attribution
    names = sorted({row.operation for row in rows})
    columns = [[row for row in rows if row.operation == name] for name in names]
    totals = [sum(row.total for row in column) for column in columns]
    counts = [sum(row.operations for row in column) for column in columns]
    sums = [sum_causes(column) for column in columns]
    everything = sum(totals)
    lines = [
        [name, whole(cycles), percent(cycles, everything), *_cause_cells(name, sums, totals, counts)]
        for name, cycles in sum_causes(rows).items()
    ]
    in_all = _cause_cells("total", [{"total": total} for total in totals], totals, counts)
    lines.append(["total", whole(everything), percent(everything, everything), *in_all])
    heads = [head for name in names for head in (f"{name}: per op", f"{name}: share")]
    return table(
        "Where the cycles of operations went",
        ("cause", "cycles", "share", *heads),
        lines,
        note=_exactness(rows) + _twice(measurement, everything),
    )


def _cause_cells(name: str, sums: Sequence[dict[str, int]], totals: Sequence[int], counts: Sequence[int]) -> list[str]:
    cells = []
    for cycles, total, count in zip(sums, totals, counts, strict=True):
        cells += [fixed(ratio(cycles.get(name, 0), count)), percent(cycles.get(name, 0), total)]
    return cells


def _twice(measurement: Measurement, total: int) -> str:
    """Return what of the total is counted twice, and the total without it; nothing where no handler allocates."""
    count = measurement.events.get("operations_in_handlers", 0)
    if not count:
        return ""
    twice = measurement.events.get("cycles_counted_twice", 0)
    return (
        f"\nThe {whole(count)} operations of interrupt handlers have rows of their own and are also in the irq_handler "
        f"cycles\nof operations they interrupted: {whole(twice)} cycles are in the total twice. Counted once, it is "
        f"{whole(total - twice)}."
    )


def _exactness(rows: Sequence[AttributionRow]) -> str:
    wrong = [row for row in rows if sum(row.causes.values()) != row.total]
    if not wrong:
        return "The causes add up to the total exactly on every path."
    first = wrong[0]
    missing = first.total - sum(first.causes.values())
    return f"NOT EXACT: {len(wrong)} paths, first {first.operation} {first.path}, {whole(missing)} cycles unaccounted."


def path_causes_table(measurement: Measurement) -> Table:
    """Return the main causes of each path, in order of the cycles the paths took."""
    rows = sorted(measurement.attribution, key=lambda row: (-row.total, row.operation, row.path))
    total = sum(row.total for row in rows)
    lines = [
        [
            row.operation,
            row.path,
            _main_causes(row),
            percent(row.total, total),
            fixed(ratio(row.total, row.operations)),
            fixed(mean_nanoseconds(row.total, row.operations, measurement.frequency_hz)),
        ]
        for row in rows
        if row.operations
    ]
    heads = ("operation", "path", "main causes", "of cycles", "cycles/op", "ns/op")
    return table("Main causes by path", heads, lines, texts=3, keys=2)


def _main_causes(row: AttributionRow) -> str:
    largest = sorted(row.causes.items(), key=lambda item: (-item[1], item[0]))[:MAIN_CAUSES]
    return ", ".join(f"{name} {percent(cycles, row.total)}" for name, cycles in largest if cycles)


def caches_table(measurement: Measurement) -> Table | None:
    """Return the cycles of operations by cache, most first; None where one cache served all."""
    caches = by_cache(measurement)
    if len(caches) < 2:
        return None
    everything = sum(latencies.total for latencies, _ in caches.values())
    rows = [
        _cache_row(name, latencies, operations, everything, measurement.frequency_hz)
        for name, (latencies, operations) in list(caches.items())[:CACHES_SHOWN]
    ]
    left = len(caches) - len(rows)
    heads = ("cache", "operations", "cycles", "of cycles", "allocs", "alloc ns/op", "frees", "free ns/op", "max ns")
    return table("Caches by cycles", heads, rows, note=f"{left} more not shown." if left else "")


def by_cache(measurement: Measurement) -> dict[str, tuple[Distribution, dict[str, Distribution]]]:
    """Return of each cache the latencies of all operations and those of each, in order of falling cycles."""
    caches = {}
    for name in {row.cache for row in measurement.latency}:
        rows = [row for row in measurement.latency if row.cache == name]
        operations = {
            operation: merge_rows(row for row in rows if row.operation == operation)
            for operation in sorted({row.operation for row in rows})
        }
        caches[name] = (merge_rows(rows), operations)
    return dict(sorted(caches.items(), key=lambda item: (-item[1][0].total, item[0])))


def _cache_row(
    name: str, latencies: Distribution, operations: dict[str, Distribution], everything: int, frequency_hz: int
) -> list[str]:
    cells = [name, whole(latencies.count), whole(latencies.total), percent(latencies.total, everything)]
    for kind in ("alloc", "free"):  # bulk_alloc and bulk_free with them
        parts = [part for operation, part in operations.items() if operation.endswith(kind)]
        count, total = sum(part.count for part in parts), sum(part.total for part in parts)
        cells += [whole(count), fixed(mean_nanoseconds(total, count, frequency_hz)) if count else "-"]
    return [*cells, fixed(nanoseconds(latencies.maximum, frequency_hz))]
