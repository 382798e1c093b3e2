"""Delayed work: functions that run on a CPU in process context when their time has come (kernel/workqueue.c)."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Final

from simslab.base.clock import NEVER
from simslab.kernel.jiffies import wheel_expiry
from simslab.machine.cpu import Cpu

WORKER_INSNS: Final = 1200  # estimate: timer, queueing, switch to the worker and back

WorkFunction = Callable[[Cpu], object]


class Workqueue:
    """Work of all CPUs. `cpu.next_work` is when (cycles) `run_due_work` has something to do.

    Not modelled: the worker's own task (it runs at the next operation boundary of the CPU), and that a deferrable timer
    waits for an idle CPU to wake up.
    """

    def __init__(self, cycles_per_jiffy: int) -> None:
        self.cycles_per_jiffy = cycles_per_jiffy
        self._due: dict[int, list[tuple[int, int, WorkFunction]]] = {}
        self._order = 0

    def schedule_delayed_work_on(self, cpu: Cpu, delay: int, function: WorkFunction) -> int:
        """Run `function(cpu)` on `cpu` `delay` jiffies from now; returns the jiffy at which it will."""
        now = cpu.now // self.cycles_per_jiffy
        at = wheel_expiry(now + delay, now) if delay > 0 else now
        self.run_at(cpu, at * self.cycles_per_jiffy, function)
        return at

    def run_at(self, cpu: Cpu, time: int, function: WorkFunction) -> None:
        """Run `function(cpu)` at `time` in cycles."""
        due = self._due.setdefault(cpu.id, [])
        self._order += 1
        heapq.heappush(due, (time, self._order, function))
        cpu.next_work = due[0][0]

    def run_due_work(self, cpu: Cpu) -> int:
        """Run what is due by now, earliest first, interrupts on; returns how many functions ran."""
        due = self._due.get(cpu.id, [])
        ran = 0
        while due and due[0][0] <= cpu.now:
            function = heapq.heappop(due)[2]
            cpu.next_work = due[0][0] if due else NEVER
            cpu.insn_cold(WORKER_INSNS)
            function(cpu)
            ran += 1
        cpu.next_work = due[0][0] if due else NEVER
        return ran

    def pending(self, cpu: Cpu) -> int:
        """How many functions wait for their time on `cpu`."""
        return len(self._due.get(cpu.id, []))

    def cancel(self, cpu: Cpu) -> None:
        """Forget all work of `cpu` (CPU offline; cancel_delayed_work_sync)."""
        self._due.pop(cpu.id, None)
        cpu.next_work = NEVER
