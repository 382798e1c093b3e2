"""Which CPU number each hardware thread has, and where in the layout it sits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simslab.machine.description.layout import LayoutSpec


@dataclass(frozen=True, slots=True)
class Seat:
    """A hardware thread's place: all numbers count through the whole machine except `thread`.

    Cores are numbered without gaps; packages, dies and CCXs as the layout counts them.
    """

    cpu: int
    core: int
    thread: int
    package: int
    die: int
    ccx: int


def nr_cores(layout: LayoutSpec) -> int:
    """Return how many places for cores the machine has."""
    return layout.packages * layout.dies * layout.ccxs * layout.cores


def nr_cpus(layout: LayoutSpec) -> int:
    """Return how many CPUs (hardware threads) the machine has."""
    if layout.cpu_numbers is not None:
        return sum(map(len, layout.cpu_numbers))
    return nr_cores(layout) * layout.threads


def seats(layout: LayoutSpec) -> list[Seat]:
    """Return every hardware thread in the order of its CPU number."""
    return sorted(_seats(layout), key=lambda seat: seat.cpu)


def _seats(layout: LayoutSpec) -> Iterator[Seat]:
    core = 0
    for place in range(nr_cores(layout)):
        ccx = place // layout.cores
        die = ccx // layout.ccxs
        cpus = _numbers(layout, place)
        for thread, cpu in enumerate(cpus):
            yield Seat(cpu, core, thread, die // layout.dies, die, ccx)
        core += bool(cpus)


def _numbers(layout: LayoutSpec, core: int) -> Sequence[int]:
    if layout.cpu_numbers is not None:
        return layout.cpu_numbers[core]
    if layout.numbering == "threads-adjacent":
        return range(core * layout.threads, (core + 1) * layout.threads)
    return range(core, nr_cpus(layout), nr_cores(layout))
