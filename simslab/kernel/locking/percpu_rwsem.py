"""Locks that many may read and seldom one writes (kernel/locking/percpu-rwsem.c)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from simslab.kernel.bug import KernelBugError
from simslab.kernel.locking import sleeping
from simslab.machine.core.cpu import Cpu


class PercpuRwSemaphore:
    """Any number of readers, or one writer. First come, first served: readers wait behind a writer. Process context.

    The few instructions of taking it are among its callers', as kmem_cache_shrink was counted with them.

    Not modelled: the line of the counter, which each CPU has of its own; the grace period that a writer waits for.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.readers: list[int] = []  # CPUs
        self.writer = -1
        self.waiters: list[tuple[Cpu, bool]] = []  # (CPU, whether it reads)
        self.given_at: dict[int, int] = {}  # CPU -> when it got what it slept for

    def down_read(self, cpu: Cpu) -> None:
        """Read; sleeps while somebody writes, or waits to (percpu_down_read)."""
        self._enter(cpu)
        if self.writer >= 0 or self.waiters:
            self._sleep(cpu, reads=True)
        else:
            self.readers.append(cpu.id)

    def up_read(self, cpu: Cpu) -> None:
        """Have read (percpu_up_read)."""
        self.readers.remove(cpu.id)
        self._give(cpu.now)

    def down_write(self, cpu: Cpu) -> None:
        """Write alone; sleeps until all who read or write have ended (percpu_down_write)."""
        self._enter(cpu)
        if self.writer >= 0 or self.readers or self.waiters:
            self._sleep(cpu, reads=False)
        else:
            self.writer = cpu.id

    def up_write(self, cpu: Cpu) -> None:
        """Have written (percpu_up_write)."""
        if self.writer != cpu.id:
            raise KernelBugError(f"CPU {cpu.id} does not write under {self.name}")
        self.writer = -1
        self._give(cpu.now)

    @contextmanager
    def read(self, cpu: Cpu) -> Iterator[None]:
        """Read inside."""
        self.down_read(cpu)
        try:
            yield
        finally:
            self.up_read(cpu)

    @contextmanager
    def written(self, cpu: Cpu) -> Iterator[None]:
        """Write inside."""
        self.down_write(cpu)
        try:
            yield
        finally:
            self.up_write(cpu)

    def _enter(self, cpu: Cpu) -> None:
        cpu.settle()
        if cpu.in_interrupt or self.writer == cpu.id:
            raise KernelBugError(f"CPU {cpu.id} may not wait for {self.name} here")

    def _sleep(self, cpu: Cpu, reads: bool) -> None:
        self.waiters.append((cpu, reads))
        sleeping.sleep_until(cpu, self.name, lambda: cpu.id in self.given_at)
        sleeping.awake(cpu, self.given_at.pop(cpu.id))

    def _give(self, now: int) -> None:
        """Let the first who wait go on, all readers up to the next writer."""
        while self.waiters and self.writer < 0:
            first, reads = self.waiters[0]
            if self.readers and not reads:
                return
            del self.waiters[0]
            if reads:
                self.readers.append(first.id)
            else:
                self.writer = first.id
            self.given_at[first.id] = now
            sleeping.wake(first, now)


class HotplugLocks:
    """What keeps CPUs and memory from coming and going (kernel/cpu.c: cpus_read_lock, mm/memory_hotplug.c)."""

    def __init__(self) -> None:
        self.cpus = PercpuRwSemaphore("cpu_hotplug_lock")
        self.mems = PercpuRwSemaphore("mem_hotplug_lock")

    @contextmanager
    def held(self, cpu: Cpu) -> Iterator[None]:
        """All CPUs and all memory stay inside (get_online_cpus, get_online_mems)."""
        with self.cpus.read(cpu), self.mems.read(cpu):
            yield

    @contextmanager
    def memory_moves(self, cpu: Cpu) -> Iterator[None]:
        """Memory comes or goes inside (mem_hotplug_begin)."""
        with self.cpus.read(cpu), self.mems.written(cpu):
            yield
