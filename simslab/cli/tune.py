"""`simslab tune`: the tunables of a cache for a load, with the lines that apply them."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from simslab.cli.terminal.completion import machines, metric_names, workloads
from simslab.experiment.limits import MOST_JOBS, MOST_SEEDS

CELLS_FAILED = 1
MOST_TRIALS = 500  # each batch loads those before it again


def tune(
    machine: Annotated[
        str, typer.Argument(metavar="MACHINE", help="a shipped machine's name or a YAML file", autocompletion=machines)
    ],
    workload: Annotated[
        str,
        typer.Argument(
            metavar="WORKLOAD", help="a shipped workload's name, a file or a trace", autocompletion=workloads
        ),
    ],
    cache: Annotated[
        list[str],
        typer.Argument(metavar="CACHE", help="a cache of the workload or of the kernel; several are tuned together"),
    ],
    limit: Annotated[
        str,
        typer.Option(
            metavar="VALUE,...",
            help="numbers, or factors of the cache's own; with --trials also a range: x0.25:x4",
        ),
    ] = "",
    batchcount: Annotated[str, typer.Option(metavar="VALUE,...", help="(default: the cache's own, or limit)")] = "",
    shared: Annotated[str, typer.Option(metavar="VALUE,...", help="(default: the cache's own)")] = "",
    cpu_partial: Annotated[str, typer.Option(metavar="VALUE,...", help="of SLUB; numbers or factors as well")] = "",
    min_partial: Annotated[str, typer.Option(metavar="VALUE,...", help="of SLUB")] = "",
    remote_node_defrag_ratio: Annotated[str, typer.Option(metavar="VALUE,...", help="of SLUB, in percent")] = "",
    order: Annotated[str, typer.Option(metavar="VALUE,...", help="of SLUB, by boot parameters: of all caches")] = "",
    objective: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METRIC,...", help="what counts; the first decides the recommendation", autocompletion=metric_names
        ),
    ] = None,
    trials: Annotated[
        int,
        typer.Option(min=0, max=MOST_TRIALS, help="so many tunings that Optuna proposes, instead of all combinations"),
    ] = 0,
    seeds: Annotated[int, typer.Option(min=2, max=MOST_SEEDS, help="seeds a point")] = 5,
    seed: Annotated[int | None, typer.Option(min=0, help="first seed (default: the workload's)")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="change a value everywhere (repeatable)")
    ] = None,
    vary: Annotated[
        str, typer.Option(metavar="start|placement", help="what the seed draws of a recorded trace")
    ] = "start",
    store: Annotated[
        Path | None, typer.Option("--store", metavar="FILE", help="keep the runs there, and go on with what is there")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, max=MOST_JOBS, help="processes (default: one a CPU)")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the result as JSON")] = False,
) -> None:
    """Search the tunables of one or more caches: Pareto front, recommendation, and the lines that apply it.

    SLAB's limit, batchcount and shared, written to /proc/slabinfo; with --set workload.kernel.allocator=slub the
    attributes in /sys/kernel/slab, and the order of slabs.
    """
    from simslab.cli.terminal.heartbeat import telling
    from simslab.cli.terminal.interrupts import told_where_to_go_on
    from simslab.experiment.grid.design import Design
    from simslab.experiment.running.pool import default_processes
    from simslab.experiment.store.schema import MEMORY
    from simslab.experiment.tune import OBJECTIVES, search
    from simslab.report.comparison.tuning_text import tuning_document, tuning_text

    names = [name for text in objective or () for name in text.split(",")] or list(OBJECTIVES)
    given = {
        "limit": limit,
        "batchcount": batchcount,
        "shared": shared,
        "cpu_partial": cpu_partial,
        "min_partial": min_partial,
        "remote_node_defrag_ratio": remote_node_defrag_ratio,
        "order": order,
    }
    grid = {name: [part.strip() for part in text.split(",")] for name, text in given.items() if text}
    design = Design(
        machine, workload, tuple(settings or ()), seeds=seeds, first_seed=seed, metrics=tuple(names), vary=vary
    )
    kept_in = "" if store is None else str(store)
    with told_where_to_go_on(kept_in), telling(f"tuning {', '.join(cache)}") as progress:
        found = search(design, cache, grid, store or Path(MEMORY), jobs or default_processes(), progress, trials)
    for failure in found.failures:
        print(f"simslab: failed: {failure}", file=sys.stderr)
    if found.table is not None:
        document = json.dumps(tuning_document(found.table), indent=2) + "\n" if as_json else tuning_text(found.table)
        sys.stdout.write(document)
    if found.failures:
        raise typer.Exit(CELLS_FAILED)
