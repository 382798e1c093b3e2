"""`simslab fit`: physical parameters of a machine adjusted to a table of measurements."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from simslab.base.documents.input import read_bytes, read_text
from simslab.base.errors import UserError
from simslab.cli.terminal.completion import machines


def fit(
    machine: Annotated[
        str, typer.Argument(metavar="MACHINE", help="a shipped machine's name or a YAML file", autocompletion=machines)
    ],
    against: Annotated[Path, typer.Option(metavar="FILE.csv", help="the table of measurements to fit to")],
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "--parameters",
            metavar="NAME,...",
            help="what may be adjusted, as in --set, with bounds if wanted: dram.latency,links.upi.latency=20:40; "
            "repeatable; default: whatever the measurements determine",
        ),
    ] = None,
    hold_out: Annotated[
        str,
        typer.Option(
            metavar="SHARE|REGEX", help="cells to keep from the fit and to predict: 0.25, or 'c2c|node1 -> node0'"
        ),
    ] = "",
    as_name: Annotated[
        list[str] | None,
        typer.Option("--as", metavar="NAME", help="the table's name of the machine (default: its measured_as)"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE.yaml", help="write the machine there")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the result as JSON")] = False,
) -> None:
    """Adjust physical parameters of a machine to a table of measurements, by least squares.

    Prints how well the table is fitted and, of what was held out, how well it is predicted.
    """
    from simslab.base.output import check_writable, write_file
    from simslab.cli.terminal.progress import progress
    from simslab.instruments.fit.fitting import fit_machine
    from simslab.instruments.fit.write import fitted_text
    from simslab.instruments.reference.reference import read_table, refuse_values, rows_of
    from simslab.machine.library import load_machine_document
    from simslab.report.machine.fit_text import fit_json, fit_text

    if out is not None:
        check_writable(out)
    document, spec = load_machine_document(machine)
    if out is not None and document.bases:
        raise UserError(
            f"extends {document.bases[0]}, where some of the numbers stand",
            file=document.file,
            expected="a machine file without 'extends' for --out",
        )
    rows = rows_of(read_table(against), as_name or spec.measured_as or [spec.name], against)
    refuse_values(rows, against)
    wanted = [name.strip() for text in parameters or () for name in text.split(",") if name.strip()]
    with progress(f"fitting {spec.name}"):
        result = fit_machine(document, rows, wanted, hold_out)
    if out is not None:
        import hashlib

        digest = hashlib.sha256(read_bytes(against)).hexdigest()
        text = read_text(document.file)
        write_file(out, fitted_text(text, document, result, against, digest))
    sys.stdout.write(fit_json(result) if as_json else fit_text(result))
