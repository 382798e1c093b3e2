"""`simslab store`: what to do with the results of sweeps."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

storing = typer.Typer(
    help="Export, merge and look into results of sweeps.", no_args_is_help=True, rich_markup_mode=None
)

StoreFile = Annotated[Path, typer.Argument(metavar="STORE", help="what `simslab sweep` wrote")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


@storing.command("export")
def export_store(
    store: StoreFile,
    out: Annotated[Path, typer.Argument(metavar="FILE", help=".csv (tidy), .jsonl or .parquet")],
    kind: Annotated[
        str | None, typer.Option("--format", metavar="csv|jsonl|parquet", help="whatever the suffix")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="replace a file that is there")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print as JSON which file was written")] = False,
) -> None:
    """Write one row a cell and metric, with every parameter in it."""
    from simslab.experiment.store.export import export
    from simslab.experiment.store.store import Store

    with Store.open(store) as opened:
        export(opened, out, kind, force=force)
    if as_json:
        from simslab.report.json_written import written_json

        sys.stdout.write(written_json({kind or out.suffix.removeprefix("."): out}))


@storing.command()
def merge(
    out: Annotated[Path, typer.Argument(metavar="STORE", help="the store to add to; made if there is none")],
    shards: Annotated[list[Path], typer.Argument(metavar="SHARD...", help="stores to take from")],
    as_json: AsJson = False,
) -> None:
    """Put the stores of several shards together."""
    from simslab.experiment.store.merge import merge as merge_stores

    cells, runs = merge_stores(out, shards)
    told = f"{out}: {cells} cells, {runs} runs"
    print(json.dumps({"store": str(out), "cells": cells, "runs": runs}, indent=2) if as_json else told)


@storing.command()
def dump(store: StoreFile) -> None:
    """Print the canonical text of a store, as JSON lines: equal results print the same, however they were made."""
    from simslab.experiment.store.dump import dump_lines
    from simslab.experiment.store.store import Store

    with Store.open(store) as opened:
        sys.stdout.writelines(line + "\n" for line in dump_lines(opened))


@storing.command()
def show(store: StoreFile, as_json: AsJson = False) -> None:
    """Print what a store holds: parameters and their values, metrics, failures."""
    from simslab.experiment.store.contents import contents, contents_text
    from simslab.experiment.store.store import Store

    with Store.open(store) as opened:
        text = json.dumps(contents(opened), indent=2) + "\n" if as_json else contents_text(opened)
    sys.stdout.write(text)
