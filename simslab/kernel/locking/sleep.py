"""Sleeping until another thread lets one go on: what the locks of process context have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from simslab.kernel.bug import KernelBugError
from simslab.machine.accounting import causes
from simslab.machine.core.cpu import Cpu

SCHEDULE_INSNS: Final = 1500  # estimate: two context switches for a contended acquisition


def sleep_until(cpu: Cpu, name: str, granted: Callable[[], bool]) -> None:
    """Park `cpu` until `granted()`; interrupts are delivered meanwhile, and end no wait.

    Whoever grants calls `wake_sleeper`. KernelBugError without an engine that could run the holder of lock `name`.
    Not modelled: other tasks using the CPU meanwhile.
    """
    engine = cpu.engine
    if engine is None:
        raise KernelBugError(f"CPU {cpu.id} waits for {name} without an engine to run its owner")
    cpu.insn(SCHEDULE_INSNS)
    while not granted():  # an interrupt for this CPU wakes it too
        if cpu.next_irq <= cpu.now:
            cpu.deliver_interrupts()
            continue
        asleep_since = cpu.now
        engine.park(cpu)
        until, cpu.now = cpu.now, asleep_since
        cpu.idle_until(until, causes.LOCK_WAIT)


def wake_sleeper(sleeper: Cpu, time: int) -> None:
    """Let a CPU that sleeps look again at `time`, in cycles."""
    assert sleeper.engine is not None  # it parked there
    sleeper.engine.wake(sleeper, time)


def runs_with_others(cpu: Cpu) -> bool:
    """Whether the CPUs share one time by now; at boot and in replays each has a clock that nobody compares."""
    return cpu.engine is not None and bool(cpu.engine.running)
