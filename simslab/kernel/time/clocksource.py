"""The check of the time stamp counter: a timer that visits one CPU after the other (kernel/time/clocksource.c).

On x86 the kernel compares the TSC with another clock every half second, each time on the next online CPU. On an
otherwise idle machine this is what wakes CPUs up, and with them their deferrable timers: each CPU of n every n/2 s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from simslab.kernel.time.timer import Timer, Timers
from simslab.machine.core.cpu import Cpu

CHECK_INSNS: Final = 1500  # estimate: two reads of the HPET, which lie beyond the chipset


class ClocksourceWatchdog:
    """The watchdog timer; `online()` gives the CPUs to be visited, ascending."""

    def __init__(self, timers: Timers, hz: int, jiffies: Callable[[Cpu], int], online: Callable[[], list[int]]) -> None:
        self.timers = timers
        self.interval = hz >> 1  # jiffies (WATCHDOG_INTERVAL)
        self.jiffies = jiffies
        self.online = online
        self.timer = Timer(self.visit)
        self.cpu = -1  # where the timer is queued

    def start(self, expires: int, now: int, cpu: int | None = None) -> None:
        """Queue the timer for jiffy `expires` on `cpu`, by default the first (clocksource_start_watchdog)."""
        self.cpu = self.online()[0] if cpu is None else cpu
        self.timers.add_timer_on(self.timer, self.cpu, expires, now)

    def visit(self, cpu: Cpu) -> None:
        """Check this CPU's counter and go on to the next; a late visit does not delay it (clocksource_watchdog)."""
        cpu.insn_cold(CHECK_INSNS)
        online = self.online()
        self.cpu = next((i for i in online if i > cpu.id), online[0])
        self.timers.add_timer_on(self.timer, self.cpu, self.timer.expires + self.interval, self.jiffies(cpu))

    def leave(self, gone: int, cpu: int) -> None:
        """Note that the timer has moved to `cpu` if it waited on `gone`, a CPU that is gone (timers_dead_cpu)."""
        if self.cpu == gone:
            self.cpu = cpu
