"""How many packages, dies, cores and threads a machine has, and how its CPUs are numbered."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from simslab.machine.description.cpulist import CpuList
from simslab.machine.description.model import Count, SpecModel
from simslab.machine.description.parameter import Source, parameter


class LayoutSpec(SpecModel):
    """How many of everything; dies and CCXs matter where an L3 or a node is that small."""

    packages: Count = parameter("packages (sockets) in the machine", 1, (1, 64), source=Source.PUBLISHED)
    dies: Count = parameter("dies (CCDs, tiles) in each package", 1, (1, 64), source=Source.PUBLISHED)
    ccxs: Count = parameter("core complexes in each die", 1, (1, 16), source=Source.PUBLISHED)
    cores: Count = parameter("cores in each core complex", 1, (1, 1024), source=Source.PUBLISHED)
    threads: Count = parameter("hardware threads (CPUs) of each core", 1, (1, 8))
    numbering: Literal["threads-last", "threads-adjacent"] = parameter(
        "threads-last: first threads of all cores, package by package, then the second threads, as x86 firmware does; "
        "threads-adjacent: the threads of a core have consecutive numbers",
        "threads-last",
        source=Source.CHOSEN,
    )
    cpu_numbers: list[CpuList] | None = Field(
        default=None,
        description="CPU numbers of each core's threads, one entry per core; replaces `numbering`. Fewer numbers: "
        "fewer threads; an empty entry: no core in that place, for machines whose packages are not alike",
    )
