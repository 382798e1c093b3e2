"""The NUMA nodes: whose CPUs, how much memory, and where it is attached."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from simslab.base.units import Duration, Size
from simslab.machine.description.cpulist import CpuList
from simslab.machine.description.memory import DramSpec
from simslab.machine.description.model import NodeNumber, Point, SpecModel
from simslab.machine.description.parameter import LATENCY, Source, parameter


class RootPortSpec(SpecModel):
    """Where a memory-only node is attached."""

    package: NodeNumber | None = Field(
        default=None, description="package whose root port leads to the memory, equally near to the package's nodes"
    )
    node: NodeNumber | None = Field(default=None, description="instead of `package`: node at which the port is")
    latency: Duration = parameter(
        "added to each access by the port, the cable and the device's controller", fit=LATENCY
    )


class NodeSpec(SpecModel):
    """A NUMA node, or with `each` one per package or die; nodes are numbered in order."""

    name: str = Field(default="", max_length=200, description="for people, and for overrides: nodes.NAME.memory=2 GiB")
    id: NodeNumber | None = Field(
        default=None,
        le=1023,
        description="number that people and this file use for the (first) node, where numbers have gaps; later nodes "
        "count on from it",
    )
    each: Literal["package", "die", "ccx"] | None = Field(
        default=None, description="make one such node for every package, die or CCX"
    )
    package: NodeNumber | None = Field(default=None, description="package whose CPUs are the node's")
    die: NodeNumber | None = Field(default=None, description="die of that package whose CPUs are the node's")
    cpus: CpuList | None = Field(
        default=None,
        description="the node's CPUs, listed; empty for memory that has links of its own: only `routes` lead over it",
    )
    position: Point | None = Field(default=None, description="[x, y] on the package, in mesh hops; needs `mesh`")
    positions: list[Point] | None = Field(
        default=None, min_length=1, max_length=64, description="with `each`: a position for each, repeated as needed"
    )
    memory: Size = parameter("bytes of memory, 0 for a node without", source=Source.STATED)
    dram: DramSpec | None = Field(
        default=None, description="the node's memory, where it differs from the machine's `dram`"
    )
    root_port: RootPortSpec | None = Field(default=None, description="makes this a memory-only node behind that port")
    memory_side_cache: Size = parameter(
        "bytes of cache in front of the node's memory; kept and shown, not modelled", 0, source=Source.STATED
    )
