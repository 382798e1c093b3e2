"""Instruction counts and ordered accesses of a real kernel with SLUB, as `simslab conform` checks them.

The comparison watches a CPU by replacing its methods, which only plain Python allows; with the compiled build it is
made by a second interpreter with SIMSLAB_PURE=1.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from simslab.base.build import running_build
from simslab.conform.records import lines_of
from simslab.conform.slub.path_costs import PathCost, measure_accesses, measure_counts
from simslab.conform.slub.path_row import STATE
from simslab.conform.verdict import Verdict
from simslab.conform.watching import TOLERANCE, in_plain_python, print_measured

WHY_NOT: Final = "shrinks, recordings with an interrupt, and bulk operations on slabs whose state they do not tell"


def check_counts(path: Path) -> Verdict:
    """Compare instructions and resulting state of the rows of an `instruction_counts*.csv` table."""
    verdict = Verdict(path.name, "paths")
    for cost in costs("counts", path):
        verdict.rows += 1
        where = f"{cost.cache} {cost.path} from {cost.before}"
        if not cost.same_instructions:
            allowed = f"{cost.instructions} instructions +-{100 * TOLERANCE:.0f} %"
            verdict.compare(where, "instructions", allowed, cost.got_instructions)
        elif not cost.same_state:
            verdict.compare(where, "state after", cost.after, cost.got_after)
        else:
            verdict.checks += 1 + len(STATE) * cost.state_is_told
    return with_note(verdict, path, header=1)


def check_accesses(path: Path) -> Verdict:
    """Compare the structures' lines, in order of first touch, of the records of a `path_access*.jsonl` file."""
    verdict = Verdict(path.name, "paths")
    for cost in costs("accesses", path):
        verdict.rows += 1
        where = f"{cost.cache} {cost.path} from {cost.before}"
        if cost.same_lines:
            verdict.checks += len(cost.lines)
        else:
            verdict.compare(where, "lines touched", cost.lines, cost.got_lines)
    return with_note(verdict, path, header=0)


def with_note(verdict: Verdict, path: Path, header: int) -> Verdict:
    """Say how many records could not be rebuilt."""
    with lines_of(path) as lines:
        left_out = sum(1 for _ in lines) - header - verdict.rows
    if left_out:
        verdict.notes.append(f"{left_out} of {left_out + verdict.rows} records left out: {WHY_NOT}")
    return verdict


def costs(kind: str, path: Path) -> list[PathCost]:
    """Return the comparison of the rows of a file, made in plain Python."""
    if running_build().kind == "plain":
        return measured(kind, path)
    return [PathCost(**document) for document in in_plain_python(__name__, kind, str(path))]


def measured(kind: str, path: Path) -> list[PathCost]:
    """Return the comparison of the rows of a table of counts, or of the records of a file of accesses."""
    return list(measure_counts(path) if kind == "counts" else measure_accesses(path))


def main(kind: str, path: str) -> None:
    """Print the comparison of a file as JSON."""
    print_measured(lambda: measured(kind, Path(path)))


if __name__ == "__main__":
    main(*sys.argv[1:3])
