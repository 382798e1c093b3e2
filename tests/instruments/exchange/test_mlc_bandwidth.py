"""Bandwidths of links and memories from those of pairs of nodes, and how well they give those back."""

from itertools import product

import pytest

from simslab.instruments.exchange.mlc import MlcTables
from simslab.instruments.exchange.mlc_bandwidth import asked_less, most_by, most_of, share_out
from simslab.machine.library import load_machine

CHAIN = {(a, b): tuple((n, n + 1) for n in range(min(a, b), max(a, b)))[:: 1 if a < b else -1]
         for a, b in product(range(3), range(3))}  # fmt: skip
FLAT = dict.fromkeys(CHAIN, 100.0)


def shared(rates):
    return share_out(MlcTables(FLAT, rates), CHAIN)


def test_a_link_carries_the_most_that_was_read_over_it_in_each_direction():
    found = shared({(0, 1): 30.0, (1, 0): 20.0, (0, 2): 40.0, (2, 2): 90.0})
    assert found.links == {(0, 1): 40.0, (1, 2): 40.0, (1, 0): 20.0}


def test_what_ways_give_beyond_the_measured_is_told_as_their_error():
    found = shared({(0, 0): 100.0, (1, 0): 40.0, (2, 1): 50.0, (1, 1): 100.0, (2, 0): 25.0})
    assert (found.mean_error, found.worst_error, found.worst) == (pytest.approx(0.12), pytest.approx(0.6), (2, 0))
    assert found.told == (
        "bandwidths, the least on each way: mean error 12.0%, worst 60.0% (node 2 to memory of node 0)"
    )


def test_nothing_is_shared_out_where_nothing_was_measured():
    assert shared({}) is None
    assert shared({(0, 0): 0.0}) is None


def test_the_most_of_a_memory_and_by_a_node_are_those_of_any_pair():
    tables = MlcTables(FLAT, {(0, 0): 90.0, (0, 1): 70.0, (1, 0): 95.0})
    assert (most_of(tables, 0), most_of(tables, 2), most_by(tables, 0), most_by(tables, 2)) == (95.0, 0.0, 90.0, 0.0)


def test_cores_that_ask_for_less_than_was_measured_are_told():
    """Ten lines in flight at 100 ns are 6.4 GB/s a core."""
    template = load_machine("two-socket", ("layout.cores=4",))
    tables = MlcTables(FLAT, {(0, 0): 40_000.0, (0, 1): 26_000.0, (1, 1): 32_000.0})
    assert asked_less(tables, template) == (
        "the template's 4 cores, 10 misses each, ask for at most 25.6 GB/s from node 0 to memory of node 0, "
        "of which 40.0 were measured; 1 other cells are short, too"
    )
    assert asked_less(MlcTables(FLAT, {(0, 1): 26_000.0}), template) == ""
    slow = load_machine("two-socket", ("layout.cores=4", "l3.core_bandwidth=2 GB/s"))
    assert "ask for at most 8.0 GB/s from node 0 to memory of node 1" in asked_less(
        MlcTables(FLAT, {(0, 1): 26_000.0}), slow
    )
