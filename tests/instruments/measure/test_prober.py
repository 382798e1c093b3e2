"""Accesses one at a time, each in a machine that has forgotten the one before."""

import pytest

from simslab.base.errors import UserError
from simslab.instruments.measure.prober import FIRST_BYTE, LINE_SHIFT, PAUSE, Prober, scattered
from simslab.machine.library import load_machine


@pytest.fixture
def prober():
    return Prober(load_machine("two-socket"))


def test_fresh_lines_are_on_their_node_and_begin_a_page(prober):
    for node in (0, 1):
        line = prober.fresh_lines(node, 3)
        assert prober.topology.node_of_address(line << LINE_SHIFT) == node
        assert (line << LINE_SHIFT) % 4096 == 0


def test_nobody_gets_a_line_twice_before_the_nodes_memory_is_used_up(prober):
    first, second, third = (prober.fresh_lines(0, count) for count in (64, 65, 1))
    assert second - first == 64
    assert third - second == 128


def test_after_the_last_byte_of_a_node_its_first_is_taken_again(prober):
    first = prober.fresh_lines(1, 1)
    prober.taken[1] = prober.topology.nodes[1].memory - 4096
    assert prober.fresh_lines(1, 64) == first + (prober.topology.nodes[1].memory - 4096 - FIRST_BYTE >> LINE_SHIFT)
    assert prober.fresh_lines(1, 1) == first


def test_a_read_costs_the_memory_and_the_same_again_the_l1(prober):
    timing = prober.machine.timing
    line = prober.fresh_lines(0, 1)
    assert prober.read(0, line) == timing.dram_latency(0, 0)
    assert prober.read(0, line) == timing.caches.l1.latency


def test_an_atomic_costs_the_locked_operation_besides_its_line(prober):
    timing = prober.machine.timing
    line = prober.fresh_lines(0, 1)
    prober.write(0, line)
    assert prober.atomic(0, line) == timing.kernel.atomic


def test_time_passes_between_accesses_until_servers_have_forgotten(prober):
    line = prober.fresh_lines(0, 1)
    latency = prober.read(0, line)
    assert prober.now == latency + PAUSE


def test_cycles_and_nanoseconds_are_of_the_core_clock(prober):
    hz = prober.machine.frequency_hz
    assert prober.ns(hz) == 1e9
    assert prober.cycles(1000) == hz * 1000 // 10**9


@pytest.mark.parametrize("count", [1, 2, 48, 1000, 1024])
def test_a_scattered_order_visits_everything_once(count):
    order = scattered(count)
    assert sorted(order) == list(range(count))
    assert count < 4 or order != sorted(order)


def test_memory_that_is_taken_again_is_in_no_cache():
    prober = Prober(load_machine("two-socket", ("nodes[0].memory=2 MiB",)))
    lines = prober.room(0) >> LINE_SHIFT
    first = prober.fresh_lines(0, lines)
    for cpu in (0, 1, prober.topology.nodes[1].cpus[0]):
        prober.read(cpu, first)
    prober.write(0, first + 1)
    assert prober.fresh_lines(0, lines) == first
    assert [prober.read(0, first + number) for number in (0, 1)] == [prober.machine.timing.dram_latency(0, 0)] * 2


@pytest.mark.parametrize(
    ("machine", "memory", "count"),
    [("two-socket", "2 MiB", (1 << 14) + 1), ("two-socket", "1 MiB", 1), ("memoryless-node", None, 1)],
)
def test_more_lines_than_a_node_has_are_refused(machine, memory, count):
    prober = Prober(load_machine(machine, [f"nodes[0].memory={memory}"] if memory else []))
    poorest = min(prober.topology.nodes, key=lambda node: node.memory)
    with pytest.raises(UserError, match=f"node {poorest.number} has {poorest.memory} bytes of memory, too little"):
        prober.fresh_lines(poorest.id, count)
