"""One benchmark in two built checkouts by turns: the ratio of their rates, from neighbouring runs.

    python benchmarks/paired.py BEFORE AFTER [--rounds N] SCRIPT [ARGUMENT...]

SCRIPT is a path inside each checkout, or an absolute one that both are to run. Every line that it prints with a number
of `M operations/s` is a case. Runs alternate (and who begins), so that other load of the host falls on both; told are
the medians, the median of the rounds' ratios after / before, and the least and the largest.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path
from statistics import median

CASE = re.compile(r"^(?P<name>.*?\S)\s+(?P<rate>[0-9.]+) M operations/s")


def rates(checkout, script, arguments):
    """Case -> rate of one run."""
    environment = os.environ | {"SIMSLAB_DEV": "1", "PYTHONPATH": str(checkout)}
    command = [sys.executable, str(checkout / script), *arguments]
    done = subprocess.run(command, cwd=checkout, env=environment, check=True, capture_output=True, text=True)
    found = [CASE.match(line) for line in done.stdout.splitlines()]
    return {case["name"]: float(case["rate"]) for case in found if case}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("script", type=Path)
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    checkouts = [given.before.resolve(), given.after.resolve()]
    rounds = []
    for number in range(given.rounds):
        order = checkouts if number % 2 == 0 else checkouts[::-1]
        found = {checkout: rates(checkout, given.script, given.arguments) for checkout in order}
        rounds.append([found[checkout] for checkout in checkouts])
    for name in rounds[0][0]:
        pairs = [(before[name], after[name]) for before, after in rounds if name in after]
        ratios = sorted(after / before for before, after in pairs)
        if ratios:
            before, after = (median(column) for column in zip(*pairs, strict=True))
            spread = f"[{ratios[0]:.3f}, {ratios[-1]:.3f}]"
            print(f"{name:60s} {before:7.3f} {after:7.3f} M/s  {median(ratios):.3f} {spread}")


if __name__ == "__main__":
    main()
