"""Instruction counts and ordered accesses of a real kernel, as `simslab conform` checks them.

The comparison watches a CPU by replacing its methods, which only plain Python allows; with the compiled build it is
made by a second interpreter with SIMSLAB_PURE=1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from simslab.base.build import running_build
from simslab.conform.slab.path_costs import (
    STATE,
    TOLERANCE,
    PathCost,
    Row,
    measure,
    read_accesses,
    read_counts,
    set_up,
)
from simslab.conform.verdict import Verdict

COUNTS: Final = "instruction_counts"
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
            verdict.checks += 1 + len(STATE)
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
    command = [sys.executable, "-m", __name__, str(counts or ""), str(accesses or "")]
    done = subprocess.run(command, env=os.environ | {"SIMSLAB_PURE": "1"}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no comparison was made")
    return [PathCost(**document) for document in json.loads(done.stdout, object_hook=with_tuples)]


def with_tuples(document: dict[str, Any]) -> dict[str, Any]:
    """Return a comparison as it was before JSON made its states lists."""
    return document | {name: tuple(document[name]) for name in ("before", "after", "got_after")}


def measured(counts: Path | None, accesses: Path | None) -> list[PathCost]:
    """Return the comparison of the rows of a table, or of the records of a file of accesses."""
    if counts is not None:
        return list(measure(read_counts(counts), ()))
    assert accesses is not None
    records = [record for record in read_accesses(accesses) if not set_up(record["path"])]
    return list(measure([row_of(record) for record in records], records))


def row_of(record: dict[str, Any]) -> Row:
    """Return a record of accesses as a row of the table of counts; the shared array's limit is not in the record."""
    usual = 8 * record["batchcount"] if record["obj_size"] <= 4096 else 0
    states = {
        f"{name}_{when}": str(value)
        for when in ("before", "after")
        for name, value in zip(STATE, record[when], strict=True)
    }
    return {
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


def main(counts: str, accesses: str) -> None:
    """Print the comparison of either file, the other an empty string, as JSON."""
    made = measured(Path(counts) if counts else None, Path(accesses) if accesses else None)
    json.dump([asdict(cost) for cost in made], sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:3])
