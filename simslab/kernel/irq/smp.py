"""Inter-processor interrupts: functions that other CPUs run in interrupt context (kernel/smp.c, arch/x86/kernel/smp.c).

The sender settles, writes the target's call queue line and its interrupt controller, and waits until each target has
written its part of the call data. A target takes the interrupt as soon as it has interrupts on: at once between two
operations, at the unmask instant inside one. Its handler's cycles are the handler cause of whatever it interrupted.

A CPU on which no thread runs handles it as well, idle until it arrives.

Not modelled: several functions sharing one interrupt; a line of call data for each target (cfd_data.csd).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from simslab.base.engine import Engine
from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm.percpu import PerCpu
from simslab.machine.accounting import causes
from simslab.machine.accounting.vectors import CALL_FUNCTION_VECTOR, TIMER_VECTOR
from simslab.machine.core.cpu import Cpu

# 900 together on four CPUs (golden/instruction_counts.csv, shrink); the split is an estimate.
SEND_INSNS: Final = 300
SEND_TARGET_INSNS: Final = 200
HANDLE_INSNS: Final = 80  # estimate: flush_smp_call_function_queue
CALL_DATA_BYTES: Final = 64  # one line per sender

SmpFunction = Callable[[Cpu], object]


class SmpCalls:
    """Cross-CPU calls of one kernel. `cpus[i].id == i`."""

    def __init__(self, cpus: list[Cpu], engine: Engine, percpu: PerCpu) -> None:
        self.cpus = cpus
        self.engine = engine
        self.percpu = percpu
        self.call_data = percpu.alloc_percpu(CALL_DATA_BYTES, CALL_DATA_BYTES)
        self.queues: list[list[tuple[Cpu, SmpFunction]]] = [[] for _ in cpus]
        self.unanswered = [0] * len(cpus)  # by sender
        self.answered_at = [0] * len(cpus)  # by sender: time of the latest answer
        self.tickless = [0] * len(cpus)  # shared with the ticks: CPUs awake without a thread
        for cpu in cpus:
            cpu.at_end = partial(self.answer, cpu)

    def call_function_single(self, cpu: Cpu, target: Cpu, function: SmpFunction) -> None:
        """Run `function(target)` on `target` and wait for it (smp_call_function_single). Interrupts on."""
        self.call_function_many(cpu, [target], function)

    def on_each_cpu(self, cpu: Cpu, cpu_ids: list[int], function: SmpFunction) -> None:
        """Run `function` on every CPU of `cpu_ids`, the caller last and with interrupts off (on_each_cpu)."""
        self.call_function_many(cpu, [self.cpus[i] for i in cpu_ids if i != cpu.id], function)
        if cpu.id in cpu_ids:
            flags = cpu.irq_save(0)
            function(cpu)
            cpu.irq_restore(flags)

    def call_function_many(self, cpu: Cpu, targets: list[Cpu], function: SmpFunction) -> None:
        """Interrupt each target, then wait until all have run `function` (smp_call_function_many). Interrupts on."""
        if cpu.irqs_off:
            raise KernelBugError(f"CPU {cpu.id} calls functions on other CPUs with interrupts off")
        cpu.insn_cold(SEND_INSNS)
        cpu.settle()
        for target in targets:
            self._send(cpu, target, function)
        while self.unanswered[cpu.id]:
            self._wait(cpu)
        cpu.idle_until(self.answered_at[cpu.id], causes.IPI_WAIT)
        cpu.settle()
        for _ in targets:
            cpu.read(self.line(cpu))

    def line(self, sender: Cpu) -> int:
        """Address of the call data that `sender` shares with all its targets: on its node."""
        return self.percpu.address(sender.id, self.call_data)

    def _send(self, cpu: Cpu, target: Cpu, function: SmpFunction) -> None:
        cpu.insn_cold(SEND_TARGET_INSNS)
        cpu.write(self.line(cpu))
        arrival = cpu.now + cpu.costs.kernel.ipi
        self.unanswered[cpu.id] += 1
        self.queues[target.id].append((cpu, function))
        target.post_irq(arrival, CALL_FUNCTION_VECTOR)
        if target.context is None or target.context.dead:
            self.engine.spawn(target, partial(self.answer, target))
        elif target.parked:
            self.engine.wake(target, arrival)
        else:
            # It may be asleep when the interrupt arrives, and nobody else might wake it.
            self.engine.at(arrival, partial(self.engine.wake, target, arrival))

    def _wait(self, cpu: Cpu) -> None:
        """Spin until a target answers; the caller's own interrupts are delivered meanwhile."""
        if cpu.next_irq <= cpu.now:
            cpu.deliver_interrupts()
            return
        before = cpu.now
        self.engine.park(cpu)
        until, cpu.now = cpu.now, before
        cpu.idle_until(until, causes.IPI_WAIT)

    def answer(self, cpu: Cpu) -> None:
        """Idle on a CPU whose thread has ended, or that has none, until it has run what other CPUs wait for."""
        cpu.forget_irq(TIMER_VECTOR)  # tick_nohz: an idle CPU has no ticks
        self.tickless[cpu.id] = 1
        while self.queues[cpu.id]:
            cpu.idle_until(max(cpu.next_irq, cpu.now), causes.WAIT)
            cpu.deliver_interrupts()
        self.tickless[cpu.id] = 0

    def handle(self, cpu: Cpu) -> None:
        """Run what other CPUs have queued for this one (flush_smp_call_function_queue). In interrupt, irqs off."""
        queued, self.queues[cpu.id] = self.queues[cpu.id], []
        cpu.insn_cold(HANDLE_INSNS)
        for sender, function in queued:
            cpu.read(self.line(sender))
            function(cpu)
            cpu.write(self.line(sender))
            self.unanswered[sender.id] -= 1
            self.answered_at[sender.id] = max(self.answered_at[sender.id], cpu.now)
            if not self.unanswered[sender.id]:
                self.engine.wake(sender, cpu.now)
