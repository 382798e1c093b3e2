"""Work that runs in process context: queued at once, or by a timer after a delay (kernel/workqueue.c)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

from simslab.base.clock import NEVER
from simslab.kernel.time.timer import Timer, Timers
from simslab.machine.core.cpu import Cpu

WORKER_INSNS: Final = 1200  # estimate: queueing, switch to the worker and back

WorkFunction = Callable[[Cpu], object]


class DelayedWork:
    """`function(cpu)` to be run in process context after a delay (struct delayed_work).

    `deferrable`: its timer does not wake an idle CPU (INIT_DEFERRABLE_WORK). `cpu` is where it waits for its time or
    its turn, None when it does not (WORK_STRUCT_PENDING).
    """

    def __init__(self, function: WorkFunction, deferrable: bool = False) -> None:
        self.function = function
        self.timer = Timer(_not_armed, deferrable)
        self.cpu: Cpu | None = None

    def run(self, cpu: Cpu) -> None:
        """Do the work, which may be scheduled again from here on (process_one_work)."""
        self.cpu = None
        self.function(cpu)


class Workqueue:
    """The bound workers of all CPUs (system_wq).

    `cpu.next_work` is the time in cycles since which work waits for the CPU's worker, NEVER when none does.

    Not modelled: the worker's own task: queued work runs at the CPU's next operation boundary.
    """

    def __init__(self, timers: Timers, jiffies: Callable[[Cpu], int]) -> None:
        self.timers = timers
        self.jiffies = jiffies
        self._queued: dict[int, deque[WorkFunction]] = {}
        self._delayed: dict[int, list[DelayedWork]] = {}

    def schedule_delayed_work_on(self, cpu: Cpu, work: DelayedWork, delay: int) -> int:
        """Run `work` on `cpu` `delay` jiffies from now; returns the jiffy at which its timer's bucket expires.

        Work that waits already is left where it is.
        """
        now = self.jiffies(cpu)
        if work.cpu is not None:
            return work.timer.bucket_expiry
        work.cpu = cpu
        if delay == 0:
            self.queue_work(cpu, work.run)
            return now
        self._delayed.setdefault(cpu.id, []).append(work)
        work.timer.function = partial(self._delayed_work_timer, work)
        return self.timers.add_timer_on(work.timer, cpu.id, now + delay, now)

    def _delayed_work_timer(self, work: DelayedWork, cpu: Cpu) -> None:
        """The delay is over: hand the work to the worker (delayed_work_timer_fn). In the timer softirq."""
        self._delayed[cpu.id].remove(work)
        self.queue_work(cpu, work.run)

    def queue_work(self, cpu: Cpu, function: WorkFunction) -> None:
        """Let this CPU's worker run `function(cpu)` as soon as it can (queue_work_on)."""
        self._queued.setdefault(cpu.id, deque()).append(function)
        if cpu.next_work == NEVER:
            cpu.next_work = cpu.now

    def run_due_work(self, cpu: Cpu) -> int:
        """Run what is queued, oldest first, interrupts on; returns how many functions ran."""
        queued = self._queued.get(cpu.id)
        ran = 0
        while queued:
            function = queued.popleft()
            cpu.insn_cold(WORKER_INSNS)
            function(cpu)
            ran += 1
        cpu.next_work = NEVER
        return ran

    def pending(self, cpu: Cpu) -> int:
        """How many functions of `cpu` are queued or wait for their time."""
        return len(self._queued.get(cpu.id, ())) + len(self._delayed.get(cpu.id, ()))

    def cancel_work(self, cpu: Cpu, function: WorkFunction) -> bool:
        """Take what is queued on `cpu` out again; whether it was queued (cancel_work)."""
        queued = self._queued.get(cpu.id)
        if not queued or function not in queued:
            return False
        queued.remove(function)
        if not queued:
            cpu.next_work = NEVER
        return True

    def cancel_delayed_work_sync(self, work: DelayedWork) -> bool:
        """See that `work` does not run, whether its timer or the worker has it; whether it waited.

        Not modelled: waiting for it where it runs; the CPU that it runs on must be outside of it.
        """
        cpu, work.cpu = work.cpu, None
        if cpu is None:
            return False
        if self.timers.del_timer(work.timer):
            self._delayed[cpu.id].remove(work)
        else:
            self.cancel_work(cpu, work.run)
        return True

    def workqueue_offline_cpu(self, gone: Cpu, cpu: Cpu) -> None:
        """Let `cpu` do what waits on `gone`, a CPU that goes, behind its own (workqueue_offline_cpu, unbind_workers).

        The timers of delayed work must have moved to `cpu` (`Timers.timers_dead_cpu`). Not modelled: that the workers
        of `gone`, which do it in the kernel, run on whichever CPUs the scheduler has for them.
        """
        for work in (moved := self._delayed.pop(gone.id, [])):
            work.cpu = cpu
        self._delayed.setdefault(cpu.id, []).extend(moved)
        for function in self._queued.pop(gone.id, ()):
            owner = getattr(function, "__self__", None)
            if isinstance(owner, DelayedWork):
                owner.cpu = cpu
            self.queue_work(cpu, function)
        gone.next_work = NEVER


def _not_armed(_cpu: Cpu) -> None:
    """Function of a timer that nobody has armed."""
