"""Sleeping locks (kernel/locking/mutex.c)."""

from __future__ import annotations

from typing import Final

from simslab.kernel.bug import KernelBugError
from simslab.machine.accounting import causes
from simslab.machine.core.cpu import Cpu

FAST_PATH_INSNS: Final = 8
SCHEDULE_INSNS: Final = 1500  # estimate: two context switches for a contended acquisition


class Mutex:
    """A mutex whose word is at simulated address `addr`; process context only. First come, first served.

    Not modelled: optimistic spinning while the owner runs, and other tasks using the CPU meanwhile.
    """

    def __init__(self, addr: int, name: str) -> None:
        self.addr = addr
        self.name = name
        self.owner = -1
        self.handed_at = 0  # when the first sleeper got it
        self.waiters: list[Cpu] = []

    def lock(self, cpu: Cpu) -> None:
        """Take the mutex, sleeping until its owner releases it (mutex_lock)."""
        cpu.settle()
        if cpu.in_interrupt or self.owner == cpu.id:
            raise KernelBugError(f"CPU {cpu.id} may not wait for {self.name} here")
        cpu.insn(FAST_PATH_INSNS)
        if self.owner >= 0:
            self._sleep(cpu)
        self.owner = cpu.id
        cpu.atomic(self.addr)

    def unlock(self, cpu: Cpu) -> None:
        """Release the mutex; the first sleeper gets it (mutex_unlock)."""
        if self.owner != cpu.id:
            raise KernelBugError(f"CPU {cpu.id} does not hold {self.name}")
        cpu.insn(FAST_PATH_INSNS)
        cpu.atomic(self.addr)
        self.owner = -1
        if self.waiters:
            first = self.waiters.pop(0)
            self.owner = first.id
            self.handed_at = cpu.now
            assert first.engine is not None  # it parked there
            first.engine.wake(first, cpu.now)

    def _sleep(self, cpu: Cpu) -> None:
        if cpu.engine is None:
            raise KernelBugError(f"CPU {cpu.id} waits for {self.name} without an engine to run its owner")
        cpu.insn(SCHEDULE_INSNS)
        self.waiters.append(cpu)
        while self.owner != cpu.id:  # an interrupt for this CPU wakes it too
            if cpu.next_irq <= cpu.now:
                cpu.deliver_interrupts()
                continue
            asleep_since = cpu.now
            cpu.engine.park(cpu)
            until, cpu.now = cpu.now, asleep_since
            cpu.idle_until(until, causes.LOCK_WAIT)
        cpu.idle_until(self.handed_at, causes.LOCK_WAIT)
        cpu.settle()
