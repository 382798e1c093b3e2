"""Half the round trip of a line between two CPUs that swap it."""

import pytest

from simslab.instruments.measure.pingpong import ping_pong
from simslab.instruments.measure.prober import Prober
from simslab.machine.library import load_machine


@pytest.fixture(scope="module")
def prober():
    return Prober(load_machine("westmere-ep"))


def test_between_threads_of_a_core_it_is_the_locked_operation(prober):
    assert ping_pong(prober, 0, 12) == prober.machine.timing.kernel.atomic


def test_between_cores_the_lines_way_hides_the_locked_operation(prober):
    timing = prober.machine.timing
    assert ping_pong(prober, 0, 1) == timing.caches.l3.latency + timing.caches.l3.other_core


def test_between_packages_the_home_of_the_line_counts_in_one_direction_only():
    prober = Prober(load_machine("skylake-sp-8180"))
    timing = prober.machine.timing
    there, back = timing.cache_latency(0, 0, 1), timing.cache_latency(1, 0, 0)
    assert ping_pong(prober, 0, 28) == pytest.approx((there + back) / 2)


@pytest.mark.parametrize(("other", "published"), [(1, (27, 37)), (4, (5.5, 6.9))], ids=["core", "sibling"])
def test_the_desktop_s_agrees_with_what_was_published_of_its_core(other, published):
    """kernel-timing.csv: i7-4930K, 27-37 ns between cores, 6 between siblings."""
    prober = Prober(load_machine("one-node"))
    low, high = published
    assert low <= prober.ns(ping_pong(prober, 0, other)) <= high
