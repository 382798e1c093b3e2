"""Sleeping locks (kernel/locking/mutex.c)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from simslab.kernel.bug import KernelBugError
from simslab.kernel.locking import sleeping
from simslab.machine.core.cpu import Cpu

FAST_PATH_INSNS: Final = 8


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
            self.waiters.append(cpu)
            sleeping.sleep_until(cpu, self.name, lambda: self.owner == cpu.id)
            sleeping.awake(cpu, self.handed_at)
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
            sleeping.wake(first, cpu.now)

    @contextmanager
    def held(self, cpu: Cpu) -> Iterator[None]:
        """Hold the mutex inside."""
        self.lock(cpu)
        try:
            yield
        finally:
            self.unlock(cpu)
