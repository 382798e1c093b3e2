"""Loops below the allocator."""

import pytest

from simslab.instruments.validate import machine_loops as below


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


def test_masking_costs_save_and_restore(rig):
    costs = rig.machine.timing.kernel
    assert below.irq(rig)["pushf_pop_push_popf"] == pytest.approx(rig.ns(costs.irq_save + costs.irq_restore))
