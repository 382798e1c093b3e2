"""The summary of one run for people: what happened, how long it took, where the time went."""

from __future__ import annotations

from typing import Final

from rich.console import Console, RenderableType
from rich.text import Text

from simslab.report.run.kernel_tables import (
    interrupts_table,
    irq_delays_table,
    irqs_off_table,
    lock_table,
    memcg_table,
    softirqs_table,
)
from simslab.report.run.latency_tables import (
    attribution_table,
    caches_table,
    latency_cycles,
    latency_ns,
    path_causes_table,
)
from simslab.report.run.locality_tables import locality_table, matrix_table, numastat_table, transfer_table
from simslab.report.run.phase_tables import phases_table
from simslab.report.run.slab_test_lines import slab_test_text
from simslab.report.tables import WIDTH, fixed, meanings_table, plain_text, print_parts, table, whole
from simslab.result.latency import merge_rows
from simslab.result.measurement import EVENTS, AgedRow, Measurement, TraceSummary
from simslab.result.nanoseconds import nanoseconds, ratio

LOG_SHOWN: Final = 40  # lines of the kernel's log


def summary_text(measurement: Measurement, width: int = WIDTH) -> str:
    """Return the summary as plain text; no figure and no name is cut, whatever the width."""
    return plain_text(summary_parts(measurement), width)


def print_summary(measurement: Measurement, console: Console) -> None:
    """Print the summary: in colour on a terminal, as `summary_text` elsewhere."""
    print_parts(summary_parts(measurement), console)


def summary_parts(measurement: Measurement) -> list[RenderableType]:
    """Return the parts of the summary that have something to say, in order."""
    parts = [
        _head(measurement),
        _merged(measurement),
        _aged(measurement.aged),
        _trace(measurement.trace) if measurement.trace else None,
        phases_table(measurement),
        *(_latency(measurement) if measurement.latency else [Text("No operation ran in the region of interest.")]),
        slab_test_text(measurement),
        locality_table(measurement) if measurement.nodes else None,
        matrix_table(measurement),
        numastat_table(measurement),
        transfer_table(measurement),
        lock_table(measurement),
        irqs_off_table(measurement),
        interrupts_table(measurement),
        irq_delays_table(measurement),
        softirqs_table(measurement),
        memcg_table(measurement),
        _events(measurement),
        _conservation(measurement.conservation) if measurement.conservation else None,
        _kernel_log(measurement.dmesg),
    ]
    return [part for part in parts if part is not None]


def _latency(measurement: Measurement) -> list[RenderableType]:
    tables: list[RenderableType] = [latency_ns(measurement), latency_cycles(measurement)]
    if measurement.attribution:
        tables += [attribution_table(measurement), path_causes_table(measurement)]
    caches = caches_table(measurement)
    return tables if caches is None else [*tables, caches]


def _head(measurement: Measurement) -> Text:
    operations = merge_rows(measurement.latency).count
    frequency = measurement.frequency_hz
    rate = ratio(operations * frequency, measurement.cycles, 0)
    microseconds = fixed(nanoseconds(measurement.cycles, frequency) / 1000, 3)
    return Text(
        f"{measurement.workload} on {measurement.machine}, seed {measurement.seed}\n"
        f"{whole(operations)} operations in {microseconds} us of simulated time "
        f"({whole(measurement.cycles)} cycles at {frequency / 10**9:g} GHz): {fixed(rate, 0)} operations/s"
    )


def _merged(measurement: Measurement) -> Text | None:
    """Return which caches share another's slabs: tables and slabinfo know them by its name only."""
    lines = [
        f"{name} was merged into {cache} (slab_nomerge: true keeps it apart)"
        for name, cache in measurement.merged.items()
    ]
    lines += [
        f"tunables: {name} were applied to {measurement.merged[name]}; a kernel finds no '{name}' in /proc/slabinfo "
        "and refuses them with EINVAL"
        for name in measurement.tuned_merged
    ]
    return Text("\n".join(lines)) if lines else None


def _aged(rows: list[AgedRow]) -> RenderableType | None:
    """Return what the heap had been through before the run."""
    if not rows:
        return None
    cells = [
        [row.cache, whole(row.allocated), whole(row.held), whole(row.slabs), fixed(100 * row.held / row.allocated, 1)]
        for row in rows
    ]
    note = "objects that others hold for the whole run; what was done to the heap is neither timed nor counted"
    return table("Heap before the run", ("cache", "allocated", "held", "slabs with them", "held %"), cells, note=note)


def _trace(trace: TraceSummary) -> RenderableType:
    """Return how the trace fared; the counts by reason include lines that are no events and objects never freed."""
    rows = [
        ["lines read", whole(trace.lines)],
        ["allocator events", whole(trace.events)],
        ["replayed", whole(trace.replayed)],
        ["not replayed", whole(trace.events - trace.replayed)],
        *([reason, whole(count)] for reason, count in sorted(trace.skipped.items()) if count),
    ]
    examples = [f"line not understood: {line[:90]}" for line in trace.unparsed_examples[:3]]
    return table(f"Trace {trace.file}", ("", "count"), rows, note="\n".join(examples))


def _events(measurement: Measurement) -> RenderableType | None:
    rows = [[name, whole(count), EVENTS.get(name, "")] for name, count in sorted(measurement.events.items()) if count]
    return meanings_table("Events", ("event", "count", "meaning"), rows) if rows else None


def _kernel_log(lines: list[str]) -> Text | None:
    if not lines:
        return None
    more = [f"... and {whole(len(lines) - LOG_SHOWN)} lines more (dmesg.txt)"] if len(lines) > LOG_SHOWN else []
    return Text("\n".join(["Kernel log:", *lines[:LOG_SHOWN], *more]))


def _conservation(counts: dict[str, int]) -> Text:
    allocated, freed, live = (counts.get(name, 0) for name in ("allocated", "freed", "live"))
    holds = "holds" if allocated - freed == live else f"BROKEN by {whole(allocated - freed - live)}"
    failed = f"; {whole(counts['failed'])} allocations failed" if counts.get("failed") else ""
    figures = f"{whole(allocated)} allocated - {whole(freed)} freed = {whole(live)} live"
    return Text(f"Objects over the whole run: {figures}: {holds}{failed}.")
