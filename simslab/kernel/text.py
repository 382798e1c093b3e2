"""Simulated code: addresses that calls return to, one symbol of 64 bytes a task (kernel/kallsyms.c)."""

from __future__ import annotations

from typing import Final

from simslab.kernel.printk import KernelLog
from simslab.machine.core.cpu import Cpu

TEXT_START: Final = 0xFFFFFFFF81000000
TEXT_BYTES: Final = 0x40  # of each task's symbol
ALLOC_RETURN: Final = 0x10  # where in a task's code its allocations return to
FREE_RETURN: Final = 0x20


class TaskText:
    """The code of the tasks that `log` knows by name; symbols in order of first use."""

    def __init__(self, log: KernelLog) -> None:
        self.log = log
        self.symbols: list[str] = []

    def caller(self, cpu: Cpu, offset: int) -> int:
        """The simulated return address in the task on `cpu`, `offset` bytes into its symbol."""
        comm = self.log.comm[cpu.id]
        if comm not in self.symbols:
            self.symbols.append(comm)
        return TEXT_START + TEXT_BYTES * self.symbols.index(comm) + offset

    def symbol(self, address: int) -> str:
        """An address as %pS prints it."""
        number, offset = divmod(address - TEXT_START, TEXT_BYTES)
        if 0 <= number < len(self.symbols):
            return f"{self.symbols[number]}+{offset:#x}/{TEXT_BYTES:#x}"
        return hex(address)
