"""What lies between the nodes: the mesh of a package, links, routes, or latencies as they were measured."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field

from simslab.base.errors import BadValue
from simslab.base.units import Bandwidth, Duration
from simslab.machine.description.model import NodeNumber, Point, SpecModel
from simslab.machine.description.parameter import BANDWIDTH, LATENCY, Counted, Source, parameter

_SIZES: Final = "[1-9][0-9]?(x[1-9][0-9]?){0,3}"
SHAPE: Final = f"^(all|ring|hypercube|(mesh|torus)( {_SIZES})?)$"
SHAPES_TOLD: Final = "'all', 'ring', 'mesh 4x2', 'torus 4x2' or 'hypercube'"


def is_shape(value: object) -> bool:
    """Whether a value names a set of links: `all`, `ring`, `mesh 4x2`, `torus 2x2x2`, `hypercube`."""
    return isinstance(value, str) and re.fullmatch(SHAPE, value) is not None


def _link_ends(value: object) -> object:
    """Tell in one message what a link's ends may be, where a union would tell one per member."""
    two = isinstance(value, list) and len(value) == 2 and all(isinstance(end, int) or end for end in value)
    if is_shape(value) or two:
        return value
    raise BadValue(f"{value!r:.60} cannot stand here", expected=f"two nodes or groups of nodes, {SHAPES_TOLD}")


LinkEnd = NodeNumber | Annotated[list[NodeNumber], Field(min_length=1, max_length=64)]
LinkEnds = Annotated[
    Annotated[str, Field(pattern=SHAPE)] | Annotated[list[LinkEnd], Field(min_length=2, max_length=2)],
    BeforeValidator(_link_ends),
]


class MeshSpec(SpecModel):
    """The mesh (or ring) of a package that holds several nodes: hops between their positions add up."""

    hop: Duration = parameter("one step in x or y, one way", fit=LATENCY)
    bandwidth: Bandwidth = parameter("between two nodes of a package, in each direction", fit=BANDWIDTH)
    port: Point | None = Field(
        default=None,
        description="position at which links between packages leave; absent: they are equally near to all nodes",
    )


class LinkSpec(SpecModel):
    """A link between two nodes or two groups of nodes, both ways; or a set of equal links."""

    name: str = Field(default="", max_length=200, description="for people, and for overrides: links.NAME.latency=60 ns")
    between: LinkEnds = Field(
        description="two ends, each a node or a group of nodes that are equally near to it; or a shape of all nodes "
        "but those behind root ports: 'all': every pair; 'ring': each to the next; 'mesh 4x2', 'torus 4x2', "
        "'torus 2x2x2': rows of that many (as square as possible without sizes); 'hypercube'"
    )
    latency: Duration = parameter("one way", fit=LATENCY)
    bandwidth: Bandwidth = parameter("in each direction", fit=BANDWIDTH)
    back_latency: Duration | None = parameter(
        "from the second end to the first, where different", None, fit=LATENCY, counted=Counted(like="latency")
    )
    back_bandwidth: Bandwidth | None = parameter(
        "from the second end to the first, where different", None, fit=BANDWIDTH, counted=Counted(like="bandwidth")
    )


class RouteSpec(SpecModel):
    """A route used instead of the shortest."""

    between: Annotated[list[NodeNumber], Field(min_length=2, max_length=2)] = Field(description="the two end nodes")
    via: list[NodeNumber] = Field(description="nodes in between, in order")
    one_way: bool = parameter("from the first node to the second only", False, source=Source.CHOSEN)


class IdleLatencySpec(SpecModel):
    """Measured idle latencies instead of the sums along paths, for who has nothing but such a table."""

    impl: Literal["matrix"] = Field(description="matrix: end-to-end latencies by pair of nodes")
    dram: list[list[Duration | None]] = Field(
        max_length=64,
        description="a row per node of the reader, a column per node of the memory; null where there is no reader or "
        "no memory",
    )
