"""How a task sleeps until somebody gives it what it waits for: the part that all sleeping locks share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from simslab.kernel.bug import KernelBugError
from simslab.machine.accounting import causes
from simslab.machine.core.cpu import Cpu

SCHEDULE_INSNS: Final = 1500  # estimate: two context switches for a contended acquisition


def sleep_until(cpu: Cpu, name: str, given: Callable[[], bool]) -> None:
    """Let other CPUs run until `given` holds; interrupts for this one are served meanwhile. Process context.

    KernelBugError where no engine runs the CPU that would give it.
    """
    if cpu.engine is None:
        raise KernelBugError(f"CPU {cpu.id} waits for {name} without an engine to run its owner")
    cpu.insn(SCHEDULE_INSNS)
    while not given():  # an interrupt for this CPU wakes it too
        if cpu.next_irq <= cpu.now:
            cpu.deliver_interrupts()
            continue
        asleep_since = cpu.now
        cpu.engine.park(cpu)
        until, cpu.now = cpu.now, asleep_since
        cpu.idle_until(until, causes.LOCK_WAIT)


def awake(cpu: Cpu, given_at: int) -> None:
    """Go on after `sleep_until`, not before the time at which it was given."""
    cpu.idle_until(given_at, causes.LOCK_WAIT)
    cpu.settle()


def wake(sleeper: Cpu, time: int) -> None:
    """Let a CPU that sleeps look again at `time`."""
    assert sleeper.engine is not None  # it parked there
    sleeper.engine.wake(sleeper, time)
