"""Bandwidth is that of the narrowest server on the way; load makes latency grow."""

import pytest

from simslab.instruments.measure.bandwidth import MIXES, core_bandwidth, node_bandwidth, peak_bandwidth
from simslab.instruments.measure.prober import Prober
from simslab.machine.library import load_machine

SMALL = ("layout.cores=4", "core.outstanding=40")


def prober(*overrides):
    return Prober(load_machine("two-socket", (*SMALL, *overrides)))


def test_the_memory_channels_limit_local_reads():
    assert node_bandwidth(prober(), 0, 0) == pytest.approx(111e9, rel=0.05)


def test_the_link_limits_remote_reads():
    assert node_bandwidth(prober(), 0, 1) == pytest.approx(34.4e9, rel=0.03)
    assert node_bandwidth(prober("links.upi.bandwidth=10 GB/s"), 0, 1) == pytest.approx(10e9, rel=0.03)


def test_one_core_is_limited_by_its_misses_in_flight():
    assert core_bandwidth(prober("core.outstanding=4")) == pytest.approx(4 * 64 / 78.6e-9, rel=0.05)


def test_writes_that_take_longer_lower_the_peak():
    fast = peak_bandwidth(prober(), MIXES["1:1 Reads-Writes"])
    slow = peak_bandwidth(prober("dram.write_bandwidth=6 GB/s"), MIXES["1:1 Reads-Writes"])
    assert slow == pytest.approx(fast * 2 / (1 + 18.5 / 6), rel=0.06)


def test_a_port_limits_what_an_l3_receives():
    assert node_bandwidth(prober("l3.port_read=20 GB/s"), 0, 0) == pytest.approx(20e9, rel=0.03)
