"""Stored results read, compared, made again and put together: `show`, `report`, `diff`, `reproduce`, `artifact`."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simslab.base.errors import UserError
from simslab.cli.terminal.completion import views
from simslab.cli.terminal.streams import terminal
from simslab.experiment.limits import MOST_JOBS

if TYPE_CHECKING:
    from simslab.experiment.reproduce import Reproduction

DIFFERENT = 1

AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
ResultFolder = Annotated[str, typer.Argument(metavar="RESULT", help="a directory of `run --out`, or its manifest.json")]


def diff(
    first: Annotated[str, typer.Argument(metavar="A", help="a result directory or its manifest.json")],
    second: Annotated[str, typer.Argument(metavar="B", help="another")],
    as_json: AsJson = False,
) -> None:
    """Tell what two stored results differ in: inputs first, then figures. Exit status 1 if they differ."""
    from rich.console import Console

    from simslab.report.difference import figure_differences, input_differences, measured
    from simslab.report.tables import print_parts, table
    from simslab.result.stored import stored

    results = stored(first), stored(second)
    inputs = input_differences(results[0].manifest, results[1].manifest)
    measurements = [measured(result) for result in results]
    figures = []
    if measurements[0] is not None and measurements[1] is not None:
        figures = figure_differences(measurements[0], measurements[1])
    if as_json:
        keys = ("what", "first", "second")
        document = {
            part: [dict(zip(keys, row, strict=True)) for row in rows]
            for part, rows in (("inputs", inputs), ("figures", figures))
        }
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        raise typer.Exit(DIFFERENT if inputs or figures else 0)
    parts = [
        table(title, (what, first, second), rows, texts=3, keys=1)
        for title, what, rows in (("Inputs that differ", "input", inputs), ("Figures that differ", "figure", figures))
        if rows
    ]
    if not parts:
        told = "inputs and figures" if None not in measurements else "inputs"
        print(f"{first} and {second}: the same {told}")
        return
    print_parts(parts, Console(file=terminal(sys.stdout)))
    raise typer.Exit(DIFFERENT)


def reproduce(
    result: Annotated[
        str, typer.Argument(metavar="RESULT", help="a directory of `run --out`, its manifest.json, or a store")
    ],
    trace: Annotated[
        Path | None, typer.Option(metavar="FILE", help="the trace that was replayed, or the folder of several")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=MOST_JOBS, help="processes for a store's runs (default: one a CPU)")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a result's manifest, or all runs of a store, again and tell whether they came out the same to the byte.

    Exit status 1 if not.
    """
    from simslab.experiment.store.schema import is_store

    made = _made_again(result, trace, jobs)
    if as_json:
        document = {"identical": made.same, "different": made.different, "inputs": made.inputs}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        raise typer.Exit(DIFFERENT if made.different else 0)
    if is_store(result):
        print(f"{len(made.same)} of {len(made.same) + len(made.different)} runs: identical")
    for name in () if is_store(result) else made.same:
        print(f"{name}: identical")
    for name in made.different:
        print(f"{name}: DIFFERS")
    for told in made.inputs:
        print(f"input differs: {told}")
    if made.different:
        if not made.inputs:
            print("no input differs", file=sys.stderr)
        raise typer.Exit(DIFFERENT)


def _made_again(result: str, trace: Path | None, jobs: int | None) -> "Reproduction":
    """Return what came of a stored run, or of a store's runs, that were made again."""
    from simslab.cli.terminal.heartbeat import telling
    from simslab.cli.terminal.progress import kernel_console_off, watching
    from simslab.experiment.reproduce import reproduce as run_again
    from simslab.experiment.running.pool import default_processes
    from simslab.experiment.running.stored_runs import reproduce_store
    from simslab.experiment.store.schema import is_store
    from simslab.experiment.store.store import Store
    from simslab.result.stored import stored

    if is_store(result):
        with Store.open(result) as store, telling(f"reproducing {result}") as progress:
            return reproduce_store(store, trace, jobs or default_processes(), progress)
    with kernel_console_off(), watching(f"reproducing {result}") as watch:
        expected = "a directory that `run --out` wrote, its manifest.json, or a store of `simslab sweep`"
        return run_again(stored(result, expected), trace, watch)


