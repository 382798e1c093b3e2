"""The table of a store that is opened alone: its points found from the cells, in the order of their values.

What varies are the parameters that differ between cells. A store may hold several grids: all their points are taken.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from simslab.base.errors import UserError, near_miss
from simslab.base.units import in_order
from simslab.experiment.figures.metrics import DEFAULT, metrics
from simslab.experiment.grid.axes import MACHINE, WORKLOAD, parse_point
from simslab.experiment.grid.design import Grid, Point
from simslab.experiment.grid.in_force import said_in_force
from simslab.experiment.store.export import cells_of
from simslab.experiment.store.store import DONE, FAILED, Store, StoredCell
from simslab.experiment.table import Samples, Seeds, best_lines, metric_table
from simslab.report.comparison.sweep_text import MetricTable, PointRow, SweepTable

Placed: TypeAlias = StoredCell | Point  # what has a value for each parameter, as typed and absolute
VARY: Final = "trace.vary"  # set by the sweep itself, of recorded traces that run with several seeds


def stored_table(
    store: Store,
    names: Sequence[str] = (),
    *,
    base: str = "",
    correct: bool = False,
    at: Mapping[str, str] | None = None,
    seeds: Seeds | None = None,
) -> SweepTable:
    """Return the table of what a store holds, by the metrics `names` (default: those that are stored, in usual order).

    With `seeds` (`StoredCell.label` -> seeds) the cells of these points and seeds alone are taken, as of one sweep. Of
    parameters in `at` only these values are taken. `base` is a point ("PATH=VALUE,..."; by default the one that the
    last sweep compared others with, with the values in `at` for its own, or the first where there is none such).
    UserError where the store has no such metric, point or value.
    """
    known = list(cells_of(store, seeds))
    cells = [cell for cell in known if cell.status == DONE]
    if not cells:
        raise UserError("holds no finished run", file=str(store.path))
    varying = _varying(cells)
    cells = _chosen(cells, at or {}, varying)
    called = _called(cells, varying)
    found = _samples(cells, called, varying)
    chosen = metrics(names or _usual(store.units()))
    for each in chosen:
        if each.name not in store.units():
            near = near_miss(each.name, store.units())
            raise UserError(
                f"no {each.name} is stored", file=str(store.path), expected=", ".join(store.units()), near=near
            )
    typed = {path: {text: name for (text, _), name in _shown(path, cells).items()} for path in varying}
    held = {path for path in varying if {path, path.rpartition(".")[2]} & {*(at or {})}}
    reference = _base(found, base, typed) if base else _swept_base(store, cells, held, called) or found.labels[0]
    first = cells[0].parameters
    common = [f"{k}={v}" for k, v in first.items() if k not in (*varying, VARY, MACHINE, WORKLOAD)]
    return SweepTable(
        machine=first.get(MACHINE, "") if MACHINE not in varying else "",
        workload=first.get(WORKLOAD, "") if WORKLOAD not in varying else "",
        settings=tuple(said_in_force(common, varying)),
        base=reference,
        correction="all differences of a metric hold together" if correct else "",
        metrics=tuple(metric_table(found, each, reference, correct) for each in chosen),
        best=best_lines(found, chosen, reference),
        notes=_failures(known),
    )


def _failures(cells: Sequence[StoredCell]) -> tuple[str, ...]:
    """Return what a reader must know of points that are missing: that runs failed."""
    failed = [cell for cell in cells if cell.status == FAILED]
    if not failed:
        return ()
    points = len({cell.label for cell in failed})
    runs = "1 run" if len(failed) == 1 else f"{len(failed)} runs"
    return (f"{runs} of {points} point{'s' * (points > 1)} failed and {'is' if len(failed) == 1 else 'are'} left out",)


def unrun_table(grid: Grid) -> SweepTable:
    """Return the table that a store would have of a grid alone, before it is run: points and metrics, no figure."""
    varying = _varying(grid.points)
    rows = tuple(PointRow(_label(named), 0, parameters=named) for named in _called(grid.points, varying))
    chosen = metrics(grid.design.metrics)
    tables = tuple(MetricTable(each.name, each.unit, each.better, rows) for each in chosen)
    return SweepTable("", "", (), rows[0].label, "", tables, best=(), notes=())


def _usual(units: Iterable[str]) -> list[str]:
    known = list(units)
    return [name for name in DEFAULT if name in known] + [name for name in known if name not in DEFAULT]


def _varying(cells: Sequence[Placed]) -> list[str]:
    names = dict.fromkeys(name for cell in cells for name in cell.parameters)
    found = [name for name in names if len({cell.parameters.get(name) for cell in cells}) > 1]
    return [name for name in found if name != VARY or _differs_by_it(cells)]


def _differs_by_it(cells: Sequence[Placed]) -> bool:
    """Whether cells differ in what the seed draws of a trace alone, not with the workload: they are no one point."""
    drawn: dict[str, set[str | None]] = {}
    for cell in cells:
        rest = {name: value for name, value in cell.parameters.items() if name != VARY}
        drawn.setdefault(json.dumps(rest, sort_keys=True), set()).add(cell.parameters.get(VARY))
    return any(len(values) > 1 for values in drawn.values())


def _chosen(cells: Sequence[StoredCell], at: Mapping[str, str], varying: Sequence[str]) -> list[StoredCell]:
    """Return the cells that have the values asked for, as typed or absolute."""
    left = list(cells)
    for name, value in at.items():
        path = _meant(name, varying, name, "--at")
        if path not in varying:
            raise UserError(f"'{name}' does not vary", expected=", ".join(varying), near=near_miss(name, varying))
        known = sorted({cell.parameters.get(path, "") for cell in cells}, key=in_order)
        left = [cell for cell in left if value in (cell.parameters.get(path), cell.values.get(path))]
        if not left:
            raise UserError(f"{path}: no cell has '{value}'", expected=", ".join(known), near=near_miss(value, known))
    return left


def _meant(name: str, varying: Collection[str], text: str, place: str) -> str:
    """Return the parameter that is called by its path or the last part of it; the name itself where there is none."""
    ends = [path for path in varying if path.rpartition(".")[2] == name]
    if name not in varying and len(ends) > 1:
        raise UserError(f"'{text}': '{name}' could mean several", file=place, expected=" or ".join(ends))
    return name if name in varying or not ends else ends[0]


def _called(cells: Sequence[Placed], varying: Sequence[str]) -> list[dict[str, str]]:
    """Return what varies with each cell's values, as a reader wants them."""
    shown = {path: _shown(path, cells) for path in varying}
    return [
        {path: shown[path][cell.parameters[path], _context(cell)] for path in varying if path in cell.parameters}
        for cell in cells
    ]


