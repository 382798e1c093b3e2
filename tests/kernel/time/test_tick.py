"""Ticks of working and idle CPUs, and what runs on CPUs without a thread while others work."""

import pytest

from simslab.kernel.kernel import Kernel
from simslab.kernel.time.timer import Timer
from simslab.kernel.time.workqueue import DelayedWork
from simslab.machine.accounting import causes


@pytest.fixture
def kernel(make_machine):
    return Kernel(make_machine(quantum=0))


def work(kernel, number, jiffies):
    """Let a CPU work for a time with the engine running; all others are idle."""
    cpu = kernel.machine.cpus[number]

    def program():
        kernel.start_ticks([cpu])
        end = cpu.now + jiffies * kernel.cycles_per_jiffy
        while cpu.now < end:
            cpu.run(kernel.cycles_per_jiffy // 3, causes.WORK)
            cpu.settle()
            if cpu.next_work <= cpu.now:
                kernel.run_due_work(cpu)

    kernel.machine.engine.spawn(cpu, program)
    kernel.machine.engine.run()


def test_a_working_cpu_ticks_at_every_jiffy_and_an_idle_one_not_at_all(kernel):
    work(kernel, 0, 100)
    assert kernel.interrupts.ticks == {0: 100}


def test_an_idle_cpu_wakes_for_a_standard_timer_in_time(kernel):
    fired = []
    now = kernel.first_jiffy
    timer = Timer(lambda cpu: fired.append((cpu.id, kernel.jiffies(cpu))))
    at = kernel.timers.add_timer_on(timer, 2, now + 40, now)
    work(kernel, 0, 100)
    assert fired == [(2, at)]
    assert kernel.interrupts.ticks[2] == 1


def test_a_deferrable_timer_waits_until_something_else_wakes_its_idle_cpu(kernel):
    fired = []
    now, idle = kernel.first_jiffy, kernel.machine.cpus[2]
    work_item = DelayedWork(lambda cpu: fired.append(kernel.jiffies(cpu)), deferrable=True)
    due = kernel.schedule_delayed_work_on(idle, work_item, 20)
    at = kernel.timers.add_timer_on(Timer(lambda cpu: None), 2, now + 60, now)
    work(kernel, 0, 100)
    assert due < at
    assert fired == [at]


def test_the_clocksource_watchdog_visits_one_cpu_after_the_other(kernel):
    kernel.start_clocksource_watchdog()
    work(kernel, 0, 600)
    assert {number: count for number, count in kernel.interrupts.ticks.items() if number} == {1: 1, 2: 1, 3: 1}
    assert kernel.clocksource.cpu == 0


def test_rcu_callbacks_wake_the_idle_cpu_that_has_them(kernel):
    ran = []
    idle = kernel.machine.cpus[3]
    for value in range(3):
        kernel.rcu.call_rcu(idle, lambda cpu, argument: ran.append((cpu.id, argument)), value)
        idle.charge(causes.WORK, 2 * kernel.cycles_per_jiffy)
    work(kernel, 0, 40)
    assert ran == [(3, 0), (3, 1), (3, 2)]
    assert kernel.interrupts.ticks[3] <= 3


def test_waiting_leaves_out_ticks_but_not_the_ones_that_are_needed(kernel):
    cpu, fired = kernel.machine.cpus[0], []
    kernel.start_ticks([cpu])
    now = kernel.first_jiffy
    at = kernel.timers.add_timer_on(Timer(lambda on: fired.append(kernel.jiffies(on))), 0, now + 30, now)
    until = 50 * kernel.cycles_per_jiffy + 7
    kernel.tick_sched.idle(cpu, until)
    cpu.idle_until(until, causes.WAIT)
    assert fired == [at]
    assert kernel.interrupts.ticks == {0: 1}
    cpu.run(2 * kernel.cycles_per_jiffy, causes.WORK)
    assert kernel.interrupts.ticks == {0: 3}


@pytest.mark.parametrize("seconds", [200, 301, 20_000])
def test_an_idle_cpu_without_timers_has_one_tick_at_the_end_of_its_wait_however_late_that_is(kernel, seconds):
    """Jiffies pass 32 bits 300 s after boot (INITIAL_JIFFIES); "no timer" must not be a jiffy that has gone by then."""
    cpu = kernel.machine.cpus[0]
    cpu.now = seconds * kernel.machine.frequency_hz
    until = cpu.now + kernel.machine.frequency_hz // 20
    kernel.tick_sched.idle(cpu, until)
    assert cpu.next_irq == kernel.tick_sched.boundary(until)
    cpu.idle_until(until, causes.WAIT)
    assert kernel.interrupts.ticks == {}


@pytest.mark.parametrize(("others_run", "jiffies"), [(False, 11), (True, 12)])
def test_an_interrupted_idle_cpu_has_its_tick_a_little_later(kernel, others_run, jiffies):
    """The tick is due while the CPU answers another's call: it comes with the answer's end, at once.

    Where others run meanwhile the tick finds the CPU awake, and is made up for at the next jiffy.
    """
    fired, answered = [], []
    now, due = kernel.first_jiffy, 11 * kernel.cycles_per_jiffy
    timer = Timer(lambda cpu: fired.append((kernel.jiffies(cpu), cpu.now)))
    kernel.timers.add_timer_on(timer, 2, now + 10, now)
    cpu = kernel.machine.cpus[0]

    def answer(on):
        start = on.now
        on.charge(causes.WORK, due + 1000 - start)
        if others_run:
            on.settle()
        on.charge(causes.WORK, 4000)
        answered.append((start, on.now))

    def program():
        cpu.run(due - 2000, causes.WORK)
        cpu.settle()
        kernel.smp.call_function_single(cpu, kernel.machine.cpus[2], answer)
        cpu.run(5 * kernel.cycles_per_jiffy, causes.WORK)

    kernel.machine.engine.spawn(cpu, program)
    kernel.machine.engine.run()
    ((start, end),) = answered
    ((jiffy, ticked),) = fired
    assert start < due < end < ticked
    assert jiffy == now + jiffies


def test_a_machine_of_many_idle_cpus_costs_two_ticks_a_second(make_machine):
    kernel = Kernel(make_machine(nodes=2, cpus=40, quantum=10_000))
    for cpu in kernel.machine.cpus:
        kernel.schedule_delayed_work_on(cpu, DelayedWork(lambda on: None, deferrable=True), 250)
    kernel.start_clocksource_watchdog()
    work(kernel, 0, 1000)
    assert sum(kernel.interrupts.ticks.values()) - kernel.interrupts.ticks[0] == 6
