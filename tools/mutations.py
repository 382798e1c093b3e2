#!/usr/bin/env python3
"""Change the package in small ways, one at a time, and see whether the tests of the changed module's room notice.

    python tools/mutations.py --sample 20 --seed 1 --under simslab/machine --under simslab/kernel

A sample of the edits that `mutating/edits.py` finds is drawn, each kind in turn: comparisons and arithmetic operators
exchanged, integers one more and one less, conditions negated, statements removed. Each is made in a copy of the
checkout, in plain Python; the module's own test file runs, then the other test files of that folder. What fails or
takes too long is killed. What survives is printed with its diff and ends the command with status 1: a test is missing,
or the edit changes nothing that can be seen (a bound that is never met, a speed-up).

An own script since tools for this run one fixed command for all edits, or all tests that touch a line: here the
question is whether a room's *own* tests notice, in seconds an edit.
"""

from __future__ import annotations

import argparse
import difflib
import random
import sys
import tempfile
from collections.abc import Sequence
from itertools import islice, zip_longest
from pathlib import Path
from typing import Final

from mutating.edits import Edit, edits_of
from mutating.room import Room, own_and_others

ROOT: Final = Path(__file__).resolve().parent.parent
PATIENCE: Final = 4  # times as long as without the edit
START: Final = 30.0  # seconds more, for a busy machine
LONGEST: Final = 60.0  # seconds for a test file of unchanged sources; one that takes longer is left out
BROKEN: Final = -1.0
SLOW: Final = -2.0


class Trial:
    """Edits tried one after the other in one copy; how long each test file takes unchanged is found out once."""

    def __init__(self, root: Path, room: Room) -> None:
        self.root, self.room = root, room
        self.taken: dict[Path, float] = {}

    def outcome(self, edit: Edit) -> str:
        """Return "killed by FILE" (or by the folder's others), "survived ..." or "not tried: why"."""
        module = edit.path.relative_to(self.root)
        own, others = own_and_others(self.root, module)
        broken = [file.name for file in own + others if self.seconds(file) == BROKEN]
        if broken:
            return f"not tried: without it fails {', '.join(broken)}"
        slow = [file.name for file in own + others if self.seconds(file) == SLOW]
        source = edit.path.read_bytes()
        try:
            self.room.write(module, edit.applied(source))
            for files in (own, others):
                quick = [file for file in files if self.seconds(file) != SLOW]
                result = self.room.run(quick, self.limit(quick))[0] if quick else "passed"
                if result != "passed":
                    return f"killed ({result}) by {quick[0].name if files is own else quick[0].parent}"
        finally:
            self.room.write(module, source)
        left_out = f", over {LONGEST:.0f} s and left out: {', '.join(slow)}" if slow else ""
        return "survived" + ("" if own else ", no test file of its name") + left_out

    def seconds(self, file: Path) -> float:
        """Return how long a test file takes without an edit; BROKEN or SLOW if it fails or takes too long."""
        if file not in self.taken:
            result, took = self.room.run([file], LONGEST)
            self.taken[file] = {"passed": took, "failed": BROKEN, "timed out": SLOW}[result]
        return self.taken[file]

    def limit(self, files: list[Path]) -> float:
        """Return the seconds after which these files, with an edit, hang."""
        return START + PATIENCE * sum(map(self.seconds, files))


def difference(edit: Edit, root: Path) -> str:
    """Return the edit as a diff."""
    source = edit.path.read_bytes()
    old, new = (text.decode().splitlines(keepends=True) for text in (source, edit.applied(source)))
    name = str(edit.path.relative_to(root))
    return "".join(difflib.unified_diff(old, new, name, name, n=1))


def sample(folders: Sequence[Path], size: int, seed: int) -> list[Edit]:
    """Return `size` edits of the modules below `folders`, drawn by `seed`, as many of each kind as there are."""
    files = sorted({file for folder in folders for file in ([folder] if folder.is_file() else folder.rglob("*.py"))})
    edits = [edit for file in files for edit in edits_of(file)]
    random.Random(seed).shuffle(edits)
    kinds = [[edit for edit in edits if edit.kind == kind] for kind in sorted({edit.kind for edit in edits})]
    rounds = (edit for each in zip_longest(*kinds) for edit in each if edit is not None)
    return sorted(islice(rounds, size), key=lambda edit: (edit.path, edit.start))


def run(edits: list[Edit], root: Path) -> int:
    """Try the edits and print the outcome of each; return how many survived."""
    survivors = []
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        trial = Trial(root, Room(root, Path(folder)))
        for number, edit in enumerate(edits, 1):
            outcome = trial.outcome(edit)
            place = f"{edit.path.relative_to(root)}:{edit.line}"
            print(f"{number}/{len(edits)} {place} {edit.kind}: {outcome}", flush=True)
            if outcome.startswith("survived"):
                survivors.append(edit)
                print(difference(edit, root), flush=True)
    print(f"{len(edits)} edits, {len(survivors)} survived")
    return len(survivors)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--under", action="append", required=True, metavar="PATH", help="a folder or file of simslab/")
    parser.add_argument("--sample", type=int, default=20, metavar="N", help="how many edits (default: 20)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="which ones (default: 1)")
    options = parser.parse_args(arguments)
    folders = [(ROOT / under).resolve() for under in options.under]
    for under, folder in zip(options.under, folders, strict=True):
        if not folder.exists() or not folder.is_relative_to(ROOT / "simslab"):
            parser.error(f"--under {under}: expected a folder or file below simslab/")
    sys.exit(1 if run(sample(folders, options.sample, options.seed), ROOT) else 0)


if __name__ == "__main__":
    main()
