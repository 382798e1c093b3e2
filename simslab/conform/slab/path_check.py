"""Instruction counts and ordered accesses of a real kernel, as `simslab conform` checks them.

The comparison watches a CPU by replacing its methods, which only plain Python allows; with the compiled build it is
made by a second interpreter with SIMSLAB_PURE=1.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from simslab.base.build import running_build
from simslab.conform.records import Record, Row
from simslab.conform.slab.path_costs import (
    STATE,
    PathCost,
    measure,
    read_accesses,
    read_counts,
    set_up,
)
from simslab.conform.verdict import Verdict
from simslab.conform.watching import MOST_COUNTED, TOLERANCE, in_plain_python, print_measured

# Limits of the node's shared array of the caches that were tuned before the recording, which no access tells.
TUNED_SHARED_LIMITS: Final = {"b256b16": 32, "b256n": 12, "b256one": 0, "b256s": 52}


def check_counts(path: Path) -> Verdict:
    """Compare instructions and resulting state of every row of an `instruction_counts*.csv` table.

    Creation, destruction and tuning of caches, and recordings with a timer interrupt in them, are left out.
    """
    verdict = Verdict(path.name, "paths")
    for cost in costs(path, None):
        verdict.rows += 1
        where = f"{cost.cache} {cost.path} from {cost.before}"
        if not cost.same_instructions:
            allowed = f"{cost.instructions} instructions +-{100 * TOLERANCE:.0f} %"
            verdict.compare(where, "instructions", allowed, cost.got_instructions)
        elif not cost.same_state:
            verdict.compare(where, "state after", cost.after, cost.got_after)
        else:
            verdict.checks += 1 + len(STATE) * cost.state_is_told
    return verdict


def check_accesses(path: Path) -> Verdict:
    """Compare the structures' lines, in order of first touch, of every record of a `path_access*.jsonl` file."""
    verdict = Verdict(path.name, "paths")
    for cost in costs(None, path):
        verdict.rows += 1
        where = f"{cost.cache} {cost.path} from {cost.before}"
        if cost.same_lines:
            verdict.checks += len(cost.lines or ())
        else:
            verdict.compare(where, "lines touched", cost.lines, cost.got_lines)
    return verdict


def costs(counts: Path | None, accesses: Path | None) -> list[PathCost]:
    """Return the comparison of the rows of either file, made in plain Python."""
    if running_build().kind == "plain":
        return measured(counts, accesses)
    found = in_plain_python(__name__, str(counts or ""), str(accesses or ""))
    return [PathCost(**with_tuples(document)) for document in found]


def with_tuples(document: dict[str, Any]) -> dict[str, Any]:
    """Return a comparison as it was before JSON made its states lists."""
    return document | {name: tuple(document[name]) for name in ("before", "after", "got_after")}


def measured(counts: Path | None, accesses: Path | None) -> list[PathCost]:
    """Return the comparison of the rows of a table, or of the records of a file of accesses."""
    if counts is not None:
        return list(measure(read_counts(counts), ()))
    assert accesses is not None
    records = [record for record in read_accesses(accesses) if not set_up(record.text("path"))]
    return list(measure([row_of(record) for record in records], records))


def row_of(record: Record) -> Row:
    """Return a record of accesses as a row of the table of counts; the shared array's limit is not in the record."""
    usual = 8 * record.integer("batchcount", 1, MOST_COUNTED) if record.integer("obj_size", 1, 1 << 22) <= 4096 else 0
    states = {
        f"{name}_{when}": str(value)
        for when in ("before", "after")
        for name, value in zip(STATE, record.integers(when, 0, MOST_COUNTED, len(STATE)), strict=False)
    }
    cells = {
        "cache": record["cache"],
        "path": record["path"],
        "limit": str(record["limit"]),
        "batchcount": str(record["batchcount"]),
        "shared_limit": str(TUNED_SHARED_LIMITS.get(record["cache"], usual)),
        "objs_per_slab": str(record["num"]),
        "insns_min": str(record["insns"]),
        "functions": "",
        **states,
    }
    return Row(cells, record.file, record.line)


def main(counts: str, accesses: str) -> None:
    """Print the comparison of either file, the other an empty string, as JSON."""
    print_measured(lambda: measured(Path(counts) if counts else None, Path(accesses) if accesses else None))


if __name__ == "__main__":
    main(*sys.argv[1:3])
