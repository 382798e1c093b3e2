"""`simslab compare`: the same random streams in every arm, and which differences are more than noise."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from simslab.cli.terminal.completion import machines, metric_names, workloads
from simslab.cli.terminal.streams import terminal
from simslab.experiment.limits import MOST_JOBS, MOST_SEEDS


def compare(
    machine: Annotated[
        str, typer.Argument(metavar="MACHINE", help="a shipped machine's name or a YAML file", autocompletion=machines)
    ],
    workload: Annotated[
        str,
        typer.Argument(metavar="WORKLOAD", help="a shipped workload's name or a YAML file", autocompletion=workloads),
    ],
    variant: Annotated[
        list[str],
        typer.Option(
            metavar="NAME:PATH=VALUE[,PATH=VALUE...]",
            help="an arm: what it changes in the machine or the workload; repeatable; e.g. "
            "small:tunables.mixed={limit: 30, batchcount: 15, shared: 2} or far:links.upi.latency=120 ns",
        ),
    ],
    seeds: Annotated[int, typer.Option(min=1, max=MOST_SEEDS, help="how many seeds each arm runs with")] = 10,
    seed: Annotated[int | None, typer.Option(min=0, help="first seed (default: the workload's)")] = None,
    base: Annotated[str | None, typer.Option(metavar="NAME", help="arm to compare with (default: unmodified)")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="change a value in every arm (repeatable)")
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME,...", help="figures to compare, as `simslab metrics` lists them", autocompletion=metric_names
        ),
    ] = None,
    vary: Annotated[
        str, typer.Option(metavar="start|placement|none", help="what the seed draws of a recorded trace")
    ] = "start",
    correct: Annotated[
        bool, typer.Option("--correct", help="widen intervals so that those of a metric hold together (Bonferroni-t)")
    ] = False,
    precision: Annotated[
        str, typer.Option(metavar="SHARE", help="add seeds until the first metric's intervals are that narrow: 1%")
    ] = "",
    max_seeds: Annotated[
        int, typer.Option(min=2, max=MOST_SEEDS, help="the most seeds that --precision adds up to")
    ] = 100,
    jobs: Annotated[int, typer.Option(min=1, max=MOST_JOBS, help="processes to run in; the result is the same")] = 1,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="write the result directory there")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the result as JSON instead of the tables")] = False,
) -> None:
    """Compare variants of a machine or a workload over seeds, with 95 % paired intervals."""
    from rich.console import Console

    from simslab.cli.terminal.progress import progress
    from simslab.experiment.compare import compare as run_comparison
    from simslab.experiment.compare import make_plan, write_comparison
    from simslab.experiment.figures.metrics import DEFAULT
    from simslab.experiment.run import check_before_work
    from simslab.experiment.running.precision import parse_precision
    from simslab.experiment.variants import parse_variants
    from simslab.report.comparison.comparison import comparison_document, print_comparison
    from simslab.result.result_file import json_text

    plan = make_plan(
        machine,
        workload,
        settings or (),
        parse_variants(variant),
        seeds=seeds,
        first_seed=seed,
        base=base,
        chosen=[name for text in metric or () for name in text.split(",")] or DEFAULT,
        vary=vary,
    )
    wanted = parse_precision(precision)
    if out is not None:
        check_before_work(out)
    seeds_told = "1 seed" if len(plan.seeds) == 1 else f"{len(plan.seeds)} seeds"
    with progress(f"comparing {len(plan.arms)} arms over {seeds_told}") as report:
        comparison = run_comparison(
            plan, processes=jobs, progress=report, correct=correct, precision=wanted, max_seeds=max_seeds
        )
    if out is not None:
        write_comparison(plan, comparison, out)
    if as_json:
        sys.stdout.write(json_text(comparison_document(comparison)))
    else:
        print_comparison(comparison, Console(file=terminal(sys.stdout)))
