"""Whether a layout has CPUs in every package, each with a number of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simslab.base.errors import BadValue
from simslab.machine.description.cpulist import MAX_CPUS
from simslab.machine.topology.numbering import nr_cores, nr_cpus, seats

if TYPE_CHECKING:
    from simslab.machine.description.layout import LayoutSpec

Faults = list[BadValue]


def layout_faults(layout: LayoutSpec) -> Faults:
    """Return what is wrong with the numbers of cores and CPUs."""
    total = nr_cpus(layout)
    if not 0 < total <= MAX_CPUS:
        return [BadValue(f"{total} CPUs", expected=f"at most {MAX_CPUS}" if total else "at least one", at=("layout",))]
    if layout.cpu_numbers is None:
        return []
    at = ("layout", "cpu_numbers")
    if len(layout.cpu_numbers) != nr_cores(layout):
        message = f"{len(layout.cpu_numbers)} entries for {nr_cores(layout)} cores"
        return [BadValue(message, expected="one entry per core", at=at)]
    faults = [
        BadValue(f"{len(cpus)} CPU numbers for {layout.threads} threads", at=(*at, core))
        for core, cpus in enumerate(layout.cpu_numbers)
        if len(cpus) > layout.threads
    ]
    return faults or _numbers(layout.cpu_numbers, total) or _empty_packages(layout)


def _numbers(cores: Sequence[Sequence[int]], total: int) -> Faults:
    """Every number from 0 up exactly once; told at the core that is wrong."""
    faults: Faults = []
    seen: set[int] = set()
    for core, cpus in enumerate(cores):
        for cpu in cpus:
            at = ("layout", "cpu_numbers", core)
            if cpu in seen:
                faults.append(BadValue(f"CPU {cpu} is listed twice", at=at))
            elif cpu >= total:
                faults.append(BadValue(f"there is no CPU {cpu}", expected=f"CPUs 0 to {total - 1}", at=at))
            seen.add(cpu)
    return faults


def _empty_packages(layout: LayoutSpec) -> Faults:
    empty = set(range(layout.packages)) - {seat.package for seat in seats(layout)}
    at = ("layout", "cpu_numbers")
    return [BadValue(f"package {min(empty)} has no CPU", expected="CPUs in every package", at=at)] if empty else []
