"""Idle latencies are the sums along the path, whatever was measured before."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simslab.instruments.measure.idle import idle_latency, idle_matrix
from simslab.instruments.measure.prober import Prober
from simslab.machine.library import load_machine

PATH = (
    "coherence.directory={} ns",
    "l3.latency={} ns",
    "dram.latency={} ns",
    "links.upi.latency={} ns",
)


def test_the_matrix_is_symmetric_where_the_machine_is():
    matrix = idle_matrix(load_machine("sapphire-rapids-snc4"))
    assert all(matrix[a][b] == matrix[b][a] for a in range(8) for b in range(8))


def test_hops_on_the_package_add_up_and_a_crossing_costs_the_same_from_every_quadrant():
    near, beside, across, diagonal, *others = idle_matrix(load_machine("sapphire-rapids-snc4"))[0]
    assert diagonal - near == pytest.approx((beside - near) + (across - near))
    assert len(set(others)) == 1


def test_no_way_round_is_shorter_than_the_way():
    matrix = idle_matrix(load_machine("opteron-6276"))
    extra = [[value - matrix[a][a] for value in row] for a, row in enumerate(matrix)]
    nodes = range(8)
    assert all(extra[a][c] <= extra[a][b] + extra[b][c] + 1e-6 for a in nodes for b in nodes for c in nodes)


def test_a_random_chase_opens_a_row_with_every_load():
    spec = load_machine("skylake-sp-6140")
    difference = idle_matrix(spec)[0][0] - idle_matrix(spec, sequential=True)[0][0]
    assert difference == pytest.approx(11, rel=0.1)  # the sequential chase opens a few, too


def test_memory_behind_a_root_port_is_equally_far_from_the_nodes_of_its_package():
    matrix = idle_matrix(load_machine("epyc-genoa-cxl"))
    assert matrix[0][4] == pytest.approx(279.4, rel=0.01)
    assert matrix[1][4] == matrix[0][4]
    assert matrix[2][4] > matrix[1][4]
    assert matrix[4] == [None] * 5


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 31), st.integers(0, 1), st.booleans()), max_size=6))
def test_idle_latency_does_not_depend_on_history(history):
    spec = load_machine("two-socket")
    prober = Prober(spec)
    for cpu, node, sequential in history:
        idle_latency(prober, cpu, node, sequential)
    assert idle_latency(prober, 0, 1) == idle_latency(Prober(spec), 0, 1)


@settings(max_examples=20)
@given(st.sampled_from(PATH), st.integers(0, 60), st.integers(1, 60))
def test_latency_never_falls_when_a_part_of_the_path_grows(part, low, more):
    slower, faster = (
        idle_latency(Prober(load_machine("two-socket", [part.format(value)])), 0, 1) for value in (low + more, low)
    )
    assert slower > faster
