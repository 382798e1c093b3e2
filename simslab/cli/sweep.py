"""`simslab sweep`: a grid of runs into a store."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simslab.base.errors import UserError
from simslab.cli.plot import undrawn
from simslab.cli.terminal.completion import metric_names, things_to_sweep
from simslab.experiment.limits import MOST_JOBS, MOST_SEEDS

if TYPE_CHECKING:
    from simslab.base.documents.copies import Copies
    from simslab.experiment.grid.design import Design

CELLS_FAILED = 1
EFFECTS = "effects"  # the one kind of figure that has all metrics' points in one table of panels


def sweep(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MACHINE WORKLOAD | EXPERIMENT]",
            help="what to run, or a shipped experiment or a file",
            autocompletion=things_to_sweep,
        ),
    ] = None,
    store: Annotated[
        Path, typer.Option("--store", metavar="FILE", help="the store: made, added to, or gone on with")
    ] = Path("sweep.db"),
    axis: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH=VALUE,...",
            help="what varies, as in --set, or machine, workload, trace; x1.5 and '+20 ns' are relative; repeatable",
        ),
    ] = None,
    point: Annotated[
        list[str] | None, typer.Option(metavar="PATH=VALUE,PATH=VALUE", help="joint values of axes; repeatable")
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option(metavar="CONSTRAINT", help="such as 'batchcount <= limit'; repeatable")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="change a value everywhere (repeatable)")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, max=MOST_SEEDS, help="a point's (default: 1, or the file's)")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="first seed (default: the workload's)")] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME,...", help="figures to keep, as `simslab metrics` lists them", autocompletion=metric_names
        ),
    ] = None,
    vary: Annotated[
        str | None, typer.Option(metavar="start|placement|none", help="what the seed draws of a recorded trace")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=MOST_JOBS, help="processes (default: one a CPU); the result is the same")
    ] = None,
    scheduler: Annotated[
        str, typer.Option(metavar="ADDRESS", help="run on the Dask cluster of this scheduler, such as tcp://host:8786")
    ] = "",
    shard: Annotated[str, typer.Option(metavar="I/N", help="run the I-th of N parts, for batch queues")] = "1/1",
    retry: Annotated[bool, typer.Option("--retry", help="run again what failed")] = False,
    precision: Annotated[
        str, typer.Option(metavar="SHARE", help="add seeds until the first metric's intervals are that narrow: 1%")
    ] = "",
    max_seeds: Annotated[int, typer.Option(min=2, max=MOST_SEEDS, help="that --precision adds up to")] = 100,
    base: Annotated[
        str, typer.Option(metavar="PATH=VALUE,...", help="the point that others are compared with (default: the first)")
    ] = "",
    correct: Annotated[
        bool, typer.Option("--correct", help="widen intervals so that those of a metric hold together (Bonferroni-t)")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="draw the points there, as `simslab plot STORE` does")
    ] = None,
    kind: Annotated[str, typer.Option(metavar="KIND", help="of --plot: lines (default), bars, heat-map, effects")] = "",
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="print as JSON lines the figures of these points, then means and differences with intervals"
        ),
    ] = False,
) -> None:
    """Run a grid of machines, workloads and tunings; go on where an earlier call with the same store ended."""
    from simslab.cli.terminal.heartbeat import telling
    from simslab.cli.terminal.interrupts import told_where_to_go_on
    from simslab.experiment.figures.metrics import metrics
    from simslab.experiment.grid.design import check_apart, make_grid
    from simslab.experiment.inputs import InputReader
    from simslab.experiment.running.pool import default_processes
    from simslab.experiment.running.precision import parse_precision, sweep_to_precision
    from simslab.experiment.store.export import json_lines
    from simslab.experiment.store.schema import MEMORY
    from simslab.experiment.store.store import Store
    from simslab.experiment.stored_table import stored_table, unrun_table
    from simslab.experiment.sweep import parse_shard
    from simslab.experiment.table import asked, base_point, sweep_table
    from simslab.experiment.trace_input import copies
    from simslab.report.comparison.sweep_text import sweep_text, table_lines
    from simslab.report.plot.kinds import check_points, drawn_to
    from simslab.report.plot.options import Options, check_output
    from simslab.report.plot.sources import Sources

    kept = copies()
    design = _design(inputs or [], axis, point, where, settings, seeds, seed, metric, vary, kept)
    wanted, part = parse_precision(precision), parse_shard(shard)
    check_apart(design)
    grid = make_grid(design, InputReader(copies=kept))
    base_point(grid, base)  # mistakes before the work
    if plot is not None:
        check_output(plot)
        check_points(unrun_table(grid), kind)
    elif kind:
        raise undrawn(kind)
    kept_in = "" if str(store) == MEMORY else str(store)
    with Store.create(store) as opened:
        with told_where_to_go_on(kept_in), telling(f"{len(grid.points)} points") as progress:
            swept = sweep_to_precision(
                grid,
                opened,
                wanted,
                max_seeds,
                base=base,
                correct=correct,
                processes=jobs or default_processes(),
                shard=part,
                retry=retry,
                scheduler=scheduler,
                progress=progress,
            )
        table = sweep_table(opened, grid, base=base, correct=correct, seeds=swept.seeds) if part.count == 1 else None
        if as_json:
            names = [each.name for each in metrics(grid.design.metrics)]
            sys.stdout.write(json_lines(opened, asked(grid, swept.seeds), names))
            sys.stdout.write(table_lines(table, swept.notes) if table is not None else "")
        elif table is not None:
            sys.stdout.write(sweep_text(table, swept.notes))
        else:
            print(f"shard {part.index} of {part.count}: {swept.total} runs in {store}")
        if plot is not None and not swept.failures:
            drawn = stored_table(opened, grid.design.metrics, correct=correct, seeds=asked(grid, swept.seeds))
            drawn_to(plot, Sources(tables=(drawn,)), kind, Options())
    for failure in swept.failures:
        print(f"simslab: failed: {failure}", file=sys.stderr)
    if swept.failures:
        raise typer.Exit(CELLS_FAILED)


def _design(
    inputs: list[str],
    axis: list[str] | None,
    point: list[str] | None,
    where: list[str] | None,
    settings: list[str] | None,
    seeds: int | None,
    seed: int | None,
    metric: list[str] | None,
    vary: str | None,
    kept: "Copies",
) -> "Design":
    """Return what the options describe; those that are given stand before what the experiment file says."""
    from dataclasses import replace

    from simslab.experiment.grid.axes import MACHINE, TRACE, WORKLOAD, parse_axis, parse_point
    from simslab.experiment.grid.design import Design
    from simslab.experiment.grid.experiment_file import before_file, read_experiment

    axes = tuple(parse_axis(text) for text in axis or ())
    points = tuple(parse_point(text) for text in point or ())
    file = _experiment_file(inputs, kept)
    if file is not None:
        design = before_file(read_experiment(file, kept.readable(file)), axes, settings or (), points)
    else:
        varying = {each.path for each in axes}
        missing = [MACHINE] * (MACHINE not in varying) + [WORKLOAD] * (not varying & {WORKLOAD, TRACE})
        names = [MACHINE, WORKLOAD] if len(inputs) == 2 else missing
        if len(inputs) != len(names):
            raise _missing(inputs, names)
        given = dict(zip(names, inputs, strict=True))
        design = Design(given.get(MACHINE), given.get(WORKLOAD), axes=axes)
    changes: dict[str, object] = {
        "points": points or None,
        "where": (*design.where, *(where or ())),
        "settings": (*design.settings, *(settings or ())),
        "seeds": seeds,
        "first_seed": seed,
        "metrics": tuple(name for text in metric or () for name in text.split(",")) or None,
        "vary": vary,
    }
    return replace(design, **{name: value for name, value in changes.items() if value is not None})  # type: ignore[arg-type]


def _experiment_file(inputs: list[str], kept: "Copies") -> Path | None:
    """Return the experiment file that is meant, shipped or one's own; None where machines and workloads are."""
    from simslab.base.documents.yamlfile import read_yaml
    from simslab.base.shipped import find_shipped, shipped_names
    from simslab.experiment.trace_input import is_trace

    if len(inputs) != 1:
        return None
    if inputs[0] in shipped_names("experiments"):
        return find_shipped("experiments", inputs[0])
    path = Path(inputs[0])
    file = kept.readable(path)
    if not os.path.isfile(file) or is_trace(inputs[0], file):
        return None
    value = read_yaml(file, str(path)).value
    return path if isinstance(value, dict) and {"axes", "points", "machine", "workload"} & set(value) else None


def _missing(inputs: list[str], names: list[str]) -> UserError:
    """Return what is wrong where other names are given than are needed."""
    from simslab.base.shipped import near_name, shipped_names

    needed = " and ".join(name.upper() for name in names) or "none: both are axes"
    if len(inputs) == 1 and len(names) > 1:
        known = shipped_names("experiments")
        if os.path.exists(inputs[0]):
            keys = "a YAML mapping with machine, workload, axes or points"
            return UserError("is no experiment", file=inputs[0], expected=f"{needed}, or {keys}")
        expected = f"{needed}, or an experiment: a file, or one of {', '.join(known)}"
        return UserError(f"there is no experiment '{inputs[0]}'", expected=expected, near=near_name(inputs[0], known))
    return UserError(f"{len(inputs)} names are given", expected=needed)
