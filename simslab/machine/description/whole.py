"""The machine file as a whole: what a user may write to describe a machine, its parts with units and ranges.

Parameters are physical (a hop, a directory look-up, a DRAM access), never end-to-end latencies by pair; the sums come
out of the path that a miss takes (`simslab.machine.timing.cycles`). What spans several fields is checked in
`simslab.machine.validation`, by `simslab.machine.spec.MachineSpec`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from simslab.machine.description.caches import CacheSpec, L3Spec
from simslab.machine.description.coherence import CoherenceSpec
from simslab.machine.description.core import CoreSpec
from simslab.machine.description.interconnect import SHAPE, IdleLatencySpec, LinkSpec, MeshSpec, RouteSpec
from simslab.machine.description.kernel_costs import KernelCostsSpec
from simslab.machine.description.layout import LayoutSpec
from simslab.machine.description.memory import DramSpec
from simslab.machine.description.model import Count, SpecModel, or_shortly
from simslab.machine.description.nodes import NodeSpec
from simslab.machine.description.tlb import TlbSpec


class MachineDescription(SpecModel):
    """A machine file whose parts are each sound; whether they fit together is not checked yet."""

    extends: str | None = Field(
        default=None,
        max_length=4096,
        description="a shipped machine or a file: what this file does not say stands there. Mappings are merged key "
        "by key, lists are replaced; name, description and measured_as are not taken over",
    )
    name: str = Field(default="", max_length=200, description="what reports call the machine")
    description: str = Field(default="", max_length=4000, description="what it models, for people")
    measured_as: list[str] = Field(
        default=[], max_length=16, description="names under which tables of measurements list this machine"
    )
    layout: LayoutSpec = Field(default=LayoutSpec(), description="packages, dies, cores, threads and their numbers")
    core: CoreSpec
    l1d: CacheSpec = Field(description="level 1 data cache of each core")
    l2: CacheSpec = Field(description="level 2 cache of each core")
    l3: L3Spec
    tlb: TlbSpec | None = Field(default=None, description="data TLBs of each core; absent: translation costs nothing")
    coherence: CoherenceSpec
    dram: DramSpec = Field(description="memory of every node that does not give its own")
    nodes: list[NodeSpec] = Field(
        min_length=1,
        max_length=64,
        description="the NUMA nodes, in order of number; over another machine's (`extends`, `--set`) a number: so many "
        "like its first, in packages of their own",
        json_schema_extra=or_shortly({"type": "integer", "minimum": 1, "maximum": 64}),
    )
    mesh: MeshSpec | None = Field(default=None, description="way between nodes that have a position in their package")
    links: list[LinkSpec] = Field(
        default=[],
        max_length=4096,
        description="the interconnect; over another machine's a shape: like its first link, between `all`, in a "
        "`ring`, `mesh 4x2`, `torus 4x2` or `hypercube`",
        json_schema_extra=or_shortly({"type": "string", "pattern": SHAPE}),
    )
    routes: list[RouteSpec] = Field(default=[], max_length=4096, description="routes that are not the shortest")
    distances: list[list[Annotated[Count, Field(ge=10, le=255)]]] | None = Field(
        default=None, max_length=64, description="SLIT: row per node, 10 is local; derived from the links where absent"
    )
    idle_latency: IdleLatencySpec | None = Field(
        default=None, description="measured latencies by pair of nodes; links then give routes and bandwidth only"
    )
    kernel: KernelCostsSpec
