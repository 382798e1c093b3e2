from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simslab.result.latency import (
    WHOLE,
    by_operation,
    by_path,
    cumulative,
    distribution,
    hgrm,
    latency_csv,
    merge_rows,
    summarize,
)
from simslab.result.measurement import LatencyRow, Measurement

samples = st.lists(st.integers(0, 10**6), min_size=1, max_size=60)


def rows():
    return [
        LatencyRow("alloc", "hit", "kmalloc-64", (10, 12), (3, 1)),
        LatencyRow("alloc", "grow", "kmalloc-64", (900,), (1,)),
        LatencyRow("alloc", "hit", "dentry", (12, 11), (2, 2)),
        LatencyRow("free", "hit", "dentry", (8,), (4,)),
    ]


def measurement(latency):
    return Measurement("m", "w", 1, 2_000_000_000, 1000, latency=latency)


@given(samples, st.integers(1, WHOLE))
def test_a_percentile_is_the_nearest_rank_of_the_sorted_samples(values, share):
    rank = max(1, -(-share * len(values) // WHOLE))
    assert distribution((value, 1) for value in values).percentile(share) == sorted(values)[rank - 1]


@given(samples)
def test_percentiles_never_fall_and_end_at_the_maximum(values):
    latencies = distribution((value, 1) for value in values)
    points = [latencies.percentile(share) for share in range(1000, WHOLE + 1, 1000)]
    assert points == sorted(points)
    assert points[-1] == latencies.maximum == max(values)


@given(samples)
def test_count_and_total_are_exact(values):
    latencies = distribution((value, 1) for value in values)
    assert (latencies.count, latencies.total) == (len(values), sum(values))


def test_the_percentile_of_nothing_is_zero():
    assert distribution([]).percentile(50_000) == 0


def test_rows_of_different_caches_merge():
    merged = merge_rows(rows()[::2])
    assert (merged.values, merged.counts) == ((10, 11, 12), (3, 2, 3))


def test_operations_are_listed_by_name():
    assert list(by_operation(measurement(rows()))) == ["alloc", "free"]


def test_paths_are_listed_by_falling_count():
    assert list(by_path(measurement(rows()))) == [("alloc", "hit"), ("alloc", "grow"), ("free", "hit")]


def test_the_summary_gives_cycles_and_nanoseconds():
    figures = summarize(distribution([(3, 2), (4, 1)]), 2_000_000_000)
    assert figures.mean_cycles == 3.333
    assert figures.cycles == {"p50": 3, "p90": 4, "p99": 4, "p99.9": 4, "max": 4}
    assert figures.ns == {"mean": 1.667, "p50": 1.5, "p90": 2.0, "p99": 2.0, "p99.9": 2.0, "max": 2.0}


def test_the_csv_holds_every_count_in_order():
    assert latency_csv(measurement(rows())).splitlines() == [
        "operation,path,cache,cycles,count",
        "alloc,grow,kmalloc-64,900,1",
        "alloc,hit,dentry,11,2",
        "alloc,hit,dentry,12,2",
        "alloc,hit,kmalloc-64,10,3",
        "alloc,hit,kmalloc-64,12,1",
        "free,hit,dentry,8,4",
    ]


def test_a_cache_name_with_a_comma_is_quoted():
    assert '"a,b"' in latency_csv(measurement([LatencyRow("alloc", "hit", "a,b", (1,), (1,))]))


def test_hgrm_has_the_levels_of_hdrhistogram():
    text = hgrm(distribution((value, 1) for value in range(1, 11)), 1_000_000_000)
    lines = text.splitlines()
    assert lines[0] == "       Value     Percentile TotalCount 1/(1-Percentile)"
    assert lines[2] == "       1.000 0.000000000000          1           1.00"
    assert lines[3] == "       1.000 0.100000000000          1           1.11"
    assert [line.split()[1] for line in lines[3:10]] == [
        "0.100000000000",
        "0.200000000000",
        "0.300000000000",
        "0.400000000000",
        "0.500000000000",
        "0.550000000000",
        "0.600000000000",
    ]
    assert lines[-4] == "      10.000 1.000000000000         10"
    assert lines[-3] == "#[Mean    =        5.500, StdDeviation   =        2.872]"
    assert lines[-2] == "#[Max     =       10.000, Total count    =           10]"


@given(st.lists(st.integers(0, 10**5), min_size=1, max_size=200))
def test_hgrm_lines_are_ordered_and_each_count_reaches_its_level(values):
    body = hgrm(distribution((value, 1) for value in values), 1_000_000_000).splitlines()[2:-3]
    fields = [line.split() for line in body]
    assert fields == sorted(fields, key=lambda field: (float(field[1]), float(field[0])))
    assert all(int(field[2]) + 1e-6 >= float(field[1]) * len(values) for field in fields)
    assert fields[-1][1] == "1.000000000000"
    assert int(fields[-1][2]) == len(values)


def test_hgrm_of_nothing_has_a_head_and_a_foot_only():
    assert len(hgrm(distribution([]), 1_000_000_000).splitlines()) == 5


def test_the_cumulative_shares_end_at_one():
    times, shares = cumulative(distribution([(2, 1), (6, 3)]), 2_000_000_000)
    assert (times, shares) == ([1.0, 3.0], [0.25, 1.0])


def test_the_mean_is_exact_before_rounding():
    latencies = distribution([(1, 10**9), (2, 1)])
    exact = Fraction(latencies.total, latencies.count)
    assert summarize(latencies, 10**9).mean_cycles == pytest.approx(float(exact), abs=5e-4)
