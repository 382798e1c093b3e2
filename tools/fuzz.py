"""Tries mutated inputs of every kind and tells what is neither a result nor one UserError.

    python tools/fuzz.py --jobs 2                     # 20,000 inputs, seed 1, two kinds at a time
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
from itertools import repeat
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from fuzzing.targets import TARGETS, folder  # the tools' own folder comes first
from fuzzing.watch import Outcome, watched


def tried(name: str, count: int, seed: int) -> tuple[Outcome, float]:
    """Try inputs of one kind, in a folder of their own; what became of them, and the seconds it took."""
    begun, target = time.monotonic(), TARGETS[name]
    try:
        outcome = watched(target.strategy(), target.take, count, seed, folder() / "outcome")
    finally:
        shutil.rmtree(folder(), ignore_errors=True)
        folder.cache_clear()
    return outcome, time.monotonic() - begun


def main() -> int:
    """Try everything; 1 if anything was found."""
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--inputs", type=int, default=20_000)
    reader.add_argument("--seed", type=int, default=1)
    reader.add_argument("--jobs", type=int, default=1, help="kinds tried at a time")
    reader.add_argument("--only", action="append", choices=sorted(TARGETS), help="kinds of input (default: all)")
    reader.add_argument("--show", action="store_true", help="print the first input of each finding")
    options = reader.parse_args()
    logging.getLogger("simslab.kernel").setLevel(logging.CRITICAL + 1)
    warnings.simplefilter("error")
    names = options.only or list(TARGETS)
    shares = sum(TARGETS[name].share for name in names)
    counts = [max(1, options.inputs * TARGETS[name].share // shares) for name in names]
    found = total = 0
    with ProcessPoolExecutor(options.jobs, multiprocessing.get_context("fork")) as pool:
        outcomes = pool.map(tried, names, counts, repeat(options.seed))
        for name, (outcome, seconds) in zip(names, outcomes, strict=True):
            total += outcome.tried
            found += len(outcome.findings)
            told = f"{outcome.accepted} accepted, {outcome.refused} refused, {len(outcome.findings)} findings"
            print(f"{name:<13} {outcome.tried:>7,} inputs in {seconds:>4.0f} s: {told}", flush=True)
            for what, value in outcome.findings.items():
                print(f"    {what}", flush=True)
                if options.show:
                    print(f"        {value!r:.2000}", flush=True)
    print(f"{total:,} inputs, {found} findings")
    return min(1, found)


if __name__ == "__main__":
    sys.exit(main())
