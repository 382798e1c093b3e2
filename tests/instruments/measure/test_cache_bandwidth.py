import pytest

from simslab.instruments.measure.cache_bandwidth import cache_bandwidth
from simslab.instruments.measure.prober import Prober
from simslab.machine.library import load_machine

KIB = 1024


def rate(cpus, size, *changes):
    """GB/s of CPUs of Rome, whose first L3 has CPUs 0 to 3."""
    return cache_bandwidth(Prober(load_machine("epyc-rome-nps4", changes)), cpus, size) / 1e9


def test_one_core_reads_its_l2_at_the_l2s_bandwidth():
    assert rate([0], 256 * KIB) == pytest.approx(63.7, rel=0.05)


def test_one_core_reads_its_l3_at_what_a_core_can_take():
    assert rate([0], 1024 * KIB) == pytest.approx(46, rel=0.05)


def test_all_cores_of_an_l3_share_its_bandwidth():
    assert rate(range(4), 1024 * KIB) == pytest.approx(151, rel=0.05)


def test_without_a_stated_limit_misses_in_flight_bound_a_core():
    free = rate([0], 1024 * KIB, "l3.bandwidth=null", "l3.core_bandwidth=null")
    assert free == pytest.approx(22 * 64 / 39 * 2.0, rel=0.05)
