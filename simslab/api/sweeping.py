"""Sweeps from Python, and reading what one left in its store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from simslab.api.columns import Columns
from simslab.api.inputs import MachineLike, Overrides, WorkloadLike, listed, names_of, reader_of, settings_of
from simslab.api.result import Result
from simslab.experiment.figures.metrics import DEFAULT
from simslab.experiment.grid.axes import make_axis, value_text
from simslab.experiment.grid.design import Design, Grid, check_apart, make_grid
from simslab.experiment.running.pool import default_processes
from simslab.experiment.running.precision import sweep_to_precision
from simslab.experiment.store.export import export, tidy_rows
from simslab.experiment.store.store import Store, StoredCell
from simslab.experiment.stored_table import stored_table
from simslab.experiment.sweep import Progress
from simslab.experiment.table import Seeds, asked, sweep_table
from simslab.report.comparison.sweep_text import SweepTable, sweep_text, table_rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Sweep:
    """The results of a sweep in its store: cells, tidy columns, each cell's whole result, tables with intervals.

    >>> import simslab
    >>> sweep = simslab.sweep(
    ...     "one-node", "local-churn", {"tunables.churn.limit": [8, 64]}, overrides={"scale": 0.01},
    ...     seeds=2, metrics=["latency.mean", "memory.arrays:churn"], store=":memory:", processes=1,
    ... )
    >>> len(sweep.cells), sweep.rows.rows
    (4, 8)
    >>> sweep.close()
    """

    def __init__(
        self,
        store: Store,
        grid: Grid | None = None,
        notes: Sequence[str] = (),
        failures: Sequence[str] = (),
        seeds: Seeds | None = None,
        base: str = "",
    ):
        self.store = store
        self.seeds = seeds
        self.base = base
        self.grid = grid
        self.notes = tuple(notes)
        self.failures = tuple(failures)

    @property
    def cells(self) -> list[StoredCell]:
        """All cells that the store holds, of earlier sweeps as well: parameters, seed, status, figures."""
        return self.store.cells()

    @property
    def rows(self) -> Columns:
        """One row a cell and metric: every parameter, seed, metric, unit, value, status, error.

        All that the store holds, of earlier sweeps as well: points, seeds and metrics that this one did not ask for.
        """
        rows = list(tidy_rows(self.store))
        return Columns({name: [row[name] for row in rows] for name in rows[0]} if rows else {})

    def to_dataframe(self) -> Any:
        """Return the rows, all that the store holds, as a pandas DataFrame."""
        return self.rows.to_dataframe()

    def result(self, cell: StoredCell) -> Result:
        """Return everything that was measured in a cell, histograms included."""
        return Result(self.store.observation(cell))

    def table(self, base: str = "", *, correct: bool = False) -> SweepTable:
        """Return means and paired differences from the base point (`"PATH=VALUE,..."`; the sweep's by default).

        They are over the seeds that the sweep asked for; of an opened store, over all that it holds.
        """
        if self.grid is None:
            return stored_table(self.store, base=base, correct=correct)
        return sweep_table(self.store, self.grid, base=base or self.base, correct=correct, seeds=self.seeds)

    def intervals(self, base: str = "", *, correct: bool = False) -> Columns:
        """Return the table as columns, one row a metric and point: means, differences from the base, intervals.

        With pandas: `sweep.intervals().to_dataframe()`.
        """
        rows = list(table_rows(self.table(base, correct=correct)))
        return Columns({name: [row.get(name) for row in rows] for row in rows for name in row})

    def text(self, base: str = "", *, correct: bool = False) -> str:
        """Return what `simslab sweep` prints."""
        return sweep_text(self.table(base, correct=correct), self.notes)

    def figure(
        self,
        kind: str = "lines",
        path: str | Path | None = None,
        *,
        metrics: Sequence[str] = (),
        x: str = "",
        y: str = "",
        at: Mapping[str, str] | None = None,
        base: str = "",
        correct: bool = False,
        **look: Any,
    ) -> Figure:
        """Return the points as `lines`, `bars`, `heat-map` or `effects` (matplotlib), with `path` also as a file.

        Points, seeds and metrics are those that the sweep asked for; of an opened store, all that it holds. `metrics`
        are others of the store. `x` and `y` are parameters, `at` fixes others; `look` are fields of `Options`, such as
        `width` in inches.
        """
        from simslab.report.canvas import house_style
        from simslab.report.plot.kinds import draw
        from simslab.report.plot.options import Options, check_output
        from simslab.report.plot.sources import Sources

        if path is not None:
            check_output(Path(path))
        names, seeds = listed(metrics), None
        if self.grid is not None:
            names, seeds = names or [*self.grid.design.metrics], asked(self.grid, self.seeds)
        table = stored_table(self.store, names, base=base, correct=correct, at=at, seeds=seeds)
        options = Options(x=x, y=y, **look)
        with house_style(options.font_size):
            drawn = draw(Sources(tables=(table,)), kind, options)
            if path is not None:
                drawn.write(Path(path))
        return drawn.figure

    def export(self, path: str | Path, *, force: bool = False) -> None:
        """Write the rows, all that the store holds, as .csv, .jsonl or .parquet."""
        export(self.store, Path(path), force=force)

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        if self.store.closed:
            return f"<Sweep: closed, in {self.store.path}>"
        cells = self.cells
        failed = sum(cell.status != "done" for cell in cells)
        return f"<Sweep: {len(cells)} cells, {failed} failed, {len(self.store.units())} metrics, in {self.store.path}>"

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>" if self.store.closed else self.rows._repr_html_()


def sweep(
    machine: MachineLike | None,
    workload: WorkloadLike | None,
    axes: Mapping[str, Sequence[Any]] | None = None,
    *,
    store: str | Path,
    points: Sequence[Mapping[str, Any]] = (),
    where: Sequence[str] = (),
    overrides: Overrides | None = None,
    seeds: int = 1,
    first_seed: int | None = None,
    metrics: Sequence[str] = DEFAULT,
    vary: str = "start",
    precision: float = 0.0,
    max_seeds: int = 100,
    base: str = "",
    correct: bool = False,
    processes: int | None = None,
    retry: bool = False,
    scheduler: str = "",
    progress: Progress | None = None,
) -> Sweep:
    """Run a grid: every combination of the axes' values (and of the joint values in `points`) with every seed.

    Axes are paths as in overrides, or `machine`, `workload`, `trace`; values may be relative (`"x1.5"`, `"+20 ns"`).
    `where` holds constraints (`"batchcount <= limit"`). Finished cells are in `store` whatever happens; the same call
    goes on with what is missing. With `precision` (a share) seeds are added until the first metric's intervals are that
    narrow, with `correct` those that hold together. `machine` or `workload` may be None where it is an axis. Runs in
    `processes` (default: one a CPU), or on the Dask cluster of the address `scheduler`.
    """
    names: tuple[str | None, str | None] = (None, None)
    if machine is not None or workload is not None:
        given = names_of(machine or "", workload or "")
        names = given[0] or None, given[1] or None
    design = Design(
        *names,
        settings=tuple(settings_of(overrides)),
        axes=tuple(make_axis(path, listed(values)) for path, values in (axes or {}).items()),
        points=tuple({path: value_text(value) for path, value in point.items()} for point in points),
        where=tuple(listed(where)),
        seeds=seeds,
        first_seed=first_seed,
        metrics=tuple(listed(metrics)),
        vary=vary,
    )
    check_apart(design)
    grid = make_grid(design, reader_of(machine or "", workload or ""))
    opened = Store.create(store)
    try:
        done = sweep_to_precision(
            grid,
            opened,
            precision,
            max_seeds,
            base=base,
            correct=correct,
            processes=processes or default_processes(),
            retry=retry,
            scheduler=scheduler,
            progress=progress,
        )
    except BaseException:
        opened.close()
        raise
    return Sweep(opened, grid, done.notes, done.failures, done.seeds, base)


def open_store(path: str | Path) -> Sweep:
    """Open the store of an earlier sweep for reading; UserError if it is missing, damaged or of another version."""
    return Sweep(Store.open(path))
