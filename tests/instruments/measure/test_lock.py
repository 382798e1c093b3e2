"""qspinlock as measured: hand-over grows with distance, waiters keep their order, and the section bounds throughput."""

import pytest

from simslab.base.units import parse_duration
from simslab.instruments.measure.lock import contend, measure_lock
from simslab.machine.library import load_machine

NS100 = parse_duration("100 ns")


@pytest.fixture(scope="module")
def rome():
    return measure_lock(load_machine("epyc-rome-nps4"), NS100)


def test_a_hand_over_takes_longer_the_farther_the_cpus_are(rome):
    charged = [ns.charged for ns in rome.hand_over.values()]
    assert list(rome.hand_over) == ["same core", "same L3", "same node", "same package", "other package"]
    assert charged == sorted(charged)
    assert charged[-1] > 3 * charged[1]


def test_behind_a_long_section_a_hand_over_is_what_the_transfers_of_the_lock_word_take():
    """In a short one the holder's own store to the word is still on its way, and the release comes with it."""
    measured = measure_lock(load_machine("two-socket"), parse_duration("1 us"))
    for relation, ns in measured.hand_over.items():
        if relation != "same core":
            assert ns.charged == pytest.approx(ns.transfers, rel=0.35), relation


def test_waiters_get_the_lock_in_the_order_in_which_they_came(rome):
    assert [point.overtaken for point in rome.throughput] == [0] * len(rome.throughput)


def test_every_number_of_cpus_up_to_all_is_measured(rome):
    assert [point.cpus for point in rome.throughput] == [1, 2, 4, 8, 16, 32, 64, 128, 256]


def test_sections_one_after_the_other_bound_the_throughput(rome):
    for point in rome.throughput[1:]:
        assert point.ns_each == pytest.approx(100 + point.hand_over, abs=1)


def test_a_longer_section_lowers_throughput_and_leaves_the_hand_over():
    spec = load_machine("two-socket", ["kernel.pause=0 cycles"])  # which rounds what a waiter waits
    short, long = (contend(spec, range(4), cycles) for cycles in (2600, 5200))
    assert long.hand_over == pytest.approx(short.hand_over, rel=0.05)
    assert long.ns_each - short.ns_each == pytest.approx(1000, rel=0.01)


def test_one_cpu_waits_for_nobody():
    measured = measure_lock(load_machine("one-node"), parse_duration("0 ns"))
    assert measured.throughput[0].hand_over == 0
    assert measured.uncontended_cycles == pytest.approx(33, abs=1.5)  # published: 33 on an i7-2620M


def test_the_same_machine_gives_the_same_figures(rome):
    assert measure_lock(load_machine("epyc-rome-nps4"), NS100) == rome
