import itertools

from simslab.kernel.kernel import Kernel
from simslab.machine import causes
from simslab.machine.cpu import Cpu


def test_work_runs_once_its_jiffy_has_come(kernel: Kernel) -> None:
    cpu = kernel.machine.cpus[1]
    ran: list[int] = []
    at = kernel.schedule_delayed_work_on(cpu, 10, lambda on: ran.append(kernel.jiffies(on)))
    assert cpu.next_work == at * kernel.cycles_per_jiffy
    assert kernel.run_due_work(cpu) == 0
    cpu.charge(causes.WAIT, cpu.next_work - cpu.now)
    assert kernel.run_due_work(cpu) == 1
    assert ran == [at]
    assert kernel.run_due_work(cpu) == 0


def test_work_may_schedule_itself_again(kernel: Kernel) -> None:
    cpu = kernel.machine.cpus[0]
    times: list[int] = []

    def again(on: Cpu) -> None:
        times.append(kernel.jiffies(on))
        kernel.schedule_delayed_work_on(on, 500, again)

    kernel.schedule_delayed_work_on(cpu, 250, again)
    for _ in range(3):
        cpu.charge(causes.WAIT, max(0, cpu.next_work - cpu.now))
        kernel.run_due_work(cpu)
    assert len(times) == 3
    assert all(500 <= after - before < 510 for before, after in itertools.pairwise(times))
    assert kernel.workqueue.pending(cpu) == 1


def test_work_of_one_cpu_is_not_run_by_another(kernel: Kernel) -> None:
    first, second = kernel.machine.cpus[:2]
    kernel.schedule_delayed_work_on(first, 0, lambda on: None)
    assert kernel.run_due_work(second) == 0
    assert kernel.run_due_work(first) == 1
