"""`simslab metrics` and `simslab explain`: what can be chosen, and what the words in results mean."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from simslab.base.errors import UserError
from simslab.cli.terminal.completion import glossary_terms


def metrics(as_json: Annotated[bool, typer.Option("--json", help="print the list as JSON")] = False) -> None:
    """List the metrics that experiments can be asked for, with units and meanings."""
    from simslab.experiment.figures.metrics import DEFAULT, families
    from simslab.report.comparison.sweep_text import aligned

    listed = families()
    if as_json:
        rows = [{"name": f.name, "unit": f.unit, "better": f.better, "selects": f.selects, "meaning": f.meaning}
                for f in listed]  # fmt: skip
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
        return
    heads = ["metric", "of", "unit", "better", "meaning"]
    table = [[f.name, f.selects and f":{f.selects}", f.unit, f.better, f.meaning] for f in listed]
    print(aligned([heads, *table], texts=len(heads)))
    print(
        "\nWhat stands under 'of' may follow the name, any part of it left out: latency.p99:free/alien@mixed,\n"
        "latency.mean:@kmalloc-64, lock.wait:alien_lock, traffic.lines:remote_dram@node0. Without it: everything.\n"
        f"Where none are named: {', '.join(DEFAULT)}."
    )


def explain(
    terms: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TERM...",
            help="such as irq_mask; none: all; with --worst a directory of `run --out`",
            autocompletion=glossary_terms,
        ),
    ] = None,
    worst: Annotated[
        int, typer.Option(min=0, metavar="K", help="explain a result's K slowest operations; it is run again")
    ] = 0,
    trace: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="with --worst: the trace that was replayed, or the folder of several"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Explain words that results use: operations, paths, causes, locks, counters; or a result's slowest operations."""
    if worst:
        _explain_worst(terms or [], worst, trace, as_json)
        return
    if trace is not None:
        raise UserError("--trace: words need no trace", expected="--worst K as well")
    from simslab.report.glossary import GLOSSARY, look_up

    found = [term for word in terms for term in look_up(word)] if terms else list(GLOSSARY)
    if as_json:
        sys.stdout.write(json.dumps([asdict(term) for term in found], indent=2) + "\n")
        return
    for term in found:
        print(f"{term.name} ({term.kind}): {term.meaning}")


def _explain_worst(results: list[str], count: int, trace: Path | None, as_json: bool) -> None:
    from simslab.cli.terminal.progress import kernel_console_off, watching
    from simslab.experiment.reproduce import slowest_again
    from simslab.report.run.worst_text import worst_json, worst_text
    from simslab.result.stored import stored

    if len(results) != 1:
        raise UserError(f"--worst {count}: {len(results)} results", expected="one directory of `run --out`")
    result = stored(results[0])
    with kernel_console_off(), watching(f"running {results[0]} again") as watch:
        log = slowest_again(result, count, trace, watch)
    sys.stdout.write(worst_json(log) if as_json else worst_text(log))