def _label(named: Mapping[str, str]) -> str:
    return ", ".join(f"{path}={value}" for path, value in named.items()) or "base"


def _samples(cells: Sequence[StoredCell], called: Sequence[Mapping[str, str]], varying: Sequence[str]) -> Samples:
    points: dict[str, Mapping[str, str]] = {}
    values: dict[str, dict[int, dict[str, float | None]]] = {}
    for cell, named in zip(cells, called, strict=True):
        label = _label(named)
        points[label] = named
        values.setdefault(label, {})[cell.seed] = dict(cell.figures)
    ordered = sorted(points, key=lambda label: [in_order(points[label].get(path, "")) for path in varying])
    return Samples(tuple(ordered), {label: values[label] for label in ordered}, points)


def _context(cell: Placed) -> str:
    return json.dumps([cell.parameters.get(MACHINE), cell.parameters.get(WORKLOAD)])


def _shown(path: str, cells: Sequence[Placed]) -> dict[tuple[str, str], str]:
    """Return what to call each value of a parameter: the absolute one, as typed where that depends on the machine."""
    by_typed: dict[str, set[str]] = {}
    for cell in cells:
        if path in cell.parameters:
            by_typed.setdefault(cell.parameters[path], set()).add(cell.values.get(path, cell.parameters[path]))
    absolute = all(len(values) == 1 for values in by_typed.values())
    return {
        (cell.parameters[path], _context(cell)): cell.values.get(path, cell.parameters[path])
        if absolute
        else cell.parameters[path]
        for cell in cells
        if path in cell.parameters
    }


def _swept_base(
    store: Store, cells: Sequence[StoredCell], held: Collection[str], called: Sequence[Mapping[str, str]]
) -> str:
    """Return the label of the sweep's own base, but for the values of what is `held`; empty where no cell is it."""
    wanted = {name: value for name, value in store.base().items() if name not in held}
    for cell, named in zip(cells, called, strict=True):
        if wanted and wanted == {name: value for name, value in cell.parameters.items() if name not in held}:
            return _label(named)
    return ""


def _base(found: Samples, text: str, typed: Mapping[str, Mapping[str, str]]) -> str:
    """Return the label of the point whose values, as typed in the sweep or absolute, `text` gives."""
    wanted = {_meant(name, typed, text, "--base"): value for name, value in parse_point(text, "--base").items()}
    fitting = [
        label
        for label in found.labels
        if all(_has(found.parameters[label], name, value, typed) for name, value in wanted.items())
    ]
    if len(fitting) != 1:
        told = "is no point" if not fitting else f"could mean {len(fitting)} points"
        near = near_miss(text, found.labels)
        raise UserError(f"'{text}' {told}", file="--base", expected="one of the points", near=near)
    return fitting[0]


def _has(parameters: Mapping[str, str], path: str, value: str, typed: Mapping[str, Mapping[str, str]]) -> bool:
    return path in parameters and parameters[path] in (value, typed[path].get(value))


def how_it_was_made(store: Store) -> list[tuple[str, str]]:
    """Return what a reader should know of a store: the simslab, runs and failures, seeds, inputs with their hashes."""
    cells = store.cells()
    failed = sum(cell.status != DONE for cell in cells)
    seeds = sorted({cell.seed for cell in cells})
    files = {name: digest for made in store.configurations() for name, digest in made.inputs.items()}
    return [
        *sorted(store.about().items()),
        ("cells", f"{len(cells)}, {failed} failed"),
        ("seeds", ", ".join(map(str, seeds))),
        *((f"file {name}", f"SHA-256 {digest}") for name, digest in sorted(files.items())),
    ]
