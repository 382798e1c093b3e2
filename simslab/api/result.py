"""One run, for Python: everything that was measured as NumPy columns, figures by name, plots."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from simslab.api.columns import Columns
from simslab.api.inputs import listed
from simslab.base.errors import UserError, near_miss
from simslab.experiment.figures.metrics import DEFAULT, figures, metrics
from simslab.experiment.figures.observation import Observation
from simslab.experiment.inputs import Inputs
from simslab.experiment.run import write_run
from simslab.machine.accounting.causes import CAUSE_NAMES
from simslab.report.run.summary import summary_text
from simslab.result.latency import merge_rows
from simslab.result.measurement import Measurement
from simslab.result.nanoseconds import nanoseconds
from simslab.result.parked import ParkedRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TABLES: Final = ("latency", "attribution", "caches", "cpus", "nodes", "locks", "irqs_off", "transfers")


class Result:
    """What one run measured. Tables are `Columns`; cycles are of the core clock, `ns` columns of simulated time.

    >>> import simslab
    >>> result = simslab.run("one-node", "local-churn", overrides={"scale": 0.01})
    >>> result.metric("latency.p50:alloc") < result.metric("latency.max:alloc")
    True
    >>> result.latency.where(operation="alloc")["count"].sum() == result.metric("operations:alloc")
    np.True_
    """

    def __init__(self, observation: Observation, inputs: Inputs | None = None) -> None:
        self.observation = observation
        self.inputs = inputs

    @property
    def measurement(self) -> Measurement:
        """The rows as counted, as in `result.json`."""
        return self.observation.measurement

    @property
    def parked(self) -> tuple[ParkedRow, ...]:
        """What each cache held at the end; empty of a result that was read from a `result.json`."""
        return self.observation.parked

    @property
    def seed(self) -> int:
        """The seed that it ran with."""
        return self.measurement.seed

    def metric(self, name: str) -> float | None:
        """Return one figure by name (`simslab metrics` lists them); None where the run has nothing for it."""
        return self.metrics([name])[name.strip()]

    def metrics(self, names: Iterable[str] = DEFAULT) -> dict[str, float | None]:
        """Return figures by name."""
        return figures(self.observation, metrics(listed(names)))

    # -- tables -------------------------------------------------------------------------------------------------------

    @property
    def latency(self) -> Columns:
        """Exact latency counts: operation, path, cache, cycles, ns, count."""
        rows = [
            (row.operation, row.path, row.cache, cycles, self._ns(cycles), count)
            for row in self.measurement.latency
            for cycles, count in zip(row.cycles, row.counts, strict=True)
        ]
        return _columns(("operation", "path", "cache", "cycles", "ns", "count"), rows)

    @property
    def attribution(self) -> Columns:
        """Cycles of each operation and path by cause: operation, path, operations, total, and a column a cause."""
        rows = [
            (row.operation, row.path, row.operations, row.total, *(row.causes.get(name, 0) for name in CAUSE_NAMES))
            for row in self.measurement.attribution
        ]
        return _columns(("operation", "path", "operations", "total", *CAUSE_NAMES), rows)

    @property
    def trace_phases(self) -> Columns:
        """Exact latency counts by phase of a trace, no rows without phases: phase, then as `latency`."""
        rows = [
            (phase.phase, row.operation, row.path, row.cache, cycles, self._ns(cycles), count)
            for phase in self.measurement.trace_phases
            for row in phase.latency
            for cycles, count in zip(row.cycles, row.counts, strict=True)
        ]
        return _columns(("phase", "operation", "path", "cache", "cycles", "ns", "count"), rows)

    @property
    def caches(self) -> Columns:
        """By cache: operations, total_cycles, and the memory parked at the end in arrays and slabs, bytes."""
        parked = {row.cache: row for row in self.parked}
        names = list(dict.fromkeys(row.cache for row in self.measurement.latency))
        rows = []
        for name in names:
            latencies = merge_rows(row for row in self.measurement.latency if row.cache == name)
            held = parked.get(name, ParkedRow(name, 0, 0, 0, 0, 0, 0))
            rows.append((name, latencies.count, latencies.total, held.in_arrays * held.size, held.pages * 4096))
        return _columns(("cache", "operations", "total_cycles", "in_arrays", "in_slabs"), rows)

    @property
    def cpus(self) -> Columns:
        """By CPU: cpu, node, operations, operation_cycles, clock, and a column a cause.

        `operations` are those of the CPU's thread and of interrupt handlers on it; `operation_cycles` and causes are
        the thread's, in whose `irq_handler` the handlers' are.
        """
        rows = [
            (row.cpu, row.node, row.operations, row.operation_cycles, row.clock,
             *(row.causes.get(name, 0) for name in CAUSE_NAMES))
            for row in self.measurement.cpus
        ]  # fmt: skip
        return _columns(("cpu", "node", "operations", "operation_cycles", "clock", *CAUSE_NAMES), rows)

    @property
    def nodes(self) -> Columns:
        """Objects by node of the CPU and node of the memory: node, memory, allocated, freed."""
        rows = [
            (row.node, memory, allocated, freed)
            for row in self.measurement.nodes
            for memory, (allocated, freed) in enumerate(zip(row.allocated, row.freed, strict=True))
        ]
        return _columns(("node", "memory", "allocated", "freed"), rows)

    @property
    def locks(self) -> Columns:
        """Locks that were taken, by class and call site, times in cycles."""
        names = ("name", "site", "acquisitions", "contended", "wait_min", "wait_max", "wait_total", "hold_min",
                 "hold_max", "hold_total")  # fmt: skip
        rows = [asdict(row) for row in self.measurement.locks if row.acquisitions]
        return _columns(names, [tuple(row[name] for name in names) for row in rows])

    @property
    def irqs_off(self) -> Columns:
        """Exact counts of stretches with interrupts masked: site, cycles, ns, count."""
        rows = [
            (row.site, cycles, self._ns(cycles), count)
            for row in self.measurement.irqs_off
            for cycles, count in zip(row.cycles, row.counts, strict=True)
        ]
        return _columns(("site", "cycles", "ns", "count"), rows)

    @property
    def transfers(self) -> Columns:
        """Cache lines fetched: node, source, lines, cycles."""
        rows = [(row.node, row.source, row.lines, row.cycles) for row in self.measurement.transfers]
        return _columns(("node", "source", "lines", "cycles"), rows)

    def to_dataframe(self, table: str = "latency") -> Any:
        """Return a table as a pandas DataFrame; UserError where there is no such table, or no pandas."""
        if table not in TABLES:
            near = near_miss(table, TABLES)
            raise UserError(f"there is no table '{table}'", expected=", ".join(TABLES), near=near)
        columns: Columns = getattr(self, table)
        return columns.to_dataframe()

    # -- for people ---------------------------------------------------------------------------------------------------

    def summary(self) -> str:
        """Return what `simslab run` prints."""
        return summary_text(self.measurement)

    def figure(self, path: str | Path | None = None, *, kind: str = "", **look: Any) -> Figure:
        """Return the latency figure (matplotlib), by path and cause; with `path` it is also written there.

        With a `kind` (`cdf`, `ccdf`, `histogram`, `percentiles`, `attribution`, `nodes`) what `simslab plot` draws, its
        data beside it; `look` are fields of `Options`, such as `operations=("free",)` or `width` in inches.
        """
        if kind:
            return self._plot(kind, path, look)
        from simslab.report.canvas import check_drawable, house_style, write_figure
        from simslab.report.run.figures import latency_figure

        if path is not None:
            check_drawable(Path(path))
        with house_style():
            figure = latency_figure(self.measurement)
            if path is not None:
                write_figure(figure, Path(path))
        return figure

    def _plot(self, kind: str, path: str | Path | None, look: dict[str, Any]) -> Figure:
        from simslab.report.canvas import house_style
        from simslab.report.plot.kinds import draw
        from simslab.report.plot.options import Options, check_output
        from simslab.report.plot.sources import Sources, measurement_arm

        if path is not None:
            check_output(Path(path))
        options = Options(**look)
        with house_style(options.font_size):
            drawn = draw(Sources((measurement_arm(self.measurement, self.measurement.workload),)), kind, options)
            if path is not None:
                drawn.write(Path(path))
        return drawn.figure

    def save(self, directory: str | Path) -> None:
        """Write the result directory that `simslab run --out` writes; UserError where something else stands."""
        if self.inputs is None:
            raise UserError("was read from a file, not run", file=self.measurement.workload)
        write_run(self.inputs, self.measurement, Path(directory))

    def __repr__(self) -> str:
        measured = self.measurement
        found = self.metrics(("operations", "latency.mean", "latency.p99", "latency.max"))
        points = ", ".join(
            f"{n.removeprefix('latency.')} {v:,.1f}" for n, v in list(found.items())[1:] if v is not None
        )
        return (
            f"<Result: {measured.workload} on {measured.machine}, seed {measured.seed}\n"
            f" {found['operations'] or 0:,.0f} operations in {self._ns(measured.cycles) / 1000:,.1f} us"
            f"{'; latency (ns): ' + points if points else ''}>"
        )

    def _repr_html_(self) -> str:
        measured = self.measurement
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{value:,.1f}</td></tr>"
            for name, value in self.metrics().items()
            if value is not None
        )
        title = escape(f"{measured.workload} on {measured.machine}, seed {measured.seed}")
        return f"<table><caption>{title}</caption><tbody>{rows}</tbody></table>"

    def _ns(self, cycles: int) -> float:
        return nanoseconds(cycles, self.measurement.frequency_hz)


def _columns(names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Columns:
    columns = zip(*rows, strict=True) if rows else ((),) * len(names)
    return Columns({name: np.array(column) for name, column in zip(names, columns, strict=True)})
