"""Tries mutated inputs of every kind and tells what is neither a result nor one UserError.

    python tools/fuzz.py --jobs 2                     # 20,000 inputs, seed 1, on two processors: two minutes
    python tools/fuzz.py --inputs 200000 --seed 7 --only traces --show

Ends with status 1 if there was a traceback, a hang (10 s), more than 1 GB, or the end of the interpreter.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import shutil
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.util import Finalize
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from fuzzing.targets import TARGETS, chunks, folder, strategy_of  # the tools' own folder comes first
from fuzzing.watch import Outcome, load_everything, watched

Chunk = tuple[str, int, int]  # kind, inputs, seed


def tried(chunk: Chunk) -> tuple[str, Outcome, float]:
    """Try inputs of one kind; the kind, what became of them, and the seconds it took."""
    name, count, seed = chunk
    begun = time.monotonic()
    outcome = watched(strategy_of(name), TARGETS[name].take, count, seed, folder() / "outcome")
    return name, outcome, time.monotonic() - begun


def _begin() -> None:
    """Have a worker's files removed when it ends."""
    Finalize(None, shutil.rmtree, args=(folder(),), exitpriority=1)


def main() -> int:
    """Try everything; 1 if anything was found."""
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--inputs", type=int, default=20_000)
    reader.add_argument("--seed", type=int, default=1)
    reader.add_argument("--jobs", type=int, default=1, help="processes")
    reader.add_argument("--only", action="append", choices=sorted(TARGETS), help="kinds of input (default: all)")
    reader.add_argument("--show", action="store_true", help="print the first input of each finding")
    options = reader.parse_args()
    logging.getLogger("simslab.kernel").setLevel(logging.CRITICAL + 1)
    warnings.simplefilter("error")
    load_everything()
    begun = time.monotonic()
    outcomes, seconds = {name: Outcome() for name in options.only or TARGETS}, dict.fromkeys(TARGETS, 0.0)
    with ProcessPoolExecutor(options.jobs, multiprocessing.get_context("fork"), _begin) as pool:
        for name, outcome, spent in pool.map(tried, chunks(outcomes, options.inputs, options.seed)):
            outcomes[name].add(outcome)
            seconds[name] += spent
    for name, outcome in outcomes.items():
        told = f"{outcome.accepted} accepted, {outcome.refused} refused, {len(outcome.findings)} findings"
        print(f"{name:<13} {outcome.tried:>7,} inputs in {seconds[name]:>4.0f} s: {told}", flush=True)
        for what, value in outcome.findings.items():
            print(f"    {what}", flush=True)
            if options.show:
                print(f"        {value!r:.2000}", flush=True)
    total, found = (sum(each) for each in zip(*((o.tried, len(o.findings)) for o in outcomes.values()), strict=True))
    print(f"{total:,} inputs in {time.monotonic() - begun:.0f} s, {found} findings")
    return min(1, found)


if __name__ == "__main__":
    sys.exit(main())
