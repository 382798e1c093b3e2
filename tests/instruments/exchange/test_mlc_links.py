"""A matrix of idle latencies taken apart into links and memories."""

from itertools import product

import pytest

from simslab.instruments.exchange.mlc import MlcTables
from simslab.instruments.exchange.mlc_links import decompose

SQUARE = {(0, 1): 18.0, (0, 2): 20.0, (1, 3): 22.0, (2, 3): 19.0}
MEMORIES = (90.0, 91.0, 92.0, 93.0)
HOPS = {(0, 3): 39.0, (1, 2): 38.0} | SQUARE


def square(noise=0.0):
    """Return what MLC would measure in a square of nodes, every second cell off by `noise`."""
    cells = {}
    for a, b in product(range(4), range(4)):
        way = 0.0 if a == b else 2 * HOPS[min(a, b), max(a, b)]
        cells[a, b] = (MEMORIES[b] + way) * (1 + noise * (-1) ** (a + 2 * b))
    return MlcTables(cells, {})


def test_a_square_has_four_links_and_gives_its_cells_back():
    found = decompose(square())
    assert {pair: round(ns, 6) for pair, ns in found.links.items()} == SQUARE
    assert [round(found.memories[node], 6) for node in range(4)] == list(MEMORIES)
    assert found.worst_error == pytest.approx(0, abs=1e-9)
    assert found.way(0, 3) == pytest.approx(39)


def test_noise_is_told_as_the_error_of_the_cells():
    found = decompose(square(noise=0.01))
    assert set(found.links) == set(SQUARE)
    assert 0.002 < found.mean_error < 0.011
    assert found.links[0, 1] == pytest.approx(18, abs=1.5)
    assert "mean error" in found.told


def test_equally_far_nodes_are_all_linked():
    cells = {(a, b): 80.0 if a == b else 130.0 for a, b in product(range(4), range(4))}
    assert len(decompose(MlcTables(cells, {})).links) == 6


def test_memory_without_cpus_hangs_at_its_nearest_reader():
    cells = {(0, 0): 80.0, (0, 1): 130.0, (1, 0): 130.0, (1, 1): 80.0, (0, 2): 200.0, (1, 2): 250.0}
    found = decompose(MlcTables(cells, {}))
    assert set(found.links) == {(0, 1), (0, 2)}
    assert found.worst_error < 0.01


GENOA = """107.5 117.1 200.7 200.7 279.4
115.8 106.8 199.9 199.9 280.0
200.0 200.1 106.8 115.8 372.0
199.0 199.0 115.6 105.9 372.0"""  # two packages of two nodes each, and memory behind CXL at the first


def test_no_way_leads_over_memory_without_cpus():
    """As published of a Genoa with a CXL card: that is about as near to both nodes of its package."""
    rows = [[float(word) for word in row.split()] for row in GENOA.splitlines()]
    found = decompose(MlcTables({(a, b): ns for a, row in enumerate(rows) for b, ns in enumerate(row)}, {}))
    assert {pair for pair in found.links if 4 in pair} == {(0, 4), (1, 4)}
    inner = [link for (a, b), way in found.ways.items() for link in way if 4 not in (a, b)]
    assert all(4 not in link for link in inner)
    assert (found.mean_error, found.worst_error) < (0.015, 0.04)


def test_of_memory_without_cpus_the_link_is_short_and_the_device_slow():
    cells = {(0, 0): 80.0, (0, 1): 130.0, (1, 0): 130.0, (1, 1): 80.0, (0, 2): 200.0, (1, 2): 210.0}
    found = decompose(MlcTables(cells, {}))
    assert found.links[0, 2] == pytest.approx(0.1)
    assert found.links[1, 2] == pytest.approx(5.1)
    assert found.memories[2] == pytest.approx(199.8)


def test_readers_that_share_nothing_but_memory_without_cpus_are_linked_all_the_same():
    found = decompose(MlcTables({(0, 2): 200.0, (1, 2): 210.0}, {}))
    assert set(found.links) == {(0, 1), (0, 2), (1, 2)}
    assert found.worst_error == pytest.approx(0, abs=1e-9)
