"""The kernel's message buffer: what `dmesg` would show of a run (kernel/printk/printk.c, kernel/panic.c: taint)."""

from __future__ import annotations

import logging
from typing import Final

from simslab.machine.core.cpu import Cpu

CAPACITY: Final = 2000  # lines kept
RELEASE: Final = "5.10.135-simslab #1"
TAINT_BAD_PAGE: Final = 5  # bit of the taint mask; its letter is B
TAINT_LETTERS: Final = "G    B            "  # one column a flag: G for no proprietary module, B for a bad page
MICROSECONDS: Final = 10**6
RATELIMIT_SECONDS: Final = 5  # include/linux/ratelimit_types.h: DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST
RATELIMIT_BURST: Final = 10

logger = logging.getLogger("simslab.kernel")


class KernelLog:
    """Messages of one kernel, oldest first, each with its time since boot in seconds; also told to Python's logging.

    Not modelled: overwriting the oldest messages; the first `CAPACITY` lines are kept and the others counted, since the
    first report of a corruption says most. Nor the time that printing takes.
    """

    def __init__(self, frequency_hz: int, nr_cpus: int) -> None:
        self.frequency_hz = frequency_hz
        self.lines: list[str] = []
        self.dropped = 0
        self.taint = 0
        self.comm = [f"swapper/{cpu}" for cpu in range(nr_cpus)]  # name of the task on each CPU (current->comm)

    def pr_err(self, cpu: Cpu, text: str) -> None:
        """Log an error, a line (or several joined by newlines)."""
        self.emit(cpu, logging.ERROR, text)

    def pr_warn(self, cpu: Cpu, text: str) -> None:
        """Log a warning."""
        self.emit(cpu, logging.WARNING, text)

    def emit(self, cpu: Cpu, level: int, text: str) -> None:
        """Tell Python's logging, and keep the text."""
        logger.log(level, "%s", text)
        self.keep(cpu, text)

    def keep(self, cpu: Cpu, text: str) -> None:
        """Keep each line of `text` with this CPU's time."""
        seconds, micros = divmod(cpu.now * MICROSECONDS // self.frequency_hz, MICROSECONDS)
        for line in text.split("\n"):
            if len(self.lines) < CAPACITY:
                self.lines.append(f"[{seconds:5d}.{micros:06d}] {line}")
            else:
                self.dropped += 1

    def dump_stack(self, cpu: Cpu) -> None:
        """Say who was running (lib/dump_stack.c). Not modelled: the call trace."""
        self.keep(cpu, f"CPU: {cpu.id} PID: {cpu.id + 1} Comm: {self.comm[cpu.id][:20]} {self.tainted()} {RELEASE}")

    def warn_on(self, cpu: Cpu, place: str) -> None:
        """Tell of what should not be, at `place` (WARN_ON). Not modelled: registers, call trace, the taint W."""
        self.pr_warn(cpu, f"WARNING: CPU: {cpu.id} PID: {cpu.id + 1} at {place}")

    def add_taint(self, flag: int) -> None:
        """Mark the kernel as one to be believed less from now on (kernel/panic.c: add_taint)."""
        self.taint |= 1 << flag

    def tainted(self) -> str:
        """The kernel's trust in itself, in words (kernel/panic.c: print_tainted)."""
        return f"Tainted: {TAINT_LETTERS}" if self.taint else "Not tainted"


class RateLimit:
    """Lets a message of `function` through `burst` times in `seconds` seconds (lib/ratelimit.c: ___ratelimit)."""

    def __init__(
        self, log: KernelLog, function: str, seconds: int = RATELIMIT_SECONDS, burst: int = RATELIMIT_BURST
    ) -> None:
        self.log = log
        self.function = function
        self.interval = seconds * log.frequency_hz
        self.burst = burst
        self.begin = -1
        self.printed = 0
        self.missed = 0

    def allows(self, cpu: Cpu) -> bool:
        """Whether the message may be printed now; tells first how many were not."""
        if self.begin < 0:
            self.begin = cpu.now
        if cpu.now > self.begin + self.interval:
            if self.missed:
                self.log.pr_warn(cpu, f"{self.function}: {self.missed} callbacks suppressed")
            self.begin, self.printed, self.missed = cpu.now, 0, 0
        if self.printed < self.burst:
            self.printed += 1
            return True
        self.missed += 1
        return False
