"""`simslab import` and `simslab export`: machines from and for other tools."""

import sys
from pathlib import Path
from typing import Annotated

import typer

importing = typer.Typer(
    help="Make a machine file from what another tool tells.", no_args_is_help=True, rich_markup_mode=None
)
exporting = typer.Typer(help="Write a machine for another tool.", no_args_is_help=True, rich_markup_mode=None)

InputFile = Annotated[Path, typer.Argument(metavar="FILE", help="what to read")]
OutFile = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="write there instead of standard output")]
Force = Annotated[bool, typer.Option("--force", help="replace a file that is there")]
AsJson = Annotated[bool, typer.Option("--json", help="print as JSON which file was written, or the text")]
Template = Annotated[
    str, typer.Option("--template", metavar="MACHINE", help="machine whose figures stand in for those that FILE lacks")
]
TEMPLATE = "two-socket"


@importing.command()
def hwloc(
    file: InputFile, template: Template = TEMPLATE, out: OutFile = None, force: Force = False, as_json: AsJson = False
) -> None:
    """Import lstopo's XML (lstopo FILE.xml), of any version of hwloc."""
    from simslab.instruments.exchange.importer import import_hwloc

    _check(out, force)
    _write(import_hwloc(file, template), out, as_json)


@importing.command()
def numactl(
    file: InputFile, template: Template = TEMPLATE, out: OutFile = None, force: Force = False, as_json: AsJson = False
) -> None:
    """Import the output of `numactl -H`."""
    from simslab.instruments.exchange.importer import import_numactl

    _check(out, force)
    _write(import_numactl(file, template), out, as_json)


@importing.command()
def mlc(
    file: InputFile,
    template: Template = TEMPLATE,
    out: OutFile = None,
    force: Force = False,
    links: Annotated[
        bool,
        typer.Option("--links", help="decompose the latencies into links, which can be scaled (default: the matrix)"),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Import the output of Intel's Memory Latency Checker."""
    from simslab.instruments.exchange.importer import import_mlc

    _check(out, force)
    _write(import_mlc(file, template, links), out, as_json)


@exporting.command("hwloc")
def export_to_hwloc(
    machine: Annotated[str, typer.Argument(metavar="MACHINE", help="a shipped machine's name or a YAML file")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="change a value of the machine (repeatable)")
    ] = None,
    out: OutFile = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Export a machine as lstopo's XML; importing that gives an equal machine."""
    from simslab.instruments.exchange.hwloc.export import export_hwloc
    from simslab.machine.library import load_machine

    _check(out, force)
    _write(export_hwloc(load_machine(machine, settings or ())), out, as_json)


def _check(out: Path | None, force: bool) -> None:
    """Refuse a name that cannot be written, or under which a file stands, before the work."""
    if out is None:
        return
    from simslab.base.output import check_new

    check_new(out, force)


def _write(text: str, out: Path | None, as_json: bool) -> None:
    """Print the text, or write it whole; as JSON tell which file it is, or hold it."""
    if out is not None:
        from simslab.base.output import write_file

        write_file(out, text)
    if as_json:
        from simslab.report.json_written import written_json

        sys.stdout.write(written_json({} if out is None else {"machine": out}, text if out is None else None))
    elif out is None:
        sys.stdout.write(text)
