import itertools

from simslab.base.clock import NEVER
from simslab.kernel.kernel import Kernel
from simslab.kernel.time.workqueue import DelayedWork
from simslab.machine.accounting import causes
from simslab.machine.core.cpu import Cpu


def spend(kernel: Kernel, cpu: Cpu, jiffies: int) -> None:
    """Let the CPU work for a time, its work being run at once."""
    end = cpu.now + jiffies * kernel.cycles_per_jiffy
    while cpu.now < end:
        cpu.run(min(kernel.cycles_per_jiffy // 4, end - cpu.now), causes.WORK)
        kernel.run_due_work(cpu)


def test_work_is_handed_over_by_the_tick_of_its_jiffy(kernel: Kernel) -> None:
    cpu = kernel.machine.cpus[1]
    kernel.start_ticks()
    ran: list[int] = []
    at = kernel.schedule_delayed_work_on(cpu, DelayedWork(lambda on: ran.append(kernel.jiffies(on))), 10)
    spend(kernel, cpu, 9)
    assert (kernel.run_due_work(cpu), cpu.next_work) == (0, NEVER)
    spend(kernel, cpu, 5)
    assert ran == [at]
    assert kernel.workqueue.pending(cpu) == 0


def test_work_without_a_delay_waits_for_the_worker_only(kernel: Kernel) -> None:
    cpu = kernel.machine.cpus[0]
    cpu.charge(causes.WORK, 77)
    kernel.schedule_delayed_work_on(cpu, DelayedWork(lambda on: None), 0)
    assert cpu.next_work == 77
    assert kernel.run_due_work(cpu) == 1
    assert cpu.next_work == NEVER


def test_work_may_schedule_itself_again(kernel: Kernel) -> None:
    cpu = kernel.machine.cpus[0]
    kernel.start_ticks()
    times: list[int] = []

    def again(on: Cpu) -> None:
        times.append(kernel.jiffies(on))
        kernel.schedule_delayed_work_on(on, DelayedWork(again), 480)

    kernel.schedule_delayed_work_on(cpu, DelayedWork(again), 250)
    spend(kernel, cpu, 1250)
    assert len(times) == 3
    assert all(480 <= after - before <= 488 for before, after in itertools.pairwise(times))
    assert kernel.workqueue.pending(cpu) == 1


def test_work_of_one_cpu_is_not_run_by_another(kernel: Kernel) -> None:
    first, second = kernel.machine.cpus[:2]
    kernel.schedule_delayed_work_on(first, DelayedWork(lambda on: None), 0)
    assert kernel.run_due_work(second) == 0
    assert kernel.run_due_work(first) == 1


def test_cancelled_work_never_runs_and_other_work_does(kernel: Kernel) -> None:
    cpu = kernel.machine.cpus[0]
    kernel.start_ticks()
    ran: list[int] = []
    works = [DelayedWork(lambda on, number=number: ran.append(number)) for number in range(4)]
    for work, delay in zip(works, (5, 5, 0, 0), strict=True):
        kernel.schedule_delayed_work_on(cpu, work, delay)
    assert [kernel.workqueue.cancel_delayed_work_sync(work) for work in works[::2] * 2] == [True, True, False, False]
    assert kernel.workqueue.pending(cpu) == 2
    spend(kernel, cpu, 20)
    assert ran == [3, 1]
    assert kernel.workqueue.pending(cpu) == 0


def test_a_cpu_whose_last_work_is_cancelled_has_none_to_run(kernel: Kernel) -> None:
    cpu, work = kernel.machine.cpus[0], DelayedWork(lambda on: None)
    kernel.schedule_delayed_work_on(cpu, work, 0)
    kernel.workqueue.cancel_delayed_work_sync(work)
    assert cpu.next_work == NEVER


def test_work_that_waits_is_not_scheduled_again(kernel: Kernel) -> None:
    cpu, work = kernel.machine.cpus[0], DelayedWork(lambda on: None)
    first = kernel.schedule_delayed_work_on(cpu, work, 5)
    assert kernel.schedule_delayed_work_on(cpu, work, 500) == first
    assert kernel.workqueue.pending(cpu) == 1


def test_work_of_a_cpu_that_goes_is_done_by_the_one_that_stays(kernel: Kernel) -> None:
    stays, goes = kernel.machine.cpus[:2]
    kernel.start_ticks([stays])
    ran: list[tuple[str, int]] = []
    for name, delay in (("later", 5), ("now", 0)):
        work = DelayedWork(lambda on, name=name: ran.append((name, on.id)))
        kernel.schedule_delayed_work_on(goes, work, delay)
    kernel.cpu_down(stays, goes.id)
    assert (kernel.workqueue.pending(goes), goes.next_work) == (0, NEVER)
    spend(kernel, stays, 20)
    assert ran == [("now", stays.id), ("later", stays.id)]


def test_work_that_moved_to_another_cpu_can_be_cancelled_there(kernel: Kernel) -> None:
    stays, goes = kernel.machine.cpus[:2]
    works = [DelayedWork(lambda on: None) for _ in range(2)]
    for work, delay in zip(works, (5, 0), strict=True):
        kernel.schedule_delayed_work_on(goes, work, delay)
    kernel.cpu_down(stays, goes.id)
    assert all(kernel.workqueue.cancel_delayed_work_sync(work) for work in works)
    assert kernel.workqueue.pending(stays) == 0
