"""Barriers at which threads meet, and the moment at which recording begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simslab.base.engine import Engine
from simslab.machine.core.cpu import Cpu


class Meeting:
    """All barriers of a program; each is used once. `at_region` is called when warm-up is over.

    `at_release` is called with a barrier's number when its last party has come, before anybody goes on.
    """

    def __init__(self, engine: Engine, parties: list[int]) -> None:
        self.engine = engine
        self.parties = parties
        self.waiting: list[list[Any]] = [[] for _ in parties]
        self.open = [0] * len(parties)
        self.region_start = 0
        self.at_region: Callable[[], object] | None = None
        self.at_release: Callable[[int], object] | None = None

    def arrive(self, barrier: int, cpu: Cpu) -> int:
        """Note that a settled CPU has come; 1 if it is the last one."""
        self.waiting[barrier].append(cpu)
        return 1 if len(self.waiting[barrier]) == self.parties[barrier] else 0

    def release(self, barrier: int, time: int) -> int:
        """Let all parties go on at `time`."""
        if self.at_release is not None:
            self.at_release(barrier)
        self.open[barrier] = 1
        for cpu in self.waiting[barrier]:
            self.engine.wake(cpu, time)
        return 0

    def begin_region(self, time: int) -> int:
        """Begin the region of interest; every other thread is waiting here."""
        self.region_start = time
        if self.at_region is not None:
            self.at_region()
        return 0
