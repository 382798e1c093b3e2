"""`simslab conform` and `simslab geometry`: the allocator against a real kernel, and what that kernel would choose."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from simslab.base.errors import UserError, near_miss

CHECK_FAILED = 1


def conform(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="records of a real kernel; all files of a folder")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Replay records of a real 5.10 kernel and compare the allocator's state after every operation."""
    from simslab.conform.dispatch import conform as check
    from simslab.conform.dispatch import golden_files
    from simslab.conform.verdict import totals

    verdicts = []
    for path in golden_files(files):
        verdicts.append(check(path))
        if not as_json:
            print(verdicts[-1], flush=True)
    if not verdicts:
        raise UserError("no files", file=str(files[0]), expected="records of a real kernel, or a folder of them")
    print(json.dumps({"files": [asdict(verdict) for verdict in verdicts]}, indent=2) if as_json else totals(verdicts))
    if not all(verdict.ok for verdict in verdicts):
        raise typer.Exit(CHECK_FAILED)


def _meant(flags: str) -> str:
    """Return the flag that the first unknown word was probably meant to be."""
    from simslab.slab_common.flags import FLAG_NAMES

    known = [name for name, _ in FLAG_NAMES]
    words = [word.strip().upper().removeprefix("SLAB_") for word in flags.replace(",", "|").split("|")]
    return next((near_miss(word, known) for word in words if word and word not in known), "")


def geometry(
    size: Annotated[int, typer.Option(help="bytes of an object")],
    align: Annotated[int, typer.Option(help="alignment asked for, bytes; 0 for none")] = 0,
    flags: Annotated[str, typer.Option(metavar="FLAG|FLAG...", help="SLAB_ flags by name, or a number")] = "0",
    ctor: Annotated[bool, typer.Option("--ctor", help="with a constructor")] = False,
    slab_max_order: Annotated[int, typer.Option(min=0, max=10, help="the boot parameter slab_max_order=")] = 1,
    debug: Annotated[bool, typer.Option("--debug", help="of a kernel with DEBUG_SLAB")] = False,
    cpus: Annotated[int, typer.Option(min=1, help="CPUs that are possible")] = 8,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Show what kmem_cache_create would choose for a cache, and why it rejected the other orders."""
    from simslab.report.geometry_report import choose, document, lines
    from simslab.slab.cflgs import parse_flags

    try:
        bits = parse_flags(flags)
    except ValueError as error:
        raise UserError(str(error), path="--flags", near=_meant(flags)) from error
    if size < 1:
        raise UserError(f"is {size}", path="--size", expected="at least 1 byte")
    choice = choose(size, align, bits, ctor, slab_max_order, debug)
    if as_json:
        json.dump(document(choice, cpus, debug), sys.stdout, indent=2)
        print()
    else:
        print("\n".join(lines(choice, cpus, debug)))
    if choice.err:
        raise typer.Exit(CHECK_FAILED)
