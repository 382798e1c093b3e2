"""What the kernel does in interrupts: the timer tick, handlers of devices (kernel/time/tick-sched.c, kernel/irq)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from simslab.kernel import layout
from simslab.kernel.bug import KernelBugError
from simslab.kernel.irq.smp import SmpCalls
from simslab.kernel.irq.softirq import RCU_SOFTIRQ, TIMER_SOFTIRQ, Softirqs
from simslab.kernel.locking.rcu import Rcu
from simslab.kernel.mm.percpu import PerCpu
from simslab.kernel.time.tick import TickSched
from simslab.machine.accounting.vectors import CALL_FUNCTION_VECTOR, FIRST_DEVICE_VECTOR, NR_VECTORS, TIMER_VECTOR
from simslab.machine.core.cpu import Cpu
from simslab.machine.core.interrupt_handler import InterruptHandler

TICK_INSNS: Final = 2500  # estimate: hrtimer, scheduler, timekeeping, accounting and RCU of one tick
DEVICE_ENTRY_INSNS: Final = 250  # estimate: irq_enter, flow handler, irq_exit


class KernelInterrupts(InterruptHandler):
    """The interrupt handler of every CPU: called with interrupts off, charges the CPU.

    When a handler ends that interrupted neither another nor a softirq, pending softirqs run (softirq.py).
    """

    def __init__(
        self, percpu: PerCpu, tick_sched: TickSched, softirqs: Softirqs, rcu: Rcu, jiffies: Callable[[Cpu], int]
    ) -> None:
        super().__init__()
        self.percpu = percpu
        self.tick_sched = tick_sched
        self.softirqs = softirqs
        self.rcu = rcu
        self.jiffies = jiffies
        self.smp: SmpCalls | None = None
        self.devices: dict[int, Callable[[Cpu], object]] = {}
        self.ticks: dict[int, int] = {}
        timers = tick_sched.timers
        softirqs.open_softirq(TIMER_SOFTIRQ, lambda cpu: timers.run_timers(cpu, jiffies(cpu)))
        softirqs.open_softirq(RCU_SOFTIRQ, self._rcu_core)

    def start_tick(self, cpu: Cpu) -> None:
        """Let the timer interrupt of `cpu` arrive at the next jiffy, and from then on at each while it works."""
        cpu.handler = self
        self.tick_sched.start(cpu)

    def request_irq(self, handler: Callable[[Cpu], object], vector: int = -1) -> int:
        """Register `handler(cpu)` for a device vector, the first unused by default; returns the vector."""
        if vector < 0:
            vector = next(v for v in range(FIRST_DEVICE_VECTOR, NR_VECTORS + 1) if v not in self.devices)
        if vector in self.devices or not FIRST_DEVICE_VECTOR <= vector < NR_VECTORS:
            raise KernelBugError(f"interrupt vector {vector} cannot be had")
        self.devices[vector] = handler
        return vector

    def handle(self, cpu: Any, vector: int) -> int:
        """Handle one interrupt and the softirqs it leaves; the clock moves by what they charge."""
        if vector == TIMER_VECTOR:
            self._tick(cpu)
        elif vector == CALL_FUNCTION_VECTOR and self.smp is not None:
            self.smp.handle(cpu)
        elif vector in self.devices:
            cpu.insn_cold(DEVICE_ENTRY_INSNS)
            self.devices[vector](cpu)
        self.softirqs.irq_exit(cpu)
        if vector == TIMER_VECTOR:
            self.tick_sched.irq_exit(cpu)
        return 0

    def _rcu_core(self, cpu: Cpu) -> None:
        """Run a batch of RCU callbacks, and raise the softirq again for what is left (rcu_core_si)."""
        if self.rcu.rcu_core(cpu, most=self.rcu.batch(cpu)) and self.rcu.ready(cpu):
            self.softirqs.raise_softirq(cpu, RCU_SOFTIRQ)

    def _tick(self, cpu: Cpu) -> None:
        """One timer tick (update_process_times); those missed while the CPU slept are skipped (tick_nohz)."""
        self.ticks[cpu.id] = self.ticks.get(cpu.id, 0) + 1
        cpu.insn_cold(TICK_INSNS)
        cpu.write(self.percpu.address(cpu.id, layout.PERCPU_TIMER_BASES))
        cpu.read(self.percpu.address(cpu.id, layout.PERCPU_RCU_DATA))
        if self.tick_sched.timers.due(cpu.id, self.jiffies(cpu)):
            self.softirqs.raise_softirq_irqoff(cpu, TIMER_SOFTIRQ)
        if self.rcu.ready(cpu):
            self.softirqs.raise_softirq_irqoff(cpu, RCU_SOFTIRQ)
        self.tick_sched.program_next(cpu)
