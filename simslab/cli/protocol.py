"""`simslab protocol`: the transition tables of the coherence protocols."""

import json
import sys
from typing import Annotated

import typer

from simslab.base.errors import UserError, near_miss


def protocol(
    name: Annotated[str, typer.Argument(metavar="mesif|moesi", help="the protocol")],
    as_json: Annotated[bool, typer.Option("--json", help="print the tables as JSON")] = False,
) -> None:
    """Print what becomes of a line's state: the tables that the simulated caches are tested against."""
    from dataclasses import asdict

    from simslab.instruments.protocol_tables import CORE_TABLE, DOMAIN_TABLES
    from simslab.report.machine.protocol_text import protocol_text

    known = [table.lower() for table in DOMAIN_TABLES]
    if name.lower() not in known:
        raise UserError(f"there is no protocol '{name}'", expected=" or ".join(known), near=near_miss(name, known))
    tables = {"domain": DOMAIN_TABLES[name.upper()], "core": CORE_TABLE}
    if as_json:
        told = {level: [asdict(row) for row in rows] for level, rows in tables.items()}
        sys.stdout.write(json.dumps(told, indent=2, sort_keys=True) + "\n")
    else:
        sys.stdout.write(protocol_text(name.upper()))
