"""The memory of a node: channels, banks and rows, or a measured curve instead."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from simslab.base.units import Bandwidth, Duration
from simslab.machine.description.model import NO_TIME, Count, SpecModel
from simslab.machine.description.parameter import BANDWIDTH, LATENCY, Counted, parameter


class CurveSpec(SpecModel):
    """A measured bandwidth-latency curve instead of channels, bank conflicts and row misses."""

    impl: Literal["curve"] = Field(description="curve: latencies by bandwidth, as a loaded-latency sweep tells them")
    points: list[tuple[Bandwidth, Duration]] = Field(
        min_length=2,
        max_length=256,
        description="[bandwidth of the node, load-to-use latency of its own cores], rising; what is above the first "
        "latency is queueing, the last bandwidth is the most that the node gives",
    )


class DramSpec(SpecModel):
    """The memory of a node."""

    latency: Duration = parameter("memory controller and DRAM access, without L3, hops and directory", fit=LATENCY)
    channels: Count = parameter("memory channels of the node", 1, (1, 64))
    bandwidth: Bandwidth = parameter(
        "sustained read bandwidth of one channel", fit=BANDWIDTH, counted=Counted(times="channels")
    )
    write_bandwidth: Bandwidth | None = parameter(
        "the same for writes among reads, turnaround included; default as for reads",
        None,
        fit=BANDWIDTH,
        counted=Counted(like="bandwidth", times="channels"),
    )
    stream_write_bandwidth: Bandwidth | None = parameter(
        "the same for non-temporal writes, which send whole lines unread; default as writes",
        None,
        fit=BANDWIDTH,
        counted=Counted(like="write_bandwidth", times="channels"),
    )
    conflict: Duration = parameter(
        "mean delay by busy banks when all channels are busy; a third of it at half their use", NO_TIME, fit=LATENCY
    )
    row_miss: Duration = parameter(
        "added to an access that does not find its DRAM row open; 0 puts the mean into `latency`", NO_TIME, fit=LATENCY
    )
    queue: CurveSpec | None = Field(
        default=None,
        description="replaces channels, `conflict` and `row_miss`; bandwidths then only tell what a write costs",
    )
