"""What keeps CPUs and memory from coming and going meanwhile (kernel/cpu.c, mm/memory_hotplug.c)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from simslab.kernel.locking.percpu_rwsem import PercpuRwsem
from simslab.machine.core.cpu import Cpu


class HotplugLocks:
    """cpu_hotplug_lock and mem_hotplug_lock of one kernel. The order is CPUs, then memory, then slab_mutex."""

    def __init__(self) -> None:
        self.cpus = PercpuRwsem("cpu_hotplug_lock")
        self.mems = PercpuRwsem("mem_hotplug_lock")

    @contextmanager
    def held_off(self, cpu: Cpu) -> Iterator[None]:
        """Neither comes nor goes inside (get_online_cpus, get_online_mems; put in reverse)."""
        with reading(self.cpus, cpu), reading(self.mems, cpu):
            yield

    @contextmanager
    def cpu_hotplug(self, cpu: Cpu) -> Iterator[None]:
        """A CPU comes or goes inside, `cpu` seeing to it (cpus_write_lock)."""
        with writing(self.cpus, cpu):
            yield

    @contextmanager
    def mem_hotplug(self, cpu: Cpu) -> Iterator[None]:
        """Memory comes or goes inside, and no CPU (mem_hotplug_begin, mem_hotplug_done)."""
        with reading(self.cpus, cpu), writing(self.mems, cpu):
            yield


@contextmanager
def reading(lock: PercpuRwsem, cpu: Cpu) -> Iterator[None]:
    """Hold `lock` as one of its readers."""
    lock.read_lock(cpu)
    try:
        yield
    finally:
        lock.read_unlock(cpu)


@contextmanager
def writing(lock: PercpuRwsem, cpu: Cpu) -> Iterator[None]:
    """Hold `lock` alone."""
    lock.write_lock(cpu)
    try:
        yield
    finally:
        lock.write_unlock(cpu)
