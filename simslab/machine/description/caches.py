"""The caches: their shape, their latencies, and what they can deliver."""

from __future__ import annotations

from typing import Literal

from simslab.base.units import Bandwidth, Duration, Size
from simslab.machine.description.model import Count, SpecModel
from simslab.machine.description.parameter import BANDWIDTH, LATENCY, Counted, Source, parameter


class CacheSpec(SpecModel):
    """A private cache of each core."""

    size: Size = parameter("bytes of each instance", source=Source.PUBLISHED)
    ways: Count = parameter("associativity", within=(1, 256), source=Source.PUBLISHED)
    latency: Duration = parameter("load-to-use latency of a hit", fit=LATENCY)
    bandwidth: Bandwidth | None = parameter(
        "what one instance delivers, to all its cores together; unlimited where absent", None
    )


class L3Spec(CacheSpec):
    """The shared last-level cache."""

    scope: Literal["package", "die", "ccx", "node"] = parameter(
        "whose cores share one L3", "package", source=Source.CHOSEN
    )
    inclusion: Literal["inclusive", "exclusive", "non-inclusive"] = parameter(
        "whether lines in L1/L2 are also in L3; exclusive: L3 is a victim cache", "inclusive"
    )
    other_core: Duration = parameter(
        "added to an L3 hit when another core below the same L3 holds the line modified", fit=LATENCY
    )
    other_core_exclusive: Duration | None = parameter(
        "the same for a line held exclusive and clean; default as modified",
        None,
        fit=LATENCY,
        counted=Counted(like="other_core"),
    )
    other_core_shared: Duration | None = parameter(
        "the same for a shared line that the L3 does not hold; default as exclusive",
        None,
        fit=LATENCY,
        counted=Counted(like="other_core_exclusive"),
    )
    other_core_upgrade: Duration | None = parameter(
        "added to an L3 look-up when a core that holds the line shared takes it from the others; default as modified",
        None,
        fit=LATENCY,
        counted=Counted(like="other_core"),
    )
    other_core_queued: Duration | None = parameter(
        "from one core's locked operation or store on a line to its arrival at another core below the same L3 whose "
        "request has been waiting for it; default as modified",
        None,
        fit=LATENCY,
        counted=Counted(like="other_core"),
    )
    core_bandwidth: Bandwidth | None = parameter(
        "what one core can take from its L3 and beyond; unlimited where absent", None
    )
    port_read: Bandwidth | None = parameter(
        "what one L3 can receive from the fabric; unlimited where absent", None, fit=BANDWIDTH
    )
    port_write: Bandwidth | None = parameter(
        "what one L3 can send to the fabric; unlimited where absent", None, fit=BANDWIDTH
    )
