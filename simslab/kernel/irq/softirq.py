"""Softirqs: what interrupts leave for later, run when the outermost of them ends (kernel/softirq.c).

An interrupt handler raises a softirq; when it is left and interrupts no other handler or softirq, all that are pending
run in order of their number, with interrupts on. What is raised meanwhile runs in a further round; after ten rounds or
2 ms the rest is left to ksoftirqd, which runs in process context.

Not modelled: an end of the rounds because a task wants to run (need_resched); local_bh_disable, which nothing uses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from simslab.machine.accounting import callsites
from simslab.machine.core.cpu import Cpu

HI_SOFTIRQ: Final = 0
TIMER_SOFTIRQ: Final = 1
NET_TX_SOFTIRQ: Final = 2
NET_RX_SOFTIRQ: Final = 3
BLOCK_SOFTIRQ: Final = 4
IRQ_POLL_SOFTIRQ: Final = 5
TASKLET_SOFTIRQ: Final = 6
SCHED_SOFTIRQ: Final = 7
HRTIMER_SOFTIRQ: Final = 8
RCU_SOFTIRQ: Final = 9
SOFTIRQ_NAMES: Final = (
    "HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "HRTIMER", "RCU",
)  # fmt: skip
NR_SOFTIRQS: Final = len(SOFTIRQ_NAMES)

MAX_SOFTIRQ_RESTART: Final = 10  # rounds
MAX_SOFTIRQ_MS: Final = 2
RAISE_INSNS: Final = 10  # estimate
ROUND_INSNS: Final = 60  # estimate: __do_softirq of one round
ACTION_INSNS: Final = 25  # estimate: one action's call and accounting

SITE_SOFTIRQ: Final = callsites.site("__do_softirq")
SITE_RAISE: Final = callsites.site("raise_softirq")

SoftirqAction = Callable[[Cpu], object]
Wake = Callable[[Cpu, SoftirqAction], object]


class Softirqs:
    """Softirqs of all CPUs. `raised`, `ran` and `cycles` count by number; `cycles` includes nested interrupts.

    `queue_work(cpu, function)` has the function run soon in process context.
    """

    def __init__(self, nr_cpus: int, hz: int, jiffies: Callable[[Cpu], int], queue_work: Wake) -> None:
        self.pending = [0] * nr_cpus
        self.running = [0] * nr_cpus
        self.ksoftirqd = [0] * nr_cpus
        self.time_limit = -(-MAX_SOFTIRQ_MS * hz // 1000)  # jiffies
        self.jiffies = jiffies
        self.actions: list[SoftirqAction | None] = [None] * NR_SOFTIRQS
        self.queue_work = queue_work
        self.clear()

    def clear(self) -> None:
        """Forget what was counted."""
        self.raised = [0] * NR_SOFTIRQS
        self.ran = [0] * NR_SOFTIRQS
        self.cycles = [0] * NR_SOFTIRQS
        self.woken = 0  # times that ksoftirqd was left something

    def open_softirq(self, number: int, action: SoftirqAction) -> None:
        """Let `action(cpu)` serve a softirq (open_softirq)."""
        self.actions[number] = action

    def raise_softirq_irqoff(self, cpu: Cpu, number: int) -> None:
        """Mark a softirq pending on this CPU; interrupts off (raise_softirq_irqoff)."""
        cpu.insn(RAISE_INSNS)
        self.raised[number] += 1
        self.pending[cpu.id] |= 1 << number
        if not cpu.in_interrupt:
            self.wakeup_softirqd(cpu)

    def raise_softirq(self, cpu: Cpu, number: int) -> None:
        """Mark a softirq pending on this CPU (raise_softirq)."""
        flags = cpu.irq_save(SITE_RAISE)
        self.raise_softirq_irqoff(cpu, number)
        cpu.irq_restore(flags)

    def irq_exit(self, cpu: Cpu) -> None:
        """A handler ends: run what is pending unless it interrupted a softirq. Interrupts off (irq_exit)."""
        if self.pending[cpu.id] and not self.running[cpu.id] and not self.ksoftirqd[cpu.id]:
            self.do_softirq(cpu)

    def do_softirq(self, cpu: Cpu) -> None:
        """Run what is pending, round by round. Interrupts off before and after (__do_softirq)."""
        self.running[cpu.id] = 1
        outer, cpu.in_interrupt = cpu.in_interrupt, 1
        end = self.jiffies(cpu) + self.time_limit
        for left in reversed(range(MAX_SOFTIRQ_RESTART)):
            self._round(cpu)
            if not self.pending[cpu.id]:
                break
            if left == 0 or self.jiffies(cpu) >= end:
                self.wakeup_softirqd(cpu)
                break
        cpu.in_interrupt = outer
        self.running[cpu.id] = 0

    def _round(self, cpu: Cpu) -> None:
        """Run each pending softirq once, lowest number first, with interrupts on."""
        cpu.insn(ROUND_INSNS)
        pending, self.pending[cpu.id] = self.pending[cpu.id], 0
        cpu.irq_enable()
        for number in range(NR_SOFTIRQS):
            action = self.actions[number]
            if pending >> number & 1 and action is not None:
                before = cpu.now
                cpu.insn(ACTION_INSNS)
                action(cpu)
                self.ran[number] += 1
                self.cycles[number] += cpu.now - before
        cpu.irq_disable(SITE_SOFTIRQ)

    def wakeup_softirqd(self, cpu: Cpu) -> None:
        """Leave what is pending to process context (wakeup_softirqd)."""
        if not self.ksoftirqd[cpu.id]:
            self.ksoftirqd[cpu.id] = 1
            self.woken += 1
            self.queue_work(cpu, self.run_ksoftirqd)

    def takeover(self, gone: Cpu) -> None:
        """Let a CPU that is gone have nothing pending: its ksoftirqd is parked, its work is moved by who knows it.

        Source: the CPUHP states that end in _DEAD. Not modelled: takeover_tasklets and what other softirqs that nobody
        opens here would move.
        """
        self.pending[gone.id] = self.ksoftirqd[gone.id] = 0

    def run_ksoftirqd(self, cpu: Cpu) -> None:
        """One turn of ksoftirqd, in process context."""
        self.ksoftirqd[cpu.id] = 0
        cpu.irq_disable(SITE_SOFTIRQ)
        if self.pending[cpu.id]:
            self.do_softirq(cpu)
        cpu.irq_enable()
