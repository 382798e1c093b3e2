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
