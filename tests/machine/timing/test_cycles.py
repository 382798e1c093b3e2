import pytest

from simslab.machine.library import load_machine
from simslab.machine.memory.states import MOESI, NON_INCLUSIVE
from simslab.machine.timing.cycles import build_timing
from simslab.machine.timing.integers import line_q10
from simslab.machine.topology.topology import build_topology


def timing_of(name, *overrides):
    spec = load_machine(name, overrides)
    return build_timing(spec, build_topology(spec))


def ns(timing, cycles):
    return cycles * 1e9 / timing.frequency_hz


def test_two_socket_sums_to_the_published_latencies():
    timing = timing_of("two-socket")
    assert ns(timing, timing.dram_latency(0, 0)) == pytest.approx(78.6, rel=0.01)
    assert ns(timing, timing.dram_latency(0, 1)) == pytest.approx(131.0, rel=0.01)
    assert ns(timing, timing.cache_latency(0, 0, 0)) == pytest.approx(49.7, rel=0.01)
    assert ns(timing, timing.cache_latency(0, 0, 1)) == pytest.approx(114.3, rel=0.01)
    assert ns(timing, timing.cache_latency(0, 1, 1)) == pytest.approx(114.3, rel=0.01)


def test_four_socket_sums_to_the_published_latencies_of_one_hop():
    timing = timing_of("four-socket")
    assert ns(timing, timing.dram_latency(0, 0)) == pytest.approx(91.0, rel=0.01)
    assert ns(timing, timing.dram_latency(0, 1)) == pytest.approx(128.2, rel=0.01)
    assert ns(timing, timing.cache_latency(0, 1, 1)) == pytest.approx(75.8, rel=0.01)


def test_two_hops_cost_twice_one_hop():
    hops = timing_of("four-socket").paths.hops.dn[0]
    assert hops == (0, hops[1], hops[1], 2 * hops[1])


def test_a_root_port_adds_to_its_own_node_only():
    timing = timing_of("memory-only-node")
    assert timing.memory.each("port")[:2] == (0, 0)
    assert ns(timing, timing.dram_latency(0, 2)) == pytest.approx(269, rel=0.01)
    assert timing.coherence.protocol == MOESI


def test_a_slower_link_changes_remote_latency_only():
    before, after = timing_of("two-socket"), timing_of("two-socket", "links.upi.latency=100 ns")
    assert after.dram_latency(0, 0) == before.dram_latency(0, 0)
    assert after.dram_latency(0, 1) - before.dram_latency(0, 1) == 2 * (260 - 68)


def test_bandwidth_becomes_line_time_in_1024ths_of_a_cycle():
    assert line_q10(2_000_000_000, 64_000_000_000) == 2 * 1024
    timing = timing_of("two-socket")
    assert timing.memory.nodes[0].line_q10 == round(64 * 1024 * 2.6e9 / 111e9)
    assert timing.caches.l3.inclusion == NON_INCLUSIVE


def test_a_node_without_memory_has_no_channels():
    assert timing_of("memoryless-node").memory.nodes[1].line_q10 == 0


def test_the_warm_pair_of_the_desktop_is_within_the_measured_range():
    timing = timing_of("one-node")
    pair = 100 * timing.core.cpi_q16 / 65536 + 2 * (timing.kernel.irq_save + timing.kernel.irq_restore)
    assert 85 <= pair <= 95
    assert timing.core.hidden >= timing.caches.l1.latency


def test_ticks_come_at_hz():
    assert timing_of("one-node").kernel.hz == 250


def test_a_home_that_snoops_waits_for_all_other_l3s():
    timing = timing_of("four-socket", "coherence.home=snoop")
    answers = [timing.cache_latency(0, 0, other) for other in (1, 2, 3)]
    assert timing.dram_latency(0, 0) == max(answers) > timing_of("four-socket").dram_latency(0, 0)