def show(
    result: ResultFolder,
    view: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="slabinfo, slabtop, numastat, lock_stat; or, for which it is run again: buddyinfo, vmstat, "
            "sysfs (of SLUB), irqsoff, callers, perf-kmem, perf-c2c, perfetto, ftrace; default: the summary",
            autocompletion=views,
        ),
    ] = "",
    trace: Annotated[
        Path | None, typer.Option(metavar="FILE", help="the trace that was replayed, or the folder of several")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a stored result: its summary, or as the kernel or a tool of a real machine would."""
    from rich.console import Console

    from simslab.report.run.summary import print_summary
    from simslab.report.views.all_views import runs_again
    from simslab.result.result_file import load, to_json

    if trace is not None and not (view and runs_again(view)):
        raise UserError("--trace: this is shown of what is stored", expected="a --view for which it is run again")
    if view:
        sys.stdout.write(_view(result, view, trace, as_json))
    elif as_json:
        sys.stdout.write(to_json(load(result)))
    else:
        print_summary(load(result), Console(file=terminal(sys.stdout)))


def _view(result: str, view: str, trace: Path | None, as_json: bool) -> str:
    """Return a view as text or as JSON; the run is made again where the result does not keep what it shows."""
    from simslab.cli.terminal.progress import kernel_console_off, watching
    from simslab.experiment.reproduce import seen_again
    from simslab.report.views.all_views import again_text, runs_again, view_text
    from simslab.result.result_file import load
    from simslab.result.stored import stored

    again = runs_again(view)
    if again:
        with kernel_console_off(), watching(f"running {result} again") as watch:
            text = again_text(seen_again(stored(result), view, trace, watch), view)
    else:
        text = view_text(load(result), view)
    if not as_json:
        return text
    document = {"result": result, "view": view, "run_again": again, "lines": text.splitlines()}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def report(
    result: Annotated[
        str,
        typer.Argument(metavar="RESULT", help="a directory of `run --out` or `compare --out`, or a store of a sweep"),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.html", help="the page")],
    as_json: Annotated[bool, typer.Option("--json", help="print as JSON which file was written")] = False,
) -> None:
    """Write a run, comparison or sweep as one HTML page: inputs, figures, tables that sort; nothing is loaded."""
    from simslab.base.output import check_writable, write_file
    from simslab.experiment.store.schema import is_store
    from simslab.experiment.store.store import Store
    from simslab.experiment.stored_table import how_it_was_made, stored_table
    from simslab.report.page.page import page_html
    from simslab.report.plot.sources import Sources, read_sources

    check_writable(out)
    if is_store(result):
        with Store.open(result) as store:
            page = page_html(Sources(tables=(stored_table(store),)), how_it_was_made(store))
    else:
        page = page_html(read_sources([result]))
    write_file(out, page)
    if as_json:
        from simslab.report.json_written import written_json

        sys.stdout.write(written_json({"page": out}))


def artifact(
    out: Annotated[Path, typer.Argument(metavar="DIR", help="a new directory")],
    results: Annotated[
        list[str], typer.Argument(metavar="RESULT...", help="directories of `run --out`, stores of finished sweeps")
    ],
    trace: Annotated[
        Path | None, typer.Option(metavar="FILE", help="the trace that was replayed, or the folder of several")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put results together for an artifact evaluation: commands with their times, what to expect, versions, citation.

    Every run is made again meanwhile, and must come out the same.
    """
    from simslab.cli.terminal.progress import kernel_console_off
    from simslab.experiment.artifact import write_artifact

    with kernel_console_off():
        pieces = write_artifact(out, results, trace)
    if as_json:
        document = {"directory": str(out), "pieces": [asdict(piece) for piece in pieces]}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return
    for piece in pieces:
        print(f"{piece.name}: {piece.seconds:.1f} s; {piece.expected}")
