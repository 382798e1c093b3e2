"""`simslab store`: what to do with the results of sweeps."""

import sys
from pathlib import Path
from typing import Annotated

import typer

storing = typer.Typer(
    help="Export, merge and look into results of sweeps.", no_args_is_help=True, rich_markup_mode=None
)

StoreFile = Annotated[Path, typer.Argument(metavar="STORE", help="what `simslab sweep` wrote")]


@storing.command("export")
def export_store(
    store: StoreFile,
    out: Annotated[Path, typer.Argument(metavar="FILE", help=".csv (tidy), .jsonl or .parquet")],
    kind: Annotated[
        str | None, typer.Option("--format", metavar="csv|jsonl|parquet", help="whatever the suffix")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="replace a file that is there")] = False,
) -> None:
    """Write one row a cell and metric, with every parameter in it."""
    from simslab.experiment.store.export import export
    from simslab.experiment.store.store import Store

    with Store.open(store) as opened:
        export(opened, out, kind, force=force)


@storing.command()
def merge(
    out: Annotated[Path, typer.Argument(metavar="STORE", help="the store to add to; made if there is none")],
    shards: Annotated[list[Path], typer.Argument(metavar="SHARD...", help="stores to take from")],
) -> None:
    """Put the stores of several shards together."""
    from simslab.experiment.store.merge import merge as merge_stores

    cells, runs = merge_stores(out, shards)
    print(f"{out}: {cells} cells, {runs} runs")


@storing.command()
def dump(store: StoreFile) -> None:
    """Print the canonical text of a store: equal results print the same, however they were made."""
    from simslab.experiment.store.dump import dump_lines
    from simslab.experiment.store.store import Store

    with Store.open(store) as opened:
        sys.stdout.writelines(line + "\n" for line in dump_lines(opened))


@storing.command()
def show(store: StoreFile, as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False) -> None:
    """Print what a store holds: parameters and their values, metrics, failures."""
    import json

    from simslab.experiment.store.contents import contents, contents_text
    from simslab.experiment.store.store import Store

    with Store.open(store) as opened:
        text = json.dumps(contents(opened), indent=2) + "\n" if as_json else contents_text(opened)
    sys.stdout.write(text)
