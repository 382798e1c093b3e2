"""Loops below the allocator."""

import pytest

from simslab.instruments.validate import machine_loops as below
from simslab.instruments.validate.rig import Rig
from simslab.machine.library import load_machine


def test_one_cpu_increments_at_the_cost_of_a_locked_operation(rig):
    assert below.atomic_inc(rig, 1)["each"] == pytest.approx(rig.ns(rig.machine.timing.kernel.atomic), rel=0.02)


def test_a_turn_of_the_lock_contains_its_delay(rig):
    short, long = (below.qspinlock(rig, 1, delay)["each"] for delay in (0, 100))
    assert long - short == pytest.approx(100, rel=0.02)


def test_two_cpus_wait_for_each_others_sections(rig):
    assert below.qspinlock(rig, 2, 100)["each"] > 2 * 100


def test_pages_of_both_orders_come_back(rig):
    for order in (0, 1):
        assert below.pages(rig, order)["alloc_free_pair"] > 0


@pytest.fixture
def desktop():
    """A machine with the kernel's own pages."""
    return lambda: Rig(load_machine("i7-4790k"), stand_in=False)


def test_blocks_of_pages_are_neither_split_nor_merged_as_on_a_machine_long_up(desktop, monkeypatch):
    aged = below.pages(desktop(), 1)["alloc_free_pair"]
    monkeypatch.setattr(below, "_age", lambda *_: None)
    assert aged < 0.8 * below.pages(desktop(), 1)["alloc_free_pair"]


def test_batches_of_pages_tell_allocation_and_freeing_apart(desktop):
    apart, pair = below.pages_in_batches(desktop(), 0, 100), below.pages(desktop(), 0)
    assert sum(apart.values()) == pytest.approx(pair["alloc_free_pair"], rel=0.05)
    assert apart["alloc"] > apart["free"] > 0


def test_pages_beyond_the_cpus_list_cost_more(desktop):
    few, many = (below.pages_in_batches(desktop(), 0, batch) for batch in (100, 1000))
    assert many["alloc"] > few["alloc"]
    assert many["free"] > few["free"]


def test_masking_costs_save_and_restore(rig):
    costs = rig.machine.timing.kernel
    assert below.irq(rig)["pushf_pop_push_popf"] == pytest.approx(rig.ns(costs.irq_save + costs.irq_restore))
