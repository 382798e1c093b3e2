"""What changed between two result files of `allocator.py --json`.

    python benchmarks/compare.py BEFORE.json AFTER.json

Per case: the geometric mean of the rates, their ratio after / before, and its 95 % interval (Welch's, of logarithms).
Each rate is divided by the yardstick that was timed just before it, so that a machine that was slower as a whole drops
out; the ratios without that stand beside. A change counts as one when the interval leaves out 1. Counts that do not
depend on the host (operations, switches, settles, cycles) must be equal: what differs is told and ends with status 1.

The interval tells the scatter within each file. What differed between the two runs in a way that the yardstick does not
feel (another process that takes the cache, say) it cannot tell: let the builds take turns, and repeat.
"""

import json
import math
import sys
from pathlib import Path
from statistics import fmean, variance

from scipy.stats import t as students_t

CONFIDENCE = 0.95
YARDSTICK = "c_loop"


def logarithms(samples, relative):
    """Logarithms of the rates of a case, of each in units of its yardstick when `relative`."""
    return [math.log(one["rate"] / (one[YARDSTICK] if relative else 1.0)) for one in samples]


def change(before, after):
    """(ratio, its lower end, its upper end) of two lists of logarithms; at least two in each."""
    shares = [variance(values) / len(values) for values in (before, after)]
    middle, error = fmean(after) - fmean(before), math.sqrt(sum(shares))
    if error == 0.0:
        return math.exp(middle), math.exp(middle), math.exp(middle)
    freedom = sum(shares) ** 2 / sum(
        share**2 / (len(values) - 1) for share, values in zip(shares, (before, after), strict=True)
    )
    reach = error * float(students_t.ppf((1 + CONFIDENCE) / 2, freedom))
    return math.exp(middle), math.exp(middle - reach), math.exp(middle + reach)


def line(name, before, after):
    """One case's line of the table."""
    ratio, low, high = change(logarithms(before, True), logarithms(after, True))
    raw, _, _ = change(logarithms(before, False), logarithms(after, False))
    rates = [math.exp(fmean(logarithms(samples, False))) for samples in (before, after)]
    told = "" if low <= 1.0 <= high else ("  faster" if ratio > 1.0 else "  slower")
    return (
        f"{name:32s} {rates[0]:14,.0f} {rates[1]:14,.0f} {ratio:6.2f} [{low:.2f}, {high:.2f}]  ({raw:.2f} as it was)"
        f"{told}"
    )


def differing_counts(before, after):
    """Lines for the counts that should be the same and are not."""
    return [
        f"{name}: {count} was {value:,}, is {after[name][count]:,}"
        for name in before
        if name in after
        for count, value in before[name].items()
        if after[name].get(count) != value
    ]


def read(path):
    """A result file; one line and status 2 when it is none, or has too few samples."""
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
        rates = {name: [one["rate"] / one[YARDSTICK] for one in samples] for name, samples in document["cases"].items()}
        counts = {name: dict(row) for name, row in document["counts"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError) as error:
        sys.exit(_refused(f"{path}: no result file of allocator.py --json: {error!r}"))
    few = [name for name, samples in rates.items() if len(samples) < 2]
    if few:
        sys.exit(_refused(f"{path}: {', '.join(few)}: an interval takes two samples or more (--repeat)"))
    return document["cases"], counts


def _refused(told):
    print(told, file=sys.stderr)
    return 2


def main(arguments):
    if len(arguments) != 2:
        return _refused("usage: python benchmarks/compare.py BEFORE.json AFTER.json")
    (before, counts_before), (after, counts_after) = map(read, arguments)
    print(f"{'case (a second)':32s} {'before':>14s} {'after':>14s} {'ratio':>6s}")
    for name in before:
        if name in after:
            print(line(name, before[name], after[name]))
    alone = sorted(set(before) ^ set(after))
    if alone:
        print(f"in one file only: {', '.join(alone)}")
    differing = differing_counts(counts_before, counts_after)
    print("\n".join(differing) if differing else "counts: equal")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
