import pytest

from simslab.report.run.latency_tables import (
    attribution_table,
    latency_cycles,
    latency_ns,
    path_causes_table,
    sum_causes,
)
from simslab.report.tables import plain_text
from simslab.result.measurement import AttributionRow, LatencyRow, Measurement


def measured(*attribution, latency=(), frequency=2_000_000_000, **events):
    return Measurement("m", "w", 1, frequency, 0, latency=list(latency), attribution=list(attribution), events=events)


def cells(table):
    """The words of each line below the rule."""
    lines = plain_text([table]).splitlines()
    return [line.split() for line in lines[3:]]


LATENCY = (
    LatencyRow("alloc", "hit", "a", (10, 22), (3, 1)),
    LatencyRow("alloc", "hit", "b", (10,), (4,)),
    LatencyRow("alloc", "grow", "a", (1000,), (2,)),
    LatencyRow("free", "hit", "a", (30,), (10,)),
)


def test_latency_is_told_by_operation_and_path_with_its_share_of_all():
    assert cells(latency_cycles(measured(latency=LATENCY))) == [
        ["alloc", "all", "10", "50.0%", "209.2", "10", "1,000", "1,000", "1,000", "1,000"],
        ["alloc", "hit", "8", "40.0%", "11.5", "10", "22", "22", "22", "22"],
        ["alloc", "grow", "2", "10.0%", "1,000.0", "1,000", "1,000", "1,000", "1,000", "1,000"],
        ["free", "all", "10", "50.0%", "30.0", "30", "30", "30", "30", "30"],
        ["free", "hit", "10", "50.0%", "30.0", "30", "30", "30", "30", "30"],
        ["all", "all", "20", "100.0%", "119.6", "30", "30", "1,000", "1,000", "1,000"],
    ]


def test_nanoseconds_are_cycles_over_the_frequency():
    told = cells(latency_ns(measured(latency=LATENCY)))
    assert told[2] == ["alloc", "grow", "2", "10.0%", *["500.0"] * 6]


def test_one_operation_needs_no_row_of_all():
    assert [row[:2] for row in cells(latency_cycles(measured(latency=LATENCY[3:])))] == [
        ["free", "all"],
        ["free", "hit"],
    ]


def test_causes_are_summed_in_their_own_order_without_those_that_took_nothing():
    rows = [
        AttributionRow("alloc", "hit", 1, 9, {"lock_wait": 4, "instructions": 5, "l1": 0}),
        AttributionRow("free", "hit", 1, 3, {"instructions": 3}),
    ]
    assert list(sum_causes(rows).items()) == [("instructions", 8), ("lock_wait", 4)]


def test_every_column_of_causes_adds_up():
    table = attribution_table(
        measured(
            AttributionRow("alloc", "hit", 4, 40, {"instructions": 30, "l1": 10}),
            AttributionRow("free", "hit", 2, 60, {"instructions": 60}),
        )
    )
    assert cells(table)[:-1] == [
        ["instructions", "90", "90.0%", "7.5", "75.0%", "30.0", "100.0%"],
        ["l1", "10", "10.0%", "2.5", "25.0%", "0.0", "0.0%"],
        ["total", "100", "100.0%", "10.0", "100.0%", "30.0", "100.0%"],
    ]
    assert "The causes add up to the total exactly on every path." in plain_text([table])


def test_a_path_whose_causes_miss_cycles_is_named():
    told = plain_text([attribution_table(measured(AttributionRow("free", "alien", 1, 100, {"l1": 60})))])
    assert "NOT EXACT: 1 paths, first free alien, 40 cycles unaccounted." in told


def test_cycles_of_handlers_that_are_in_the_total_twice_are_told():
    row = AttributionRow("alloc", "hit", 4, 1000, {"instructions": 1000})
    told = plain_text([attribution_table(measured(row, operations_in_handlers=3, cycles_counted_twice=250))])
    assert "The 3 operations of interrupt handlers" in told
    assert "250 cycles are in the total twice. Counted once, it is 750." in told
    assert "handlers" not in plain_text([attribution_table(measured(row, operations_in_handlers=0))])


def test_a_path_is_told_with_its_three_largest_causes_the_costliest_path_first():
    table = path_causes_table(
        measured(
            AttributionRow("alloc", "hit", 10, 100, {"l1": 100}),
            AttributionRow("free", "alien", 1, 300, {"l1": 30, "l2": 60, "l3": 150, "instructions": 60}),
            AttributionRow("free", "hit", 0, 0, {}),
        )
    )
    assert cells(table) == [
        ["free", "alien", "l3", "50.0%,", "instructions", "20.0%,", "l2", "20.0%", "75.0%", "300.0", "150.0"],
        ["alloc", "hit", "l1", "100.0%", "25.0%", "10.0", "5.0"],
    ]


@pytest.mark.parametrize("table", [latency_ns, latency_cycles])
def test_a_name_is_indented_below_its_operation(table):
    lines = plain_text([table(measured(latency=LATENCY))]).splitlines()
    assert [line.startswith("  ") for line in lines[3:]] == [False, True, True, False, True, False]
