import pytest

from simslab.base.clock import NEVER
from simslab.kernel.irq.softirq import RCU_SOFTIRQ
from simslab.kernel.kernel import Kernel
from simslab.machine.accounting import causes


def test_callbacks_wait_for_a_grace_period_in_order(kernel: Kernel) -> None:
    cpu, ran = kernel.machine.cpus[0], []
    for number in range(3):
        kernel.rcu.call_rcu(cpu, lambda on, argument: ran.append(argument), number)
    assert kernel.rcu.rcu_core(cpu) == 0
    cpu.charge(causes.WAIT, kernel.rcu.grace_period + 1000)
    assert kernel.rcu.rcu_core(cpu) == 3
    assert ran == [0, 1, 2]


def test_the_barrier_runs_everything_at_once(kernel: Kernel) -> None:
    ran: list[int] = []
    for cpu in kernel.machine.cpus:
        kernel.rcu.call_rcu(cpu, lambda on, argument: ran.append(argument), cpu.id)
    kernel.rcu.rcu_barrier(kernel.machine.cpus[0])
    assert ran == [0, 1, 2, 3]
    assert kernel.rcu.pending() == 0


def test_only_callbacks_ready_by_the_given_time_run(kernel: Kernel) -> None:
    cpu, ran = kernel.machine.cpus[0], []
    kernel.rcu.call_rcu(cpu, lambda on, argument: ran.append(argument), "one")
    ready = kernel.rcu.first(cpu.id)
    cpu.charge(causes.WAIT, kernel.rcu.grace_period + 1000)
    assert [kernel.rcu.rcu_core(cpu, until) for until in (0, ready - 1, ready)] == [0, 0, 1]


def test_callbacks_of_a_cpu_that_goes_run_on_the_one_that_stays(kernel: Kernel) -> None:
    """Those that are ready before its own; the others after a grace period from then on (rcu_segcblist_merge)."""
    stays, goes = kernel.machine.cpus[:2]
    ran: list[str] = []
    for cpu, name in ((goes, "ready"), (goes, "ready, too"), (stays, "own")):
        kernel.rcu.call_rcu(cpu, lambda on, argument: ran.append(f"{argument} on {on.id}"), name)
    stays.charge(causes.WAIT, kernel.rcu.grace_period + 1000)
    goes.charge(causes.WAIT, kernel.rcu.grace_period // 2)
    kernel.rcu.call_rcu(goes, lambda on, argument: ran.append(f"{argument} on {on.id}"), "young")
    kernel.cpu_down(stays, goes.id)
    assert kernel.rcu.first(goes.id) == NEVER
    assert kernel.rcu.rcu_core(stays) == 3
    stays.charge(causes.WAIT, kernel.rcu.grace_period - 1000)
    assert kernel.rcu.rcu_core(stays) == 0
    stays.charge(causes.WAIT, 1000)
    kernel.rcu.rcu_core(stays)
    assert ran == ["ready on 0", "ready, too on 0", "own on 0", "young on 0"]


def test_a_cpu_is_woken_for_the_callbacks_of_one_that_is_gone(kernel: Kernel) -> None:
    stays, goes = kernel.machine.cpus[:2]
    kernel.rcu.call_rcu(goes, lambda on, argument: None, None)
    woken: list[tuple[int, int]] = []
    now = stays.now
    kernel.rcu.needs_tick = lambda cpu, ready: woken.append((cpu.id, ready))
    kernel.cpu_down(stays, goes.id)
    kernel.cpu_down(stays, 2)  # which has none
    assert woken == [(stays.id, now + kernel.rcu.grace_period)]


@pytest.mark.parametrize(
    ("busy", "callbacks", "batches"),
    [(0, 250, [250]), (1, 250, [10] * 25), (1, 12_800, [10_000, 2_800]), (1, 2600, [20, 20, 20])],
)
def test_the_softirq_runs_a_batch_and_leaves_the_rest_to_the_next_unless_the_cpu_is_idle(
    kernel: Kernel, busy: int, callbacks: int, batches: list[int]
) -> None:
    cpu, ran = kernel.machine.cpus[0], [0]
    for _ in range(callbacks):
        kernel.rcu.call_rcu(cpu, lambda on, argument: ran.append(ran.pop() + 1), None)
    cpu.charge(causes.WAIT, kernel.rcu.grace_period + 1000)
    cpu.busy, cpu.in_interrupt = busy, 1
    action = kernel.softirqs.actions[RCU_SOFTIRQ]
    assert action is not None
    found = []
    for _ in batches:
        kernel.softirqs.pending[cpu.id] = 0
        ran[0] = 0
        action(cpu)
        found.append(ran[0])
    assert found == batches
    assert bool(kernel.softirqs.pending[cpu.id]) == (sum(batches) < callbacks)
