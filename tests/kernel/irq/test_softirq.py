"""Softirqs: when they run, in which order, and what is left to ksoftirqd."""

import pytest

from simslab.kernel.irq.napi import NAPI_POLL_WEIGHT
from simslab.kernel.irq.softirq import MAX_SOFTIRQ_RESTART, NET_RX_SOFTIRQ, RCU_SOFTIRQ, TASKLET_SOFTIRQ, TIMER_SOFTIRQ
from simslab.machine.accounting import causes
from simslab.machine.accounting.callsites import site


@pytest.fixture
def cpu(kernel):
    return kernel.machine.cpus[0]


def interrupt(kernel, cpu, *handlers):
    """Let an interrupt of each handler arrive now, and take them."""
    for handler in handlers:
        cpu.post_irq(cpu.now, kernel.interrupts.request_irq(handler))
    cpu.deliver_interrupts()


def test_pending_softirqs_run_in_order_of_number_with_interrupts_on(kernel, cpu):
    ran = []
    for number in (RCU_SOFTIRQ, NET_RX_SOFTIRQ, TASKLET_SOFTIRQ):
        kernel.softirqs.open_softirq(
            number, lambda on, number=number: ran.append((number, on.irqs_off, on.in_interrupt))
        )

    def handler(on):
        for number in (RCU_SOFTIRQ, NET_RX_SOFTIRQ, TASKLET_SOFTIRQ):
            kernel.softirqs.raise_softirq_irqoff(on, number)
        ran.append("handler")

    interrupt(kernel, cpu, handler)
    assert ran == ["handler", (NET_RX_SOFTIRQ, 0, 1), (TASKLET_SOFTIRQ, 0, 1), (RCU_SOFTIRQ, 0, 1)]
    assert (cpu.irqs_off, cpu.in_interrupt) == (0, 0)


def test_an_interrupt_of_a_softirq_is_handled_at_once_and_its_softirqs_after_this_one(kernel, cpu):
    order = []
    second = kernel.interrupts.request_irq(
        lambda on: (order.append("nested"), kernel.softirqs.raise_softirq_irqoff(on, TASKLET_SOFTIRQ))
    )

    def action(on):
        order.append("begin")
        on.post_irq(on.now + 50, second)
        on.run(500, causes.WORK)
        order.append("end")

    kernel.softirqs.open_softirq(NET_RX_SOFTIRQ, action)
    kernel.softirqs.open_softirq(TASKLET_SOFTIRQ, lambda on: order.append("tasklet"))
    interrupt(kernel, cpu, lambda on: kernel.softirqs.raise_softirq_irqoff(on, NET_RX_SOFTIRQ))
    assert order == ["begin", "nested", "end", "tasklet"]


def test_one_that_raises_itself_for_ever_is_left_to_ksoftirqd(kernel, cpu):
    rounds = []

    def action(on):
        rounds.append(on.now)
        kernel.softirqs.raise_softirq(on, NET_RX_SOFTIRQ)

    kernel.softirqs.open_softirq(NET_RX_SOFTIRQ, action)
    interrupt(kernel, cpu, lambda on: kernel.softirqs.raise_softirq_irqoff(on, NET_RX_SOFTIRQ))
    assert len(rounds) == MAX_SOFTIRQ_RESTART
    assert kernel.softirqs.woken == 1
    assert cpu.next_work <= cpu.now
    kernel.softirqs.open_softirq(NET_RX_SOFTIRQ, rounds.append)
    assert kernel.run_due_work(cpu) == 1
    assert len(rounds) == MAX_SOFTIRQ_RESTART + 1


def test_one_that_takes_too_long_is_left_to_ksoftirqd_after_its_round(kernel, cpu):
    rounds = []

    def action(on):
        rounds.append(on.now)
        on.charge(causes.WORK, kernel.cycles_per_jiffy)
        kernel.softirqs.raise_softirq(on, NET_RX_SOFTIRQ)

    kernel.softirqs.open_softirq(NET_RX_SOFTIRQ, action)
    interrupt(kernel, cpu, lambda on: kernel.softirqs.raise_softirq_irqoff(on, NET_RX_SOFTIRQ))
    assert (len(rounds), kernel.softirqs.woken) == (1, 1)


def test_raised_outside_an_interrupt_it_runs_in_process_context(kernel, cpu):
    ran = []
    kernel.softirqs.open_softirq(TASKLET_SOFTIRQ, lambda on: ran.append(on.in_interrupt))
    kernel.softirqs.raise_softirq(cpu, TASKLET_SOFTIRQ)
    assert ran == []
    kernel.run_due_work(cpu)
    assert ran == [1]
    assert cpu.in_interrupt == 0


def test_a_tick_raises_only_what_is_due(kernel, cpu):
    kernel.start_ticks([cpu])
    cpu.run(5 * kernel.cycles_per_jiffy, causes.WORK)
    assert kernel.softirqs.raised == [0] * 10
    kernel.rcu.call_rcu(cpu, lambda on, argument: None, None)
    cpu.run(5 * kernel.cycles_per_jiffy, causes.WORK)
    assert (kernel.softirqs.raised[TIMER_SOFTIRQ], kernel.softirqs.raised[RCU_SOFTIRQ]) == (0, 1)


@pytest.mark.parametrize(("packets", "polls"), [(150, 3), (639, 10), (700, 11)])
def test_a_device_is_polled_once_a_round_and_after_ten_by_ksoftirqd(kernel, cpu, packets, polls):
    left = [packets]

    def poll(on, budget):
        taken = min(budget, left[0])
        left[0] -= taken
        return taken

    interrupt(kernel, cpu, lambda on: kernel.napi.napi_schedule(on, poll))
    assert left == [max(0, packets - MAX_SOFTIRQ_RESTART * NAPI_POLL_WEIGHT)]
    assert kernel.softirqs.woken == (polls > MAX_SOFTIRQ_RESTART)
    kernel.run_due_work(cpu)
    assert left == [0]
    assert kernel.softirqs.ran[NET_RX_SOFTIRQ] == polls


def test_delays_are_told_by_who_had_masked_the_interrupt(kernel, cpu):
    stats, mask = kernel.machine.irq_stats, site("a masked stretch")
    handler = site("interrupt handler")
    first = kernel.interrupts.request_irq(lambda on: on.charge(causes.WORK, 300))
    second = kernel.interrupts.request_irq(lambda on: None)
    flags = cpu.irq_save(mask)
    begin = cpu.now
    cpu.post_irq(begin + 100, first)
    cpu.charge(causes.WORK, 400)
    unmask = cpu.now + cpu.costs.kernel.irq_restore
    cpu.post_irq(unmask + 10, second)
    cpu.irq_restore(flags)
    rows = {(vector, by): histogram.items() for vector, by, histogram in stats.delay_rows()}
    assert rows[first, mask] == [(unmask - begin - 100, 1)]
    assert list(rows) == [(first, mask), (second, handler)]
