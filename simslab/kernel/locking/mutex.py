"""Sleeping locks (kernel/locking/mutex.c)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from simslab.kernel.bug import KernelBugError
from simslab.kernel.locking.sleep import runs_with_others, sleep_until, wake_sleeper
from simslab.machine.accounting import causes
from simslab.machine.core.cpu import Cpu

FAST_PATH_INSNS: Final = 8


class Mutex:
    """A mutex whose word is at simulated address `addr`; process context only. First come, first served.

    `charged=False` is for sections whose times were measured as a whole, or are none: their two fast paths cost nothing
    more. A contended acquisition always costs its context switches and its wait.

    Not modelled: optimistic spinning while the owner runs, and other tasks using the CPU meanwhile.
    """

    def __init__(self, addr: int, name: str) -> None:
        self.addr = addr
        self.name = name
        self.owner = -1
        self.free_from = 0  # cycle of the last release, which may be ahead of other CPUs
        self.waiters: list[Cpu] = []

    def lock(self, cpu: Cpu, charged: bool = True) -> None:
        """Take the mutex, sleeping until its owner releases it (mutex_lock)."""
        cpu.settle()
        if cpu.in_interrupt or cpu.irqs_off or self.owner == cpu.id:
            raise KernelBugError(f"CPU {cpu.id} may not wait for {self.name} here")
        if charged:
            cpu.insn(FAST_PATH_INSNS)
        if self.owner >= 0:
            self._sleep(cpu)
        else:
            self.owner = cpu.id  # at once: an interrupt of the wait lets others come
            if self.free_from > cpu.now:
                cpu.idle_until(self.free_from, causes.LOCK_WAIT)
        if charged:
            cpu.atomic(self.addr)

    def trylock(self, cpu: Cpu) -> bool:
        """Take the mutex if nobody has it at this CPU's time (mutex_trylock)."""
        cpu.settle()
        if self.owner >= 0 or self.free_from > cpu.now:
            return False
        self.lock(cpu)
        return True

    def unlock(self, cpu: Cpu, charged: bool = True) -> None:
        """Release the mutex; the first sleeper gets it (mutex_unlock)."""
        if self.owner != cpu.id:
            raise KernelBugError(f"CPU {cpu.id} does not hold {self.name}")
        if charged:
            cpu.insn(FAST_PATH_INSNS)
            cpu.atomic(self.addr)
        self.owner = -1
        if runs_with_others(cpu):
            self.free_from = cpu.now
        if self.waiters:
            first = self.waiters.pop(0)
            self.owner = first.id
            wake_sleeper(first, cpu.now)

    def _sleep(self, cpu: Cpu) -> None:
        self.waiters.append(cpu)
        try:
            sleep_until(cpu, self.name, lambda: self.owner == cpu.id)
        except BaseException:  # nobody could wake it
            if cpu in self.waiters:
                self.waiters.remove(cpu)
            raise
        cpu.idle_until(self.free_from, causes.LOCK_WAIT)
        cpu.settle()


@contextmanager
def holding(mutex: Mutex, cpu: Cpu, charged: bool = True) -> Iterator[None]:
    """Hold `mutex`, also where what is done under it raises."""
    mutex.lock(cpu, charged)
    try:
        yield
    finally:
        mutex.unlock(cpu, charged)
