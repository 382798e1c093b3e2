"""Sleeping locks of many readers and hardly ever a writer (kernel/locking/percpu-rwsem.c)."""

from __future__ import annotations

from simslab.kernel.bug import KernelBugError
from simslab.kernel.locking.sleep import runs_with_others, sleep_until, wake_sleeper
from simslab.machine.accounting import causes
from simslab.machine.core.cpu import Cpu


class PercpuRwsem:
    """A percpu_rw_semaphore; process context only. Readers who come after a waiting writer wait behind it.

    Not modelled: the cycles of the fast paths (a reader's two additions to a counter of its own CPU), and the grace
    period that a writer waits for first (rcu_sync_enter).
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.readers = 0
        self.writer = -1
        self.read_until = 0  # cycle of the last release by a reader
        self.written_until = 0  # and by a writer; either may be ahead of other CPUs
        self.waiters: list[tuple[Cpu, bool]] = []  # with whether it wants to write
        self.admitted: set[int] = set()  # CPUs that sleep and have been let in

    def read_lock(self, cpu: Cpu) -> None:
        """Take the lock with other readers, sleeping while a writer has it or waits (percpu_down_read)."""
        self._may_wait(cpu)
        if self.writer >= 0 or self.waiters:
            self._sleep(cpu, write=False)
        else:
            self.readers += 1
        self._not_before(cpu, self.written_until)

    def read_unlock(self, cpu: Cpu) -> None:
        """Release the lock; the last reader lets the first writer in (percpu_up_read)."""
        if not self.readers:
            raise KernelBugError(f"CPU {cpu.id} does not hold {self.name}")
        self.readers -= 1
        if runs_with_others(cpu):
            self.read_until = max(self.read_until, cpu.now)
        self._let_in(cpu)

    def write_lock(self, cpu: Cpu) -> None:
        """Take the lock alone, sleeping until the readers that have it are out (percpu_down_write)."""
        self._may_wait(cpu)
        if self.readers or self.writer >= 0 or self.waiters:
            self._sleep(cpu, write=True)
        else:
            self.writer = cpu.id
        self._not_before(cpu, max(self.read_until, self.written_until))

    def write_unlock(self, cpu: Cpu) -> None:
        """Release the lock; whoever waits is let in, up to the next writer (percpu_up_write)."""
        if self.writer != cpu.id:
            raise KernelBugError(f"CPU {cpu.id} does not hold {self.name}")
        self.writer = -1
        if runs_with_others(cpu):
            self.written_until = cpu.now
        self._let_in(cpu)

    def _may_wait(self, cpu: Cpu) -> None:
        cpu.settle()
        if cpu.in_interrupt or cpu.irqs_off or self.writer == cpu.id:
            raise KernelBugError(f"CPU {cpu.id} may not wait for {self.name} here")

    def _sleep(self, cpu: Cpu, write: bool) -> None:
        self.waiters.append((cpu, write))
        try:
            sleep_until(cpu, self.name, lambda: cpu.id in self.admitted)
        except BaseException:  # nobody could wake it
            if (cpu, write) in self.waiters:
                self.waiters.remove((cpu, write))
            raise
        self.admitted.remove(cpu.id)

    def _let_in(self, cpu: Cpu) -> None:
        """Admit the first who wait: readers up to the next writer, or one writer."""
        while self.waiters and self.writer < 0 and not (self.waiters[0][1] and self.readers):
            sleeper, write = self.waiters.pop(0)
            if write:
                self.writer = sleeper.id
            else:
                self.readers += 1
            self.admitted.add(sleeper.id)
            wake_sleeper(sleeper, cpu.now)

    def _not_before(self, cpu: Cpu, time: int) -> None:
        if time > cpu.now:
            cpu.idle_until(time, causes.LOCK_WAIT)
            cpu.settle()
