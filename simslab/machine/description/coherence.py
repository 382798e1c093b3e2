"""Who answers a miss: the protocol, the home agents and what they know."""

from __future__ import annotations

from typing import Literal

from simslab.base.units import Duration
from simslab.machine.description.model import NO_TIME, SpecModel
from simslab.machine.description.parameter import LATENCY, Counted, Source, parameter


class CoherenceSpec(SpecModel):
    """Who answers a miss, and how long the parts of it take."""

    protocol: Literal["MESIF", "MOESI"] = parameter(
        "MESIF (Intel) or MOESI (AMD: owned dirty lines)", "MESIF", source=Source.CHOSEN
    )
    home: Literal["directory", "snoop", "source-snoop"] = parameter(
        "directory: the home agent knows the holders; snoop: it asks everybody; source-snoop: the requester asks "
        "everybody at the same time as the home, and an owner answers it directly",
        "directory",
        source=Source.CHOSEN,
    )
    filter: Literal["l3", "package"] = parameter(
        "whom a home agent's snoop filter sees: the cores below its own L3, or those of its whole package (sub-NUMA "
        "clusters)",
        "l3",
        source=Source.CHOSEN,
        counted=Counted("one_filter"),
    )
    memory_bits: bool = parameter(
        "true: a home agent learns of holders beyond its filter only from bits kept with the line in memory, so that "
        "it reads memory before it asks them; false: it knows them at the look-up",
        False,
    )
    memory_ahead: Duration = parameter(
        "how long before L3 and home agent have answered a memory that shares the home's filter is read already (XPT "
        "prefetch)",
        NO_TIME,
    )
    directory: Duration = parameter("look-up at the line's home agent", fit=LATENCY)
    snoop: Duration = parameter("probe of an L3 and the core that holds the line, at the owner", fit=LATENCY)
