"""What streams achieve: misses in flight over latency, up to what the narrowest server lets through."""

import pytest

from simslab.base.errors import UserError
from simslab.instruments.measure.prober import Prober
from simslab.instruments.measure.streams import ISSUE, Stream, run_streams
from simslab.machine.library import load_machine

WARM, TIMED = 20_000, 60_000  # cycles


def flow(*streams, changes=()):
    """(GB/s, mean cycles of the first stream) and the machine's timing."""
    prober = Prober(load_machine("two-socket", ("layout.cores=4", *changes)))
    result = run_streams(prober, streams, WARM, TIMED)
    return result.bytes_per_second / 1e9, result.latencies[0], prober


def test_one_miss_in_flight_takes_one_latency_each():
    rate, latency, prober = flow(Stream(0, 0, 1))
    assert latency == pytest.approx(prober.machine.timing.dram_latency(0, 0), rel=0.05)
    assert rate == pytest.approx(64 / prober.ns(latency), rel=0.03)


def test_twice_the_misses_in_flight_are_twice_the_bandwidth():
    two, four = (flow(Stream(0, 0, places))[0] for places in (2, 4))
    assert four == pytest.approx(2 * two, rel=0.05)


def test_lines_of_one_core_are_an_issue_interval_apart():
    rate, _, prober = flow(Stream(0, 0, 4000), changes=("dram.bandwidth=900 GB/s", "dram.conflict=0 ns"))
    assert rate == pytest.approx(64 / prober.ns(ISSUE), rel=0.03)


def test_a_stored_line_is_read_and_written_back():
    reads, both = (flow(Stream(0, 0, 2, loads=loads, stores=1 - loads))[0] for loads in (1, 0))
    assert both == pytest.approx(2 * reads, rel=0.1)


def test_a_store_that_passes_the_caches_does_not_wait_for_its_line():
    temporal, direct = (flow(Stream(0, 0, 2, loads=0, stores=1, temporal=t))[1] for t in (True, False))
    assert direct < temporal / 2


def test_the_memory_is_that_of_the_streams_node():
    near, far = (flow(Stream(0, node, 1)) for node in (0, 1))
    timing = near[2].machine.timing
    assert far[1] - near[1] == pytest.approx(timing.dram_latency(0, 1) - timing.dram_latency(0, 0), rel=0.05)


def test_a_delay_after_each_burst_lowers_the_bandwidth():
    fast, slow = (flow(Stream(0, 0, 4, burst=4, delay=delay))[0] for delay in (0, 4000))
    assert slow == pytest.approx(4 * 64 / (4000 / 2.6), rel=0.25)
    assert slow < fast / 2


def test_measuring_twice_gives_the_same():
    streams = [[Stream(cpu, 0, 8) for cpu in range(4)] for _ in range(2)]
    assert flow(*streams[0])[:2] == flow(*streams[1])[:2]


@pytest.mark.parametrize(("loads", "stores", "temporal"), [(1, 0, True), (0, 1, True), (2, 1, False)])
def test_a_node_without_room_for_large_blocks_is_as_fast_as_any(loads, stores, temporal):
    rates = [
        flow(*(Stream(cpu, 0, 12, loads, stores, temporal) for cpu in range(8)), changes=[f"nodes[0].memory={memory}"])[
            0
        ]
        for memory in ("1280 KiB", "1 GiB")
    ]
    assert rates[0] == pytest.approx(rates[1], rel=0.03)


def test_a_node_too_small_for_its_streams_is_refused():
    with pytest.raises(UserError, match="node 0 has 1118208 bytes of memory, too little"):
        flow(*(Stream(cpu, 0, 12) for cpu in range(8)), changes=["nodes[0].memory=1092 KiB"])


def test_small_caches_write_nothing_back_twice_nor_while_something_else_is_measured():
    def rates(*changes):
        prober = Prober(load_machine("two-socket", ("layout.cores=4", *changes)))
        mixes = ([Stream(cpu, 0, 12, *mix) for cpu in range(4)] for mix in ((0, 1), (2, 1, False)))
        return [run_streams(prober, streams, WARM, TIMED).bytes_per_second for streams in mixes]

    small = ("l2.size=32 KiB", "l2.ways=8", "l3.size=64 KiB", "l3.ways=8")
    assert rates(*small) == pytest.approx(rates(), rel=0.03)
