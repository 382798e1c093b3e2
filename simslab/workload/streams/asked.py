"""How many operations steps and devices ask for, before there is a machine that says how many threads there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from simslab.workload.description import patterns
from simslab.workload.description.spec import Device


@dataclass(frozen=True)
class Asked:
    """Operations of one thread or device: `count`, which the workload's `scale` multiplies, done `times` times, and
    `beside` that no scale changes."""

    count: int
    times: int = 1
    beside: int = 0


_ASKED: Final[dict[type, Callable[[Any], Asked]]] = {
    patterns.AllocFree: lambda step: Asked(step.operations),
    patterns.AllocObjects: lambda step: Asked(step.count),
    patterns.Lifetimes: lambda step: Asked(step.objects),
    patterns.Produce: lambda step: Asked(step.count),
    patterns.Bulk: lambda step: Asked(step.repeat),
    patterns.WorkStep: lambda step: Asked(step.repeat),
    # The objects with which it begins and their frees are beside its rounds.
    patterns.Bleed: lambda step: Asked(step.replacements, step.rounds, 2 * step.live),
    Device: lambda device: Asked(device.interrupts, device.burst * (len(device.caches) + (device.kmalloc is not None))),
}


def asks(what: object) -> bool:
    """Whether a step asks for a number of operations: the others (free, consume, barrier, shrink) follow them."""
    return type(what) in _ASKED


def asked_of(what: object) -> Asked:
    """Return what a step or device for which `asks` holds asks for."""
    return _ASKED[type(what)](what)
