"""Which CPU number each hardware thread has, and where in the layout it sits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simslab.machine.spec import LayoutSpec


@dataclass(frozen=True, slots=True)
class Seat:
    """A hardware thread's place: all numbers count through the whole machine except `thread`."""

    cpu: int
    core: int
    thread: int
    package: int
    die: int
    ccx: int


def nr_cores(layout: LayoutSpec) -> int:
    """Return how many cores the machine has."""
    return layout.packages * layout.dies * layout.ccxs * layout.cores


def nr_cpus(layout: LayoutSpec) -> int:
    """Return how many CPUs (hardware threads) the machine has."""
    return nr_cores(layout) * layout.threads


def seats(layout: LayoutSpec) -> list[Seat]:
    """Return every hardware thread in the order of its CPU number."""
    return sorted(_seats(layout), key=lambda seat: seat.cpu)


def _seats(layout: LayoutSpec) -> Iterator[Seat]:
    for core in range(nr_cores(layout)):
        ccx = core // layout.cores
        die = ccx // layout.ccxs
        for thread in range(layout.threads):
            yield Seat(_number(layout, core, thread), core, thread, die // layout.dies, die, ccx)


def _number(layout: LayoutSpec, core: int, thread: int) -> int:
    if layout.cpu_numbers is not None:
        return layout.cpu_numbers[core][thread]
    if layout.numbering == "threads-adjacent":
        return core * layout.threads + thread
    return thread * nr_cores(layout) + core
