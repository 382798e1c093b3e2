"""Latency distributions from exact counts: merging, nearest-rank percentiles, and their text files."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from simslab.base.printable import csv_cell
from simslab.result.measurement import LatencyRow, Measurement
from simslab.result.nanoseconds import mean_nanoseconds, nanoseconds, picoseconds, ratio

# Percentiles as (name, share of 100,000): integers, so that ranks are exact.
PERCENTILES: Final = (("p50", 50_000), ("p90", 90_000), ("p99", 99_000), ("p99.9", 99_900))
WHOLE: Final = 100_000
TICKS_PER_HALF_DISTANCE: Final = 5  # HdrHistogram's default for its percentile output


@dataclass(frozen=True)
class Distribution:
    """Exact counts of integer values: `counts[i]` (> 0) times `values[i]`, values ascending and distinct."""

    values: tuple[int, ...]
    counts: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many samples there are."""
        return sum(self.counts)

    @property
    def total(self) -> int:
        """Sum of all samples."""
        return sum(value * count for value, count in zip(self.values, self.counts, strict=True))

    @property
    def maximum(self) -> int:
        """Largest sample; 0 of nothing."""
        return self.values[-1] if self.values else 0

    def percentile(self, share: int) -> int:
        """Return the nearest-rank percentile: the smallest value that at least `share` / 100,000 of samples reach.

        `share` is above 0 and at most 100,000; of nothing the percentile is 0.
        """
        rank = max(1, -(-share * self.count // WHOLE))
        seen = 0
        for value, count in zip(self.values, self.counts, strict=True):
            seen += count
            if seen >= rank:
                return value
        return 0


def distribution(pairs: Iterable[tuple[int, int]]) -> Distribution:
    """Return the distribution of (value, count) pairs in any order, equal values merged, zero counts dropped."""
    merged: dict[int, int] = {}
    for value, count in pairs:
        merged[value] = merged.get(value, 0) + count
    ordered = sorted((value, count) for value, count in merged.items() if count)
    return Distribution(tuple(value for value, _ in ordered), tuple(count for _, count in ordered))


def merge_rows(rows: Iterable[LatencyRow]) -> Distribution:
    """Return one distribution (cycles) of all operations of `rows`."""
    return distribution(pair for row in rows for pair in zip(row.cycles, row.counts, strict=True))


def by_operation(measurement: Measurement) -> dict[str, Distribution]:
    """Return the distribution of each operation, in order of name."""
    operations = sorted({row.operation for row in measurement.latency})
    return {name: merge_rows(row for row in measurement.latency if row.operation == name) for name in operations}


def by_path(measurement: Measurement) -> dict[tuple[str, str], Distribution]:
    """Return the distribution of each (operation, path), in order of operation, then of falling count, then of name."""
    grouped: dict[tuple[str, str], list[LatencyRow]] = {}
    for row in measurement.latency:
        grouped.setdefault((row.operation, row.path), []).append(row)
    merged = {key: merge_rows(rows) for key, rows in grouped.items()}
    return dict(sorted(merged.items(), key=lambda item: (item[0][0], -item[1].count, item[0][1])))


@dataclass(frozen=True)
class LatencySummary:
    """The figures of one distribution. Percentiles and maximum are observed values; means are rounded to 3 decimals."""

    count: int
    total_cycles: int
    mean_cycles: float
    cycles: dict[str, int]  # p50, p90, p99, p99.9, max
    ns: dict[str, float]  # mean, p50, p90, p99, p99.9, max


def summarize(latencies: Distribution, frequency_hz: int) -> LatencySummary:
    """Return count, mean, percentiles and maximum of `latencies` (cycles)."""
    exact = {name: latencies.percentile(share) for name, share in PERCENTILES} | {"max": latencies.maximum}
    count, total = latencies.count, latencies.total
    return LatencySummary(
        count=count,
        total_cycles=total,
        mean_cycles=ratio(total, count),
        cycles=exact,
        ns={"mean": mean_nanoseconds(total, count, frequency_hz)}
        | {name: nanoseconds(value, frequency_hz) for name, value in exact.items()},
    )


def latency_csv(measurement: Measurement) -> str:
    """Return the text of `latency.csv`: one line per operation, path, cache and latency in cycles."""
    lines = ["operation,path,cache,cycles,count"]
    for row in sorted(measurement.latency, key=lambda row: (row.operation, row.path, row.cache)):
        pairs = distribution(zip(row.cycles, row.counts, strict=True))
        prefix = ",".join(_csv_field(text) for text in (row.operation, row.path, row.cache))
        lines += [f"{prefix},{value},{count}" for value, count in zip(pairs.values, pairs.counts, strict=True)]
    return "\n".join(lines) + "\n"


def _csv_field(name: str) -> str:
    text = csv_cell(name)
    if any(character in text for character in ',"\r\n'):
        return '"' + str(text).replace('"', '""') + '"'
    return str(text)


def hgrm(latencies: Distribution, frequency_hz: int) -> str:
    """Return `latencies` (cycles) in HdrHistogram's percentile-output text, values in ns with three decimals.

    The counts are exact, so `SubBuckets` names the number of distinct values and `Buckets` is 1.
    """
    lines = [f"{'Value':>12} {'Percentile':>14} {'TotalCount':>10} {'1/(1-Percentile)':>14}", ""]
    lines += [_hgrm_line(level, value, seen, frequency_hz) for level, value, seen in _percentile_levels(latencies)]
    mean, deviation = _moments(latencies, frequency_hz)
    lines.append(f"#[Mean    = {mean:12.3f}, StdDeviation   = {deviation:12.3f}]")
    lines.append(
        f"#[Max     = {nanoseconds(latencies.maximum, frequency_hz):12.3f}, Total count    = {latencies.count:12d}]"
    )
    lines.append(f"#[Buckets = {1:12d}, SubBuckets     = {len(latencies.values):12d}]")
    return "\n".join(lines) + "\n"


def _hgrm_line(level: Fraction, value: int, seen: int, frequency_hz: int) -> str:
    start = f"{nanoseconds(value, frequency_hz):12.3f} {float(level):2.12f} {seen:10d}"
    return start if level == 1 else f"{start} {float(1 / (1 - level)):14.2f}"


def _percentile_levels(latencies: Distribution) -> Iterator[tuple[Fraction, int, int]]:
    """Yield (level, value, samples up to it) at HdrHistogram's levels: a fixed number in each halving of the rest.

    The largest value is listed at one level and, as HdrHistogram does, once more at level 1.
    """
    count, level, seen = latencies.count, Fraction(0), 0
    for value, samples in zip(latencies.values, latencies.counts, strict=True):
        seen += samples
        while seen < count and level * count <= seen:
            yield level, value, seen
            level += _step(level)
    if count:
        yield level, latencies.maximum, count
        yield Fraction(1), latencies.maximum, count


def _step(level: Fraction) -> Fraction:
    """Return the distance to the next level: 1 / (ticks * 2^(1 + halvings passed so far))."""
    halvings = (1 / (1 - level)).__floor__().bit_length() - 1
    return Fraction(1, TICKS_PER_HALF_DISTANCE * 2 ** (halvings + 1))


def _moments(latencies: Distribution, frequency_hz: int) -> tuple[float, float]:
    """Return mean and population standard deviation in ns; integers until the last step."""
    count, total = latencies.count, latencies.total
    if count == 0:
        return 0.0, 0.0
    squares = sum(value * value * samples for value, samples in zip(latencies.values, latencies.counts, strict=True))
    variance = Fraction(count * squares - total * total, count * count)
    per_cycle = picoseconds(1_000_000, frequency_hz) / 1e9
    return mean_nanoseconds(total, count, frequency_hz), math.sqrt(variance) * per_cycle


def cumulative(latencies: Distribution, frequency_hz: int) -> tuple[Sequence[float], Sequence[float]]:
    """Return (ns, share of operations that took at most that long), both ascending; for plots."""
    count, seen = latencies.count, 0
    shares = []
    for samples in latencies.counts:
        seen += samples
        shares.append(seen / count)
    return [nanoseconds(value, frequency_hz) for value in latencies.values], shares
